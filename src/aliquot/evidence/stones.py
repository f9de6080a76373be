"""The integral of a density from draws along a ladder that leads to it from a normalised one.

Between neighbours it changes by a factor, and the product of all factors is the integral. Of each
factor draws from both sides tell: Bennett (1976), Efficient estimation of free energy differences
from Monte Carlo data, Journal of Computational Physics 22; Meng and Wong (1996), Simulating ratios
of normalizing constants via a simple identity, Statistica Sinica 6. So the stepping stones of Xie,
Lewis, Fan, Kuo and Chen (2011), Improving marginal likelihood estimation for Bayesian phylogenetic
model selection, Systematic Biology 60, are bridges, whose functions are bounded: no variance is
infinite, not even that of the first stone, where the likelihood is averaged over a wide prior.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from aliquot.variational.importance import Estimate

# Newton's steps to the root of a function that is monotone; it is halved in between.
STEPS = 100
# Nats to which the root is found.
CLOSE = 1e-10


@dataclass(frozen=True, eq=False)
class Stones:
    """The log of an integral, and what it rests on."""

    estimate: Estimate
    function: np.ndarray  # (chains, draws): deviations, the mean of which is the error
    effective: float  # how many independent draws its mean is worth


def stepping_stones(
    betas: np.ndarray, log_ratios: np.ndarray, effective_size: Callable[[np.ndarray], float]
) -> Stones:
    """Return the log of the integral of a density from its log ratios to a normalised one.

    The ratios (chains, draws, R) are at draws of the densities of which the log is
    ``log reference + beta * log ratio``, for `betas` (R,) from 0 to 1; minus infinity where the
    density is zero. Draws of all rungs at one time may depend on each other, as those of a tempered
    chain do: `effective_size` gives how many independent draws a function (chains, draws) of all of
    them is worth, for its mean.

    >>> rng = np.random.default_rng(1)
    >>> betas = np.array([0.0, 0.5, 1.0])  # from N(0, 1) to exp(-x ** 2), of integral sqrt(pi)
    >>> x = rng.normal(size=(1, 4000, 3)) / np.sqrt(1 + betas)
    >>> log_ratios = -0.5 * x**2 + 0.5 * np.log(2 * np.pi)
    >>> found = stepping_stones(betas, log_ratios, lambda draws: draws.size)
    >>> bool(abs(found.estimate.value - 0.5 * np.log(np.pi)) < 4 * found.estimate.mcse < 0.05)
    True
    """
    total = 0.0
    function = np.zeros(log_ratios.shape[:2])
    for k, (below, above) in enumerate(pairwise(betas)):
        value, deviations = _stone((above - below) * log_ratios[..., k : k + 2])
        if value == -np.inf:  # no draw of the lower density is where the upper one is
            return Stones(Estimate(value, np.inf), function, 0.0)
        total += value
        function += deviations
    if not np.isfinite(function).all():  # nor have any draws of two neighbours met
        return Stones(Estimate(total, np.inf), function, 0.0)
    if np.ptp(function) < CLOSE:  # the ratio is constant
        return Stones(Estimate(total, 0.0), function, float(function.size))
    effective = float(effective_size(function))
    return Stones(Estimate(total, float(function.std() / np.sqrt(effective))), function, effective)


def size_by_batches(function: np.ndarray, batches: int) -> float:
    """Return how many independent draws those of (chains, draws) are worth, by means of batches.

    Of each chain so many, one after another. They see correlations that last as long as a batch,
    however small they are beside what is between one draw and the next; infinite where the means
    do not differ. There have to be two batches at least, of all chains together.

    >>> draws = np.random.default_rng(1).normal(size=(4, 1000))
    >>> 1000 < size_by_batches(draws, 10) < 16_000
    True
    """
    length = function.shape[1] // batches
    means = function[:, : length * batches].reshape(len(function) * batches, length).mean(axis=1)
    variance = float(means.var(ddof=1))
    return float(function.var()) * means.size / variance if variance > 0 else np.inf


def _stone(changes: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the log of one factor, from log density changes (..., 2) below and above.

    It is the root of a monotone function. Besides, what each pair of draws adds to its error.
    """
    lower, upper = changes[..., 0], changes[..., 1]
    finite = lower[np.isfinite(lower)]
    if not finite.size:
        return -np.inf, np.zeros(lower.shape)
    low = min(float(finite.min()), float(upper.min())) - 50.0
    high = max(float(finite.max()), float(upper.max())) + 50.0
    root = 0.5 * (low + high)
    for _ in range(STEPS):
        up, down = _logistic(lower - root), _logistic(root - upper)
        gap = float(up.mean() - down.mean())
        slope = float((up * (1.0 - up)).mean() + (down * (1.0 - down)).mean())
        low, high = (root, high) if gap > 0 else (low, root)
        step = root + gap / slope if slope > 0 else np.inf
        before, root = root, step if low < step < high else 0.5 * (low + high)
        if abs(root - before) < CLOSE:
            break
    up, down = _logistic(lower - root), _logistic(root - upper)
    slope = float((up * (1.0 - up)).mean() + (down * (1.0 - down)).mean())
    if slope * lower.size < 1.0:  # less than one draw is where the other density is
        return root, np.full(lower.shape, np.inf)
    return root, (up - down) / slope


def _logistic(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1.0 + np.tanh(0.5 * x))
