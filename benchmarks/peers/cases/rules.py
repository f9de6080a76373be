"""Gauss and Hermite's rules: expectations of functions of Gaussians."""

from __future__ import annotations

from functools import cache

import numpy as np


@cache
def rule(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Give points (count,) and weights of sum 1 for a standard Gaussian."""
    points, weights = np.polynomial.hermite_e.hermegauss(count)
    return points, weights / weights.sum()


@cache
def product_rule(count: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Give points (count**size, size) and weights for `size` independent ones."""
    points, weights = rule(count)
    grid = np.stack(np.meshgrid(*[points] * size, indexing="ij"), axis=-1).reshape(-1, size)
    total = weights
    for _ in range(size - 1):
        total = np.multiply.outer(total, weights)
    return grid, total.ravel()
