"""Pareto-smoothed importance weights, in NumPy alone: arviz_stats takes seconds to import.

Vehtari, Simpson, Gelman, Yao and Gabry (2024), Pareto smoothed importance sampling, JMLR 25.
"""

from __future__ import annotations

import numpy as np

# The prior of k is worth so many ratios at 1/2: Vehtari et al. (2024), appendix G.
PRIOR_RATIOS, PRIOR_K = 10, 0.5
# A tail of fewer ratios has no shape.
SHORTEST = 5


def psis(log_ratios: np.ndarray) -> tuple[np.ndarray, float]:
    """Return smoothed log weights (n,), up to a constant, and Pareto k, of finite log ratios (n,).

    The largest ``min(n / 5, 3 sqrt(n))`` ratios are replaced by quantiles of the generalised Pareto
    distribution fitted to them, and none is larger than the largest ratio was: section 2.4. Where
    the tail is too short, or all of its ratios are equal, k is infinite.
    """
    n = log_ratios.size
    result = log_ratios - log_ratios.max()
    count = int(np.ceil(min(n / 5, 3 * np.sqrt(n))))
    order = np.argsort(result, kind="stable")
    if count >= n:
        return result, np.inf
    cut = max(float(result[order[-count - 1]]), float(np.log(np.finfo(float).tiny)))
    tail = order[result[order] > cut]
    if tail.size < SHORTEST:
        return result, np.inf
    k, scale = generalised_pareto(np.exp(result[tail]) - np.exp(cut))
    if np.isfinite(k):
        places = (np.arange(tail.size) + 0.5) / tail.size
        quantiles = scale * np.expm1(-k * np.log1p(-places)) / k if k else -np.log1p(-places)
        result[tail] = np.minimum(np.log(quantiles + np.exp(cut)), 0.0)
    return result, k


def generalised_pareto(exceedances: np.ndarray) -> tuple[float, float]:
    """Return shape k and scale of positive numbers (n,) in ascending order.

    The empirical Bayes estimate of Zhang and Stephens (2009), A new and efficient estimation method
    for the generalized Pareto distribution, Technometrics 51, equations 7 to 9; k is drawn towards
    1/2 a little.

    >>> draws = np.sort(np.random.default_rng(1).pareto(2.0, 5000))
    >>> bool(abs(generalised_pareto(draws)[0] - 0.5) < 0.05)
    True
    """
    n = exceedances.size
    grid = 30 + int(np.sqrt(n))
    quartile = exceedances[int(n / 4 + 0.5) - 1]
    if not quartile > 0:
        return np.inf, np.nan
    theta = (1 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))) / (3 * quartile)
    theta += 1 / exceedances[-1]
    shapes = np.log1p(-theta[:, None] * exceedances).mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        heights = n * (np.log(-theta / shapes) - shapes - 1)
    heights = np.where(np.isfinite(heights), heights, -np.inf)
    if not np.isfinite(heights).any():
        return np.inf, np.nan
    weights = np.exp(heights - heights.max())
    best = float(theta @ weights / weights.sum())
    shape = float(np.log1p(-best * exceedances).mean())
    scale = -shape / best
    k = (n * shape + PRIOR_RATIOS * PRIOR_K) / (n + PRIOR_RATIOS)
    return (k, scale) if np.isfinite(k) and np.isfinite(scale) else (np.inf, np.nan)
