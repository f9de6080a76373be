"""The ladder: which densities lie between the reference and the target, and how many.

Syed, Bouchard-Côté, Deligiannidis and Doucet (2022), Non-reversible parallel tempering: a scalable
highly parallel MCMC scheme, JRSS B 84. The *barrier* between two densities is the sum of the
rejections of swaps along a fine ladder; it does not depend on the ladder. Swaps work best where all
are rejected equally often, and the number of rungs is about twice the barrier.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

# There are so many rungs at least, and at most, the reference among them.
FEWEST, MOST = 5, 65
# Before anything is known.
FIRST = 9
# The spread of the log ratio, in nats, between the reference and the first rung above it.
FIRST_SPREAD = 1.0
# Rejections are taken for no more and no less than these: of few swaps all or none are rejected.
LEAST_REJECTION, MOST_REJECTION = 1e-3, 0.99


def first_betas(log_ratios: np.ndarray) -> np.ndarray:
    """Return betas to begin with, from log ratios (n,) of target to reference at its draws.

    The lowest beside 0 is the inverse of their spread, between quartiles; the others are spread
    evenly in the logarithm.
    """
    spread = np.subtract(*np.quantile(log_ratios[np.isfinite(log_ratios)], [0.75, 0.25]))
    lowest = FIRST_SPREAD / max(spread, 2.0 * FIRST_SPREAD)
    return np.concatenate([[0.0], np.geomspace(lowest, 1.0, FIRST - 1)])


def barriers(rejections: np.ndarray) -> np.ndarray:
    """Return the barrier of each pair of neighbours from how often swaps are rejected, (R - 1,).

    For small ones they are the same. Where log ratios are normal, a barrier of b makes a rejection
    of ``erf(sqrt(pi) b / 2)``, which is solved for it: so a ladder that is too coarse is seen to be
    longer than its rejections.

    >>> barriers(np.array([0.01, 0.5, 0.95])).round(3)
    array([0.01 , 0.538, 1.564])
    """
    quantile = NormalDist().inv_cdf
    kept = np.clip(rejections, LEAST_REJECTION, MOST_REJECTION)
    normal = [quantile(0.5 * (1.0 + r)) for r in kept.tolist()]
    return np.asarray(np.array(normal) * np.sqrt(2.0 / np.pi))


def rungs_for(barrier: float) -> int:
    """Return the number of rungs for a barrier: twice it and one, with room for a few.

    >>> rungs_for(0.1), rungs_for(4.2), rungs_for(100.0)
    (5, 10, 65)
    """
    return int(np.clip(np.ceil(2.0 * barrier) + 1, FEWEST, MOST))


def equalised(betas: np.ndarray, rejections: np.ndarray, rungs: int) -> np.ndarray:
    """Return betas (rungs,) between which barriers are equal, from rejections (R - 1,) of others.

    The barrier up to a beta is interpolated: linearly from the reference to the first rung above
    it, in the logarithm of beta after that.

    >>> equalised(np.array([0.0, 0.25, 1.0]), np.array([0.3, 0.3]), 5).round(3)
    array([0.   , 0.125, 0.25 , 0.5  , 1.   ])
    """
    cumulative = np.concatenate([[0.0], np.cumsum(barriers(rejections))])
    wanted = np.linspace(0.0, cumulative[-1], rungs)[1:-1]
    low = np.interp(wanted, cumulative[:2], betas[:2])
    high = np.exp(np.interp(wanted, cumulative[1:], np.log(betas[1:])))
    inner = np.where(wanted < cumulative[1], low, high)
    return np.concatenate([[0.0], inner, [1.0]])


def nearest(betas: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Return for each rung above the reference the old one that is nearest in the log, (R - 1,).

    Places count from the old ladder's first rung above its reference.
    """
    apart = np.abs(np.log(betas[1:, None]) - np.log(old[None, 1:]))
    return np.asarray(np.argmin(apart, axis=1))
