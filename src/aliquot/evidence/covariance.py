"""Covariances of draws that may be fewer than coordinates."""

from __future__ import annotations

import numpy as np

from aliquot.variational.gaussians.scale import Dense, dense

# A coordinate that does not move among some draws gets so much of its spread among all.
LEAST = 1e-3
# Correlations are shrunk by so much at least: where draws repeat few points they are exact, and a
# matrix of these has no Cholesky factor.
SHRUNK = 1e-8


def moments(
    points: np.ndarray, weights: np.ndarray | None = None, spread: np.ndarray | None = None
) -> tuple[np.ndarray, Dense]:
    """Return mean (d,) and covariance of points (n, d), each counted with its weight (n,).

    The correlations are shrunk towards none by as much as the points are too few to tell them:
    Ledoit and Wolf (2004), A well-conditioned estimator for large-dimensional covariance matrices,
    Journal of Multivariate Analysis 88, on standardised coordinates. `spread` (d,) is that of the
    coordinates elsewhere, for those that do not move here.

    >>> rng = np.random.default_rng(1)
    >>> mean, scale = moments(rng.normal(size=(50, 80)))
    >>> bool(np.linalg.eigvalsh(scale.covariance()).min() > 0.1)
    True
    """
    if weights is None:
        weights = np.ones(len(points))
    shares = weights / weights.sum()
    mean = shares @ points
    away = points - mean
    std = np.sqrt(shares @ away**2)
    least = LEAST * (std if spread is None else spread)
    std = np.maximum(std, np.where(least > 0, least, 1.0))
    away /= std
    correlation = (shares[:, None] * away).T @ away
    off = ((correlation - np.eye(len(std))) ** 2).sum()
    # What sampling alone adds to the distance from no correlation.
    effective = 1.0 / (shares**2).sum()
    noise = (shares @ (away**2).sum(axis=1) ** 2 - (correlation**2).sum()) / effective
    shrink = float(np.clip(noise / off, SHRUNK, 1.0)) if off > 0 else 1.0
    correlation *= 1.0 - shrink
    np.fill_diagonal(correlation, 1.0)
    return mean, dense(std[:, None] * correlation * std)
