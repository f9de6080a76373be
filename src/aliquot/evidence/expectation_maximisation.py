"""Mixtures of Gaussians fitted to draws, where one is not enough."""

from __future__ import annotations

from math import log

import numpy as np

from aliquot.evidence.covariance import moments
from aliquot.variational.gaussians.mixture import GaussianMixture

MOST_MEMBERS = 8
MOST_ITERATIONS = 50
# It is at its maximum where it gains less, in nats a draw.
SETTLED = 1e-3
# A member has the weight of so many draws at least, for each coordinate.
FEWEST = 2.0


def gaussians(points: np.ndarray, rng: np.random.Generator) -> GaussianMixture:
    """Return the mixture of Gaussians that describes points (n, d) best: often a single one.

    The number of members is that of the highest BIC (Fraley and Raftery 2002, Model-based
    clustering, discriminant analysis, and density estimation, JASA 97), looked for upwards from
    one until it has fallen twice.
    """
    mean, scale = moments(points)
    best = GaussianMixture.of(mean, scale)
    if _parameters(1, points.shape[1]) > len(points):
        return best  # so many draws cannot tell two members
    highest, fell = _criterion(best, points), 0
    whitened = scale.solve(points - mean)
    for members in range(2, MOST_MEMBERS + 1):
        found = _fitted(points, _responsibilities_to_begin(whitened, members, rng))
        criterion = -np.inf if found is None else _criterion(found, points)
        if found is not None and criterion > highest:
            best, highest, fell = found, criterion, 0
        else:
            fell += 1
        if fell == 2:
            break
    return best


def _parameters(members: int, d: int) -> int:
    return members * (1 + d + d * (d + 1) // 2) - 1


def _criterion(mixture: GaussianMixture, points: np.ndarray) -> float:
    n, d = points.shape
    parameters = _parameters(len(mixture.weights), d)
    return float(mixture.log_density(points).sum() - 0.5 * parameters * log(n))


def _fitted(points: np.ndarray, shares: np.ndarray) -> GaussianMixture | None:
    """Climb from some responsibilities (M, n); none where a member has run empty."""
    n, d = points.shape
    spread = points.std(axis=0)
    before = -np.inf
    for _ in range(MOST_ITERATIONS):
        weights = shares.sum(axis=1) / n
        if (weights * n < FEWEST * (d + 1)).any():
            return None
        members = [moments(points, share, spread) for share in shares]
        found = GaussianMixture(
            weights / weights.sum(),
            np.stack([mean for mean, _ in members]),
            tuple(scale for _, scale in members),
        )
        joint = found.log_joint(points)
        top = joint.max(axis=0)
        shares = np.exp(joint - top)
        total = shares.sum(axis=0)
        shares /= total
        height = float((top + np.log(total)).mean())
        if height - before < SETTLED:
            break
        before = height
    return found


def _responsibilities_to_begin(
    whitened: np.ndarray, members: int, rng: np.random.Generator
) -> np.ndarray:
    """Give each point to the nearest of some that are far from each other, (M, n).

    Arthur and Vassilvitskii (2007), k-means++.
    """
    n = len(whitened)
    centers = [whitened[rng.integers(n)]]
    squared = ((whitened - centers[0]) ** 2).sum(axis=1)
    nearest = np.zeros(n, int)
    for k in range(1, members):
        chance = squared / squared.sum() if squared.sum() > 0 else None
        centers.append(whitened[rng.choice(n, p=chance)])
        own = ((whitened - centers[k]) ** 2).sum(axis=1)
        nearest[own < squared] = k
        squared = np.minimum(squared, own)
    return np.asarray(nearest == np.arange(members)[:, None], float)
