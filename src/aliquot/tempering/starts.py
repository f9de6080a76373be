"""Where the replicas of a chain start, on which ladder, and in which metrics."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aliquot.mcmc.settings import Metric
from aliquot.tempering.chain import START
from aliquot.tempering.ladder import first_betas
from aliquot.tempering.reference import LadderReference
from aliquot.tempering.rounds import Ladder

# Draws of the reference for each chain, from which replicas start.
POOL = 256
FIRST_STEP = 0.5
# So many draws is what the reference's spread counts for, besides those that have weight at a rung.
WORTH = 5.0
# The standard deviations of a normal distribution between its quartiles.
_QUARTILES = 1.349


class StartPool:
    """Draws of the reference (chains, n, d) with their log ratios of target to reference."""

    def __init__(
        self,
        reference: LadderReference,
        chains: int,
        seed: int,
        ratios_of: Callable[[np.ndarray], np.ndarray],
    ) -> None:
        self.points = np.stack(
            [reference.draw(POOL, (seed, chain, START)) for chain in range(chains)]
        )
        flat = self.points.reshape(-1, self.points.shape[-1])
        ratios = ratios_of(flat)
        ratios = np.where(np.isfinite(flat).all(axis=1) & np.isfinite(ratios), ratios, -np.inf)
        self.log_ratios = ratios.reshape(chains, POOL)
        self._seed = seed

    @property
    def usable(self) -> bool:
        """Whether each chain has a draw where the target has a density."""
        return bool(np.isfinite(self.log_ratios).any(axis=1).all())

    def ladder(self, metric: Metric) -> Ladder:
        """Return the ladder to begin with."""
        betas = first_betas(self.log_ratios)
        flat = self.points.reshape(-1, self.points.shape[-1])
        ratios = self.log_ratios.ravel()
        flat, ratios = flat[np.isfinite(ratios)], ratios[np.isfinite(ratios)]
        low, high = np.quantile(flat, [0.25, 0.75], axis=0)
        whole = np.maximum((high - low) / _QUARTILES, 1e-8) ** 2
        scales = []
        for beta in betas[1:]:
            weights = np.exp(beta * (ratios - ratios.max()))
            weights /= weights.sum()
            mean = weights @ flat
            effective = 1.0 / (weights**2).sum()
            own = np.minimum(weights @ (flat - mean) ** 2, whole)
            scales.append(np.sqrt((effective * own + WORTH * whole) / (effective + WORTH)))
        matrices = [np.diag(scale) if metric == "adapt_full" else scale for scale in scales]
        return Ladder(betas, np.stack(matrices), np.full(len(scales), FIRST_STEP))

    def replicas(self, chain: int, betas: np.ndarray) -> np.ndarray:
        """Choose start points (R, d) among a chain's draws, each by its weight at its rung."""
        rng = np.random.default_rng([self._seed, chain, START])
        ratios = self.log_ratios[chain]
        chosen = []
        for beta in betas:
            known = np.where(np.isfinite(ratios), beta * ratios, -np.inf)
            chosen.append(int(np.argmax(known + rng.gumbel(size=len(known)))))
        return self.points[chain, chosen]
