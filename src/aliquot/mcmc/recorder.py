"""What keeps the draws of chains elsewhere than in memory, while they run."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from aliquot.mcmc.rows import ChainRows
from aliquot.precision import float64

# Numbers that wait to be recorded, at most.
MOST_WAITING = 8_000_000


class NewDraws(NamedTuple):
    """What one chain has drawn since it was last recorded, and how it can go on from there."""

    chain: int
    tune: int  # draws of the warm-up; fewer than were asked for once it has ended early
    begin: int  # the first of these draws; those of the warm-up count
    positions: np.ndarray  # (n, d)
    columns: np.ndarray  # (n, len(STATS))
    independent: np.ndarray  # (n,)
    further: Mapping[str, np.ndarray]  # each (n, ...), of draws after the warm-up
    snapshot: dict[str, np.ndarray]

    @property
    def end(self) -> int:
        """How many draws the chain has done."""
        return self.begin + len(self.positions)

    @staticmethod
    def of(
        chain: int,
        tune: int,
        rows: ChainRows,
        begin: int,
        end: int,
        snapshot: dict[str, np.ndarray],
    ) -> NewDraws:
        """Copy draws that are still in memory."""
        return NewDraws(
            chain,
            tune,
            begin,
            rows.positions(begin, end).copy(),
            rows.columns(begin, end).copy(),
            rows.independent(begin, end).copy(),
            {name: values.copy() for name, values in rows.further(begin, end).items()},
            snapshot,
        )


class KeptChain(NamedTuple):
    """What was recorded of one chain."""

    snapshot: Mapping[str, np.ndarray]
    warmup: np.ndarray  # (n, d): draws of the warm-up, as far as it had come
    log_densities: np.ndarray  # (n,): of these


class Recorder(Protocol):
    """Where draws are recorded. All calls come from the thread that called `sample`."""

    def kept(self) -> Sequence[KeptChain] | None:
        """Give what was recorded of each chain by a run that ended; None where none was."""

    def due(self, waiting: int) -> bool:
        """Say whether to record now, with so many numbers waiting in memory."""

    def record(self, parts: Sequence[NewDraws]) -> None:
        """Record what all chains have drawn; as a whole, or not at all."""


class RecordedChain(Protocol):
    """A chain whose draws are recorded."""

    lock: threading.Lock  # held while the chain changes
    rows: ChainRows
    tune: int

    @property
    def done(self) -> int: ...  # draws, those of the warm-up included

    def since(self, begin: int) -> NewDraws:
        """Return copies of the draws from `begin` on, with a snapshot."""


class Recording:
    """Which draws of chains are recorded, and which wait for it; nothing without a recorder."""

    def __init__(self, chains: Sequence[RecordedChain], recorder: Recorder | None) -> None:
        self._chains, self._recorder = chains, recorder
        self._recorded = [chain.done for chain in chains]

    @property
    def behind(self) -> bool:
        """Whether chains draw faster than the recorder writes, and are to wait for it."""
        return self._recorder is not None and self._waiting() > MOST_WAITING

    def record(self, *, always: bool, dropping: bool) -> None:
        """Record what chains have drawn where that is due, or `always`.

        With `dropping` nobody asks for draws of the warm-up once that has ended: what is recorded
        then need not stay in memory.
        """
        if self._recorder is None:
            return
        waiting = self._waiting()
        # Of chains that only wait to go on there is nothing to say that was not said before.
        if not waiting or not (always or self._recorder.due(waiting)):
            return
        parts = []
        for chain, begin in zip(self._chains, self._recorded, strict=True):
            with chain.lock, float64():
                parts.append(chain.since(begin))
        self._recorder.record(parts)
        self._recorded = [part.end for part in parts]
        for chain, part in zip(self._chains, parts, strict=True):
            if dropping and part.end > chain.tune:
                with chain.lock:
                    chain.rows.drop(part.end)

    def _waiting(self) -> int:
        """How many numbers are still to be recorded."""
        ahead = zip(self._chains, self._recorded, strict=True)
        return sum(chain.rows.width * (chain.done - begin) for chain, begin in ahead)
