"""Smooth densities from draws, on evenly spaced points."""

from __future__ import annotations

from typing import Any

import numpy as np


def robust_scale(draws: np.ndarray) -> float:
    """Return a scale of `draws` (n,) that long tails and distant modes do not stretch.

    For one mode it is the standard deviation, or that of a Gaussian with the same interquartile
    range where it is the smaller: Silverman (1986), Density estimation for statistics and data
    analysis, equation 3.30.
    """
    quarter, three = np.quantile(draws, (0.25, 0.75))
    sd = float(draws.std())
    return min(sd, float(three - quarter) / 1.34) or sd


def line_density(
    draws: np.ndarray, points: np.ndarray, scale: float, mode: str = "constant"
) -> np.ndarray:
    """Smooth the density of `draws` (n,) on evenly spaced `points` (g,).

    A histogram on the points convolved with a Gaussian, whose width is Silverman's (1986, equation
    3.31) for one mode with the standard deviation `scale`.
    """
    from scipy.ndimage import gaussian_filter1d

    step = points[1] - points[0]
    counts = np.histogram(draws, bins=edges(points))[0] / (len(draws) * step)
    width = 0.9 * scale * len(draws) ** (-1 / 5)
    return np.asarray(gaussian_filter1d(counts, max(width / step, 0.5), mode=mode))


def plane_density(
    draws: np.ndarray, points: tuple[np.ndarray, np.ndarray], scale: Any, mode: str = "constant"
) -> np.ndarray:
    """Smooth the joint density of `draws` (n, 2) on a grid of `points` (g,) and (h,), as (g, h).

    `scale` is the standard deviation of each within a mode.
    """
    from scipy.ndimage import gaussian_filter

    steps = np.array([p[1] - p[0] for p in points])
    counts, *_ = np.histogram2d(draws[:, 0], draws[:, 1], bins=[edges(p) for p in points])
    width = 0.9 * np.asarray(scale) * len(draws) ** (-1 / 6)
    smooth = gaussian_filter(counts, np.maximum(width / steps, 0.5), mode=mode)
    return np.asarray(smooth) / (len(draws) * steps.prod())


def edges(points: np.ndarray) -> np.ndarray:
    """Return the edges (g + 1,) of bins around evenly spaced points (g,)."""
    step = points[1] - points[0]
    return np.append(points - step / 2, points[-1] + step / 2)
