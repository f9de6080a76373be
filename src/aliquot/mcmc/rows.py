"""The draws of one chain as they come: all of them, or those that are not yet kept elsewhere."""

from __future__ import annotations

import numpy as np

from aliquot.mcmc.machine import STATS

# ChainRows that there is room for at first, where not all are kept here.
FEW = 1024


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
        self._positions = np.zeros((room, size))
        self._columns = np.zeros((room, len(STATS)))
        self._independent = np.zeros(room, bool)

    def put(
        self, begin: int, positions: np.ndarray, columns: np.ndarray, independent: bool = False
    ) -> None:
        """Add draws (n, d) and their statistics (n, len(STATS)), which follow those before."""
        end = begin + len(positions)
        self._make_room(end)
        at = slice(begin - self.first, end - self.first)
        self._positions[at], self._columns[at] = positions, columns
        self._independent[at] = independent
        self.end = end

    def begin_at(self, first: int) -> None:
        """Let the next draw to come be one further on; those before are kept elsewhere."""
        self.first = self.end = first

    def positions(self, begin: int, end: int) -> np.ndarray:
        """Give draws (n, d), as they are kept here: not a copy."""
        return self._positions[begin - self.first : end - self.first]

    def columns(self, begin: int, end: int) -> np.ndarray:
        """Give the statistics (n, len(STATS)) of draws: not a copy."""
        return self._columns[begin - self.first : end - self.first]

    def independent(self, begin: int, end: int) -> np.ndarray:
        """Say which draws are by independence steps, (n,): not a copy."""
        return self._independent[begin - self.first : end - self.first]

    def drop(self, before: int) -> None:
        """Let go of draws before one."""
        gone = before - self.first
        if gone <= 0:
            return
        left = self.end - before
        room = max(FEW, 2 * left)
        for name in ("_positions", "_columns", "_independent"):
            old = getattr(self, name)
            fresh = np.zeros((room, *old.shape[1:]), old.dtype)
            fresh[:left] = old[gone : gone + left]
            setattr(self, name, fresh)
        self.first = before

    def _make_room(self, end: int) -> None:
        needed = end - self.first
        room = len(self._positions)
        if needed <= room:
            return
        for name in ("_positions", "_columns", "_independent"):
            old = getattr(self, name)
            fresh = np.zeros((max(needed, 2 * room), *old.shape[1:]), old.dtype)
            fresh[:room] = old
            setattr(self, name, fresh)
