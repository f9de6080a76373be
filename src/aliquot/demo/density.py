"""Densities of the two means for the pictures: exact ones on a grid, and smooth ones from draws."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from aliquot.demo.analysis import Analysis
from aliquot.demo.quadrature import log_joint
from aliquot.reporting.densities import plane_density

# Points along each axis: enough for five in a standard deviation, within reason.
FEWEST_POINTS, MOST_POINTS, POINTS_PER_SD = 181, 901, 5
SDS_SHOWN = 4.6
# Beyond so many standard deviations from its mode the density is zero for every picture.
SDS_EVALUATED = 8.0


def plot_range(analysis: Analysis) -> tuple[float, float]:
    """Return the range of either mean that every picture shows."""
    exact = analysis.exact.ordered
    margin = SDS_SHOWN * exact.sd + 0.03 * np.diff(exact.mean)
    return float(exact.mean[0] - margin[0]), float(exact.mean[1] + margin[1])


def exact_joint(analysis: Analysis, *, ordered: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return grid points (g,) and the exact density of (means[0], means[1]) there, (g, g).

    The ordered posterior is twice as high on its half plane and zero on the other.
    """
    points, half = _exact_half(analysis)
    if ordered:
        return points, 2 * half
    return points, half + half.T - np.diag(np.diag(half))


@lru_cache(maxsize=2)
def _exact_half(analysis: Analysis) -> tuple[np.ndarray, np.ndarray]:
    """Return the points and the unordered density where the first mean is not the greater one."""
    low, high = plot_range(analysis)
    exact = analysis.exact.ordered
    wanted = POINTS_PER_SD * (high - low) / float(exact.sd.min())
    points = np.linspace(low, high, int(np.clip(wanted, FEWEST_POINTS, MOST_POINTS)))
    near = np.abs(points - exact.mean[:, None]) < SDS_EVALUATED * exact.sd[:, None]
    rows, columns = np.nonzero(np.triu(np.outer(*near)))
    half = np.zeros((points.size, points.size))
    log_density = log_joint(points[rows], points[columns], analysis.data)
    half[rows, columns] = np.exp(log_density - analysis.exact.log_evidence)
    return points, half


def exact_marginals(analysis: Analysis, *, ordered: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return grid points (g,) and the exact density of each mean there, (2, g)."""
    points, density = exact_joint(analysis, ordered=ordered)
    step = points[1] - points[0]
    return points, np.stack([density.sum(axis=1), density.sum(axis=0)]) * step


def scale_within_mode(draws: np.ndarray) -> float:
    """Return the standard deviation of `draws` (n, 2) within a mode.

    Sorted within each draw, the two means are on one side of the mirror.
    """
    return float(np.sort(draws, axis=1).std(axis=0).mean())


def joint_density(draws: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Smooth the joint density of `draws` (n, 2) on the grid of `points` (g,), as (g, g)."""
    return plane_density(draws, (points, points), scale_within_mode(draws))
