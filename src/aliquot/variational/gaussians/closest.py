"""The Gaussian of low rank besides a diagonal that is closest to one with a known precision."""

from __future__ import annotations

import numpy as np

from aliquot.variational.gaussians.scale import LowRank

# A direction is worth keeping from so many nats on.
WORTH = 0.05
# What the last turn gains at the end, in nats, and how many there are at most.
LEAST_GAIN, TURNS = 0.005, 50


def divergence(eigenvalues: np.ndarray) -> np.ndarray:
    """Return the divergence of a unit Gaussian from ones of such precisions, in nats.

    >>> divergence(np.array([1.0, 0.25])).round(4)
    array([0.    , 0.3181])
    """
    return np.asarray(0.5 * (eigenvalues - 1.0 - np.log(eigenvalues)))


def closest_low_rank(precision: np.ndarray, rank: int) -> LowRank:
    """Return the scale with the least divergence KL(q || p) from a Gaussian p with this precision.

    In units of `std` the best directions are the eigenvectors of the precision A whose eigenvalues
    a have the largest ``(a - 1 - log a) / 2``, with variances ``1 / a``. For given directions the
    divergence is stationary in `std` where A times the covariance has a diagonal of ones. The two
    are found in turns, until they gain no more. Directions that are worth little are left out.

    >>> covariance = np.array([[2.0, 1.0], [1.0, 2.0]])
    >>> scale = closest_low_rank(np.linalg.inv(covariance), 1)
    >>> bool(np.abs(scale.covariance() - covariance).max() < 0.1)
    True
    """
    std = 1.0 / np.sqrt(np.diag(precision))
    least = np.inf
    for _ in range(TURNS):
        scaled = std[:, None] * precision * std
        values, vectors = np.linalg.eigh(scaled)
        values = np.maximum(values, 1e-300)
        gains = divergence(values)
        order = np.argsort(-gains)[:rank]
        kept = order[gains[order] > WORTH]
        directions, along = vectors[:, kept], values[kept]
        # Up to a constant: half the trace less half the log determinant.
        height = 0.5 * float(np.trace(scaled) + (1.0 - along + np.log(along)).sum())
        height -= float(np.log(std).sum())
        gained = least - height
        if gained > 0:
            best, least = LowRank(std, directions, along**-0.5), height
        if gained < LEAST_GAIN:
            break
        std = std / np.sqrt(np.diag(scaled) + directions**2 @ (1.0 - along))
    return best
