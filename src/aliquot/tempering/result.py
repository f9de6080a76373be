"""What a tempered run gives back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aliquot.mcmc.result import ChainDraws


@dataclass(frozen=True)
class TemperedDraws:
    """The draws of the target, and how the ladder of R rungs worked that they came down.

    Arrays of draws hold those that are kept, as many as the chain that has the fewest.
    """

    chains: ChainDraws
    betas: np.ndarray  # (R,), from 0 for the reference to 1 for the target
    acceptance: np.ndarray  # (chains, R - 1): mean acceptance of swaps between neighbours
    log_ratios: np.ndarray  # (chains, scans, R): log target less log reference, at each rung
    replicas: np.ndarray  # (chains, draws, R): which replica is at each rung
    trips: np.ndarray  # (chains, draws): replicas come from the reference to the target so far

    @property
    def barrier(self) -> float:
        """The barrier between reference and target: the sum of all pairs' rejections."""
        return float((1.0 - self.acceptance).mean(axis=0).sum())
