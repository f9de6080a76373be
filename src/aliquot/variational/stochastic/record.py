"""What a stochastic fit is at some iteration, so that it can be gone on with elsewhere."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np

from aliquot.variational.stochastic.convergence import Seen


class FitRecord(NamedTuple):
    """All that a fit of a given seed and optimiser needs to go on, to the last bit."""

    done: int  # iterations
    losses: np.ndarray  # (done,)
    leaves: list[np.ndarray]  # of its FitState, in JAX's order
    looked: int  # the iteration at which callbacks and the criterion have had their last look
    seen: Seen  # what the criterion remembers of it
    stopped: str | None  # why the fit has ended before its last iteration


class FitRecorder(Protocol):
    """Where a fit is recorded."""

    @property
    def how_to_go_on(self) -> str:
        """What to do after an interrupt, in words."""

    def due(self) -> bool:
        """Say whether to record now."""

    def record(self, record: FitRecord) -> None:
        """Record where the fit is; as a whole, or not at all."""

    def finish(self, result: Any) -> None:
        """Keep what the fit gave."""
