"""A dense metric from draws and the gradients there.

For draws of covariance `S` and gradients of covariance `G`, the inverse mass matrix `M` with
``M G M = S``, the geometric mean of `S` and the inverse of `G`, minimises the Fisher divergence
between the whitened posterior and a standard normal over all matrices: Seyboldt et al. (2026),
arXiv 2603.18845, the affine transformations with a dense matrix. The gradients of a normal density
are linear, so that any d + 1 draws of one give its covariance exactly, however few that is for a
covariance of draws.
"""

from __future__ import annotations

import numpy as np

from aliquot.mcmc.metric import LEAST_SHRINKAGE, factor_from_draws, shrunk_correlation

# Of draws too few to say how far the gradients are from linear: what to make of the weights that
# correlations by themselves would be shrunk by. Where `S` and `G` err, they err alike, and much of
# it cancels. Of 1, 0.3, 0.1 and 0.03 the last two are best in 100 correlated coordinates, by half
# in effective draws, and all are the same in a hierarchical regression with 50.
_FEW_DRAWS = 0.1


def factor_from_gradients(
    draws: np.ndarray,
    gradients: np.ndarray,
    before: np.ndarray,
    around: np.ndarray | None = None,
) -> np.ndarray:
    """Return the lower factor (d, d) of an inverse mass matrix from draws and gradients, (n, d).

    Without correlations it is that of :func:`aliquot.mcmc.metric.scale_from_gradients`, and
    towards that the correlations of draws and those of gradients are shrunk. The weights are those
    of :func:`aliquot.mcmc.metric.factor_from_draws`, times how far the gradients are from linear:
    the Fisher divergence that is left without shrinkage, as a share of what it would be if draws
    and gradients had nothing to do with one another.

    A coordinate that has not moved keeps the scale that it has in `before`. Where its gradient does
    not vary, as between the walls of an untransformed uniform variable, the scale is that of the
    draws. Gradients that are not finite are not used, and where nothing gives a positive definite
    matrix, `before` stays. Of `around`, see :func:`aliquot.mcmc.metric.factor_from_draws`.

    >>> rng = np.random.default_rng(1)
    >>> covariance = np.array([[4.0, 1.9], [1.9, 1.0]])
    >>> draws = rng.standard_normal((5, 2)) @ np.linalg.cholesky(covariance).T
    >>> factor = factor_from_gradients(draws, -draws @ np.linalg.inv(covariance), np.eye(2))
    >>> bool(np.abs(factor @ factor.T - covariance).max() < 0.2)
    True
    """
    count = len(draws)
    if not np.all(np.isfinite(gradients)):
        return factor_from_draws(draws, before, around)
    if count < 3 or not np.all(np.isfinite(draws)):
        return before
    if around is not None:
        left, slopes = np.linalg.solve(around, draws.T).T, gradients @ around
        return np.asarray(
            around @ factor_from_gradients(left, slopes, np.linalg.solve(around, before))
        )
    try:
        with np.errstate(all="ignore"):
            factor = _factor(draws, gradients, before)
    except np.linalg.LinAlgError:
        return before
    return factor if np.all(np.isfinite(factor)) else before


def _factor(draws: np.ndarray, gradients: np.ndarray, before: np.ndarray) -> np.ndarray:
    x_scale, g_scale = draws.std(axis=0, ddof=1), gradients.std(axis=0, ddof=1)
    moved = x_scale > 0
    x_scale = np.where(moved, x_scale, np.sqrt(np.sum(before**2, axis=1)))
    varies = moved & (g_scale > 0)
    g_scale = np.where(varies, g_scale, 1.0 / x_scale)
    x = (draws - draws.mean(axis=0)) / x_scale
    g = np.where(varies, (gradients - gradients.mean(axis=0)) / g_scale, 0.0)
    # In units of the diagonal metric the standard deviations of a draw and of its gradient agree.
    units, both = np.sqrt(x_scale / g_scale), np.sqrt(x_scale * g_scale)
    return np.asarray(units[:, None] * _whitening(x, g, both))


def _whitening(x: np.ndarray, g: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Return the lower factor for draws and gradients that are standardised, times `scales`."""
    count, size = x.shape
    (x_correlation, x_weight), (g_correlation, g_weight) = map(shrunk_correlation, (x, g))
    squares, diagonal = np.outer(scales, scales), np.diag(scales**2)

    def factor(x_weight: float, g_weight: float) -> np.ndarray:
        return _geometric_mean(
            (1.0 - x_weight) * squares * x_correlation + x_weight * diagonal,
            (1.0 - g_weight) * squares * g_correlation + g_weight * diagonal,
        )

    least, share = LEAST_SHRINKAGE / count, _FEW_DRAWS
    if count > size + 1:
        whole = factor(least, least)
        left = np.linalg.solve(whole, (x * scales).T).T + (g * scales) @ whole
        share = min(float(np.sum(left**2)) / (size * (count - 1 - size)), 1.0)
        if share * max(x_weight, g_weight) <= least:
            return whole
    return factor(max(share * x_weight, least), max(share * g_weight, least))


def _geometric_mean(covariance: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Return the lower factor of the matrix `M` with ``M @ precision @ M = covariance``."""
    lower = np.linalg.cholesky(covariance)
    values, vectors = np.linalg.eigh(lower.T @ precision @ lower)
    if not values[0] > 0:
        raise np.linalg.LinAlgError
    root = (lower @ vectors) * values**-0.25
    return np.asarray(np.linalg.cholesky(root @ root.T))
