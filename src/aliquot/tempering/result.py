"""What a tempered run gives back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aliquot.mcmc.result import ChainDraws
from aliquot.tempering.chain import LOG_RATIO, REPLICA, ROUND_TRIPS


@dataclass(frozen=True)
class TemperedDraws:
    """The draws of the target, and how the ladder of R rungs worked that they came down.

    What there is of each draw is in ``chains.further``, for as many draws as the chain has that has
    the fewest; where draws are recorded elsewhere, it is there.
    """

    chains: ChainDraws
    betas: np.ndarray  # (R,), from 0 for the reference to 1 for the target
    acceptance: np.ndarray  # (chains, R - 1): mean acceptance of swaps between neighbours

    @property
    def log_ratios(self) -> np.ndarray:
        """Log target less log reference at each rung, (chains, scans, R)."""
        found = self.chains.further[LOG_RATIO]
        return found.reshape(len(found), -1, found.shape[-1])

    @property
    def replicas(self) -> np.ndarray:
        """Which replica is at each rung, (chains, draws, R)."""
        return self.chains.further[REPLICA]

    @property
    def trips(self) -> np.ndarray:
        """How many replicas have come from the reference to the target so far, (chains, draws)."""
        return self.chains.further[ROUND_TRIPS]

    @property
    def barrier(self) -> float:
        """The barrier between reference and target: the sum of all pairs' rejections."""
        return float((1.0 - self.acceptance).mean(axis=0).sum())
