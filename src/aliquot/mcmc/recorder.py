"""What keeps the draws of chains elsewhere than in memory, while they run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np


class NewDraws(NamedTuple):
    """What one chain has drawn since it was last recorded, and how it can go on from there."""

    chain: int
    tune: int  # draws of the warm-up; fewer than were asked for once it has ended early
    begin: int  # the first of these draws; those of the warm-up count
    positions: np.ndarray  # (n, d)
    columns: np.ndarray  # (n, len(STATS))
    independent: np.ndarray  # (n,)
    snapshot: dict[str, np.ndarray]

    @property
    def end(self) -> int:
        """How many draws the chain has done."""
        return self.begin + len(self.positions)


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
