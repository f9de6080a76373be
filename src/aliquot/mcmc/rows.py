"""The draws of one chain as they come: all of them, or those that are not yet kept elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np

from aliquot.mcmc.machine import STATS

# Draws that there is room for at first, where not all are kept here.
FEW = 1024
_POSITIONS, _COLUMNS, _INDEPENDENT = "positions", "columns", "independent"


class ChainRows:
    """Draws `first` to `end` of a chain, d = `size` coordinates each, warm-up included.

    Draws that are kept elsewhere can be dropped, so that memory does not grow with their number.

    >>> rows = ChainRows(2, room=4)
    >>> rows.put(0, np.ones((3, 2)), np.zeros((3, len(STATS))))
    >>> rows.drop(2)
    >>> rows.first, rows.end, rows.positions(2, 3).tolist()
    (2, 3, [[1.0, 1.0]])
    """

    def __init__(self, size: int, room: int) -> None:
        self.first = 0
        self.end = 0
        self._arrays = {
            _POSITIONS: np.zeros((room, size)),
            _COLUMNS: np.zeros((room, len(STATS))),
            _INDEPENDENT: np.zeros(room, bool),
        }
        self._further: list[str] = []

    def add(self, name: str, like: np.ndarray) -> None:
        """Keep something else of each draw from now on, of the shape and dtype of an array."""
        room = len(self._arrays[_POSITIONS])
        self._arrays[name] = np.zeros((room, *like.shape), like.dtype)
        self._further.append(name)

    @property
    def width(self) -> int:
        """How many numbers are kept of a draw."""
        return sum(prod(array.shape[1:]) for array in self._arrays.values())

    def put(
        self,
        begin: int,
        positions: np.ndarray,
        columns: np.ndarray,
        independent: bool = False,
        further: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        """Add draws (n, d) and their statistics (n, len(STATS)), which follow those before.

        `further` is what else was said to be kept of them, each (n, ...).
        """
        end = begin + len(positions)
        self._make_room(end)
        at = slice(begin - self.first, end - self.first)
        self._arrays[_POSITIONS][at], self._arrays[_COLUMNS][at] = positions, columns
        self._arrays[_INDEPENDENT][at] = independent
        for name, values in (further or {}).items():
            self._arrays[name][at] = values
        self.end = end

    def begin_at(self, first: int) -> None:
        """Let the next draw to come be one further on; those before are kept elsewhere."""
        self.first = self.end = first

    def positions(self, begin: int, end: int) -> np.ndarray:
        """Give draws (n, d), as they are kept here: not a copy."""
        return self._take(_POSITIONS, begin, end)

    def columns(self, begin: int, end: int) -> np.ndarray:
        """Give the statistics (n, len(STATS)) of draws: not a copy."""
        return self._take(_COLUMNS, begin, end)

    def independent(self, begin: int, end: int) -> np.ndarray:
        """Say which draws are by independence steps, (n,): not a copy."""
        return self._take(_INDEPENDENT, begin, end)

    def further(self, begin: int, end: int) -> dict[str, np.ndarray]:
        """Give what else is kept of draws, each (n, ...): not copies."""
        return {name: self._take(name, begin, end) for name in self._further}

    def drop(self, before: int) -> None:
        """Let go of draws before one."""
        gone = before - self.first
        if gone <= 0:
            return
        left = self.end - before
        room = max(FEW, 2 * left)
        for name, old in self._arrays.items():
            fresh = np.zeros((room, *old.shape[1:]), old.dtype)
            fresh[:left] = old[gone : gone + left]
            self._arrays[name] = fresh
        self.first = before

    def _take(self, name: str, begin: int, end: int) -> np.ndarray:
        return self._arrays[name][begin - self.first : end - self.first]

    def _make_room(self, end: int) -> None:
        needed = end - self.first
        room = len(self._arrays[_POSITIONS])
        if needed <= room:
            return
        for name, old in self._arrays.items():
            fresh = np.zeros((max(needed, 2 * room), *old.shape[1:]), old.dtype)
            fresh[:room] = old
            self._arrays[name] = fresh
