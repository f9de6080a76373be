"""How much of a posterior's mass each member of a mixture stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.heights import log_densities
from aliquot.variational.importance import smoothed
from aliquot.variational.target import Target

ROUNDS = 3
DRAWS = 1000  # for each member, unless told otherwise
# Members with less than this share of the mass are left out.
SMALLEST = 1e-3
# A share to begin with, so that draws can say how much it is.
LEAST = 0.02
TAILS = 10.0


def weighed(
    density: Target,
    mixture: GaussianMixture,
    rng: np.random.Generator,
    inside: Callable[[np.ndarray], np.ndarray] | None = None,
    draws: int = DRAWS,
) -> GaussianMixture:
    """Return a mixture whose weights are the shares of the mass, estimated by importance.

    Draws from the mixture as it is, with the tails of a t, are weighted by the density over that of
    the whole mixture; a member's new weight is the sum of the weights times the probability that
    each draw came from it: Cappé, Douc, Guillin, Marin and Robert (2008), Adaptive importance
    sampling in general mixture classes, Statistics and Computing 18, equation 14. Draws that are
    not `inside` the cell of one mirror mode count for nothing. Members of next to no mass are
    left out.
    """
    for _ in range(ROUNDS):
        if len(mixture.weights) == 1:
            break
        asked = np.maximum(mixture.weights, LEAST)
        proposal = replace(mixture, weights=asked / asked.sum()).with_tails(TAILS)
        points, log_q = proposal.draw(draws * len(mixture.weights), rng)
        log_ratios = log_densities(density, points) - log_q
        if inside is not None:
            log_ratios = np.where(inside(points), log_ratios, -np.inf)
        weights, _ = smoothed(log_ratios)
        shares = np.exp(proposal.log_joint(points) - log_q) @ weights
        shares /= shares.sum()
        mixture = _without(replace(mixture, weights=shares))
    return mixture


def _without(mixture: GaussianMixture) -> GaussianMixture:
    """Leave out members of next to no mass."""
    kept = np.flatnonzero(mixture.weights >= SMALLEST)
    weights = mixture.weights[kept]
    return replace(
        mixture,
        weights=weights / weights.sum(),
        centers=mixture.centers[kept],
        scales=tuple(mixture.scales[int(k)] for k in kept),
    )
