"""The exact posterior of the two means, by quadrature, for the fits to be measured against.

In the coordinates s = (m1 + m2) / 2 and d = (m2 - m1) / 2 the log likelihood of two unit Gaussians
with equal weights is a sum of squares and of log cosh, and the half plane in which the means are
ordered is d > 0. It is cut into square panels about as wide as the posterior, each with a product
of Gauss-Legendre rules, and panels are added around the mode until all that are at the edge
are negligible.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PRIOR_SD = 10.0
NODES = 12
# Panels with a density below exp(-NEGLIGIBLE) of the greatest everywhere are not followed further.
NEGLIGIBLE = 32.0
PANEL_WIDTH = 3.0
MOST_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Moments:
    """Mean (2,), standard deviation (2,) and correlation of the two means."""

    mean: np.ndarray
    sd: np.ndarray
    correlation: float


@dataclass(frozen=True)
class ExactPosterior:
    """What the quadrature gives."""

    ordered: Moments  # of the half in which the first mean is the lower one
    unordered: Moments  # of the whole, both mirror images
    # Log of the evidence in nats: the integral of likelihood times prior over the whole plane. The
    # ordered model has the same, since its prior, on half the plane, is twice as high there.
    log_evidence: float


def exact_posterior(data: np.ndarray) -> ExactPosterior:
    """Integrate the posterior of two Gaussian means given `data` (n,).

    The model has equal weights, unit standard deviations and independent Normal(0, 10) priors.

    >>> exact = exact_posterior([-2.1, -1.6, -1.2, -0.9, -0.3, 0.4, 0.8, 1.1, 1.7, 2.3])
    >>> exact.ordered.mean.round(4)
    array([-1.0392,  1.1038])
    >>> round(exact.log_evidence, 4)
    -22.0686
    """
    s, d, log_weights = _cover(np.asarray(data, float))
    peak = log_weights.max()
    weights = np.exp(log_weights - peak)
    total = weights.sum()
    weights /= total

    low, high = s - d, s + d
    ordered = _moments(weights, low, high)
    both = np.tile(weights / 2, 2), np.append(low, high), np.append(high, low)
    return ExactPosterior(ordered, _moments(*both), float(peak + np.log(2 * total)))


def _moments(weights: np.ndarray, first: np.ndarray, second: np.ndarray) -> Moments:
    values = np.stack([first, second])
    mean = values @ weights
    off = values - mean[:, None]
    covariance = (weights * off) @ off.T
    sd = np.sqrt(np.diag(covariance))
    return Moments(mean, sd, float(covariance[0, 1] / sd.prod()))


def log_joint(m1: np.ndarray, m2: np.ndarray, data: np.ndarray) -> np.ndarray:
    """Return log likelihood plus log prior of the unordered model at `m1` and `m2`, any shape.

    >>> data = np.array([-1.0, 1.0])
    >>> bool(np.isclose(log_joint(0.3, 0.7, data), log_joint(0.7, 0.3, data)))
    True
    """
    m1, m2 = np.broadcast_arrays(np.asarray(m1, float), np.asarray(m2, float))
    s, d = (m1 + m2).ravel() / 2, (m2 - m1).ravel() / 2
    return _log_joint(s, d, np.asarray(data, float)).reshape(m1.shape)


def _log_joint(s: np.ndarray, d: np.ndarray, data: np.ndarray) -> np.ndarray:
    n = data.size
    mean, scatter = data.mean(), ((data - data.mean()) ** 2).sum()
    result = -0.5 * (scatter + n * (mean - s) ** 2 + n * d**2 + n * np.log(2 * np.pi))
    result -= (s**2 + d**2) / PRIOR_SD**2 + np.log(2 * np.pi * PRIOR_SD**2)
    step = max(1, MOST_AT_ONCE // n)
    for first in range(0, s.size, step):
        part = slice(first, first + step)
        x = np.abs((data[:, None] - s[part]) * d[part])
        result[part] += (x + np.log1p(np.exp(-2 * x))).sum(axis=0) - n * np.log(2.0)
    return result


def _cover(data: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return nodes (s, d) of the half plane and the log of density times weight at each."""
    width = PANEL_WIDTH / np.sqrt(data.size)
    points, weights = np.polynomial.legendre.leggauss(NODES)
    points, weights = (points + 1) / 2 * width, weights / 2 * width
    offset_s, offset_d = (grid.ravel() for grid in np.meshgrid(points, points))
    # The determinant of (m1, m2) with respect to (s, d) is 2.
    log_weights = np.log(2 * np.outer(weights, weights).ravel())

    frontier = {(int(s // width), int(d // width)) for s, d in _modes(data)}
    seen: set[tuple[int, int]] = set()
    found = []
    peak = -np.inf
    while frontier:
        seen |= frontier
        corners = np.array(sorted(frontier), float) * width
        s = (corners[:, :1] + offset_s).ravel()
        d = (corners[:, 1:] + offset_d).ravel()
        density = _log_joint(s, d, data).reshape(len(corners), -1)
        found.append((s, d, (density + log_weights).ravel()))
        peak = max(peak, density.max())
        alive = np.array(sorted(frontier))[density.max(axis=1) > peak - NEGLIGIBLE]
        near = {(i + a, max(j + b, 0)) for i, j in alive for a in (-1, 0, 1) for b in (-1, 0, 1)}
        frontier = {(int(i), int(j)) for i, j in near} - seen
    s, d, terms = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return s, d, terms


def _modes(data: np.ndarray, steps: int = 200) -> list[tuple[float, float]]:
    """Return (s, d) near each mode, by expectation-maximisation from three starts."""
    starts = [np.quantile(data, pair) for pair in ((0.25, 0.75), (0.45, 0.55), (0.02, 0.98))]
    modes = []
    for low, high in starts:
        for _ in range(steps):
            # The probability that each datum came from the upper component.
            share = 0.5 * (1 + np.tanh((high - low) / 2 * (data - (low + high) / 2)))
            high = share @ data / max(share.sum(), 1e-9)
            low = (1 - share) @ data / max((1 - share).sum(), 1e-9)
        modes.append(((low + high) / 2, abs(high - low) / 2))
    return modes
