"""The metric: a linear map from whitened coordinates, in which every momentum is standard normal.

A diagonal metric is a vector of scales `s` and a dense one a lower triangular factor `L`; the
inverse mass matrix is ``diag(s**2)`` or ``L @ L.T``. Trajectories keep momenta in whitened
coordinates, where the kinetic energy and the U-turn test are plain inner products and a new
momentum needs no solve.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from aliquot.elementary.triangular_product import product, row_blocks, transposed_product

# A vector of scales, a factor, or its blocks of rows.
Scale = Array | tuple[Array, ...]

_SMALLEST, _LARGEST = 1e-20, 1e20
LEAST_SHRINKAGE = 5e-3


def in_blocks(scale: Array) -> Scale:
    """Cut a dense metric's factor for the products of many steps."""
    return scale if scale.ndim == 1 else row_blocks(scale)


def to_position(scale: Scale, momentum: Array) -> Array:
    """Return the velocity (d,) of a whitened momentum (d,)."""
    if isinstance(scale, tuple):
        return product(scale, momentum)
    return scale * momentum if scale.ndim == 1 else scale @ momentum


def to_whitened(scale: Scale, gradient: Array) -> Array:
    """Return the gradient (d,) with respect to the whitened coordinates."""
    if isinstance(scale, tuple):
        return transposed_product(scale, gradient)
    return scale * gradient if scale.ndim == 1 else gradient @ scale


class Windows(NamedTuple):
    """Welford's running moments of draws and gradients, over two windows that overlap.

    Row 0 is the foreground window, which makes the metric, and row 1 the background window.
    """

    mean: Any  # (2, 2 d): of the draw and its gradient, one after the other
    squares: Any  # (2, 2 d): sums of squared deviations
    sizes: Any  # (2,): how many draws each window holds


def empty_windows(size: int) -> Windows:
    """Return windows that hold nothing, as NumPy arrays."""
    return Windows(np.zeros((2, 2 * size)), np.zeros((2, 2 * size)), np.zeros(2))


def collect(windows: Windows, value: Array) -> Windows:
    """Add a draw and its gradient (2 d,) to both windows."""
    count = windows.sizes + 1.0
    deviation = value - windows.mean
    mean = windows.mean + deviation / count[:, None]
    return Windows(mean, windows.squares + deviation * (value - mean), count)


def retire(windows: Windows, switch: Array, clear: Array) -> Windows:
    """Let the background be the foreground (`switch`), or empty both windows (`clear`)."""

    def moved(rows: Array) -> Array:
        nothing = jnp.zeros_like(rows[1])
        first = jnp.where(switch, rows[1], jnp.where(clear, nothing, rows[0]))
        return jnp.stack([first, jnp.where(switch | clear, nothing, rows[1])])

    return Windows(moved(windows.mean), moved(windows.squares), moved(windows.sizes))


def scale_from_draws(windows: Windows, scale: Array) -> Array:
    """Return scales from the variances of draws, shrunk towards 1e-3 as in Stan."""
    size = scale.shape[0]
    count = windows.sizes[0]
    variance = windows.squares[0, :size] / jnp.maximum(count - 1.0, 1.0)
    variance = (count * variance + 5e-3) / (count + 5.0)
    return jnp.where((count > 1) & jnp.isfinite(variance), jnp.sqrt(variance), scale)


def scale_from_gradients(windows: Windows, scale: Array) -> Array:
    """Return scales from the variances of draws and gradients, Seyboldt et al. (2026).

    The inverse mass ``sqrt(var(draws) / var(gradients))`` minimises the Fisher divergence between
    the whitened posterior and a standard normal over all diagonal metrics. Where the gradient does
    not vary, as between the walls of an untransformed uniform variable, the scale is that of the
    draws. A coordinate that has not moved keeps its scale.
    """
    size = scale.shape[0]
    draws, gradients = windows.squares[0, :size], windows.squares[0, size:]
    count = jnp.maximum(windows.sizes[0], 2.0)
    ratio = jnp.where(gradients == 0, (draws / (count - 1.0)) ** 2, draws / gradients)
    usable = (windows.sizes[0] > 2) & (ratio > _SMALLEST**2) & (ratio < _LARGEST**2)
    return jnp.where(usable, jnp.sqrt(jnp.sqrt(jnp.where(usable, ratio, 1.0))), scale)


def first_scale(gradient: np.ndarray) -> np.ndarray:
    """Return scales (d,) from the gradient where the chain starts, all that is known there.

    A gradient of zero, at a mode or where the density is flat, says nothing: the scale is then 1.
    """
    known = np.where(gradient == 0, 1.0, np.abs(gradient))
    return 1.0 / np.sqrt(np.clip(known, 1e-10, 1e10))


def factor_from_draws(
    draws: np.ndarray, before: np.ndarray, around: np.ndarray | None = None
) -> np.ndarray:
    """Return the lower factor (d, d) of a covariance estimated from draws (n, d).

    Correlations are shrunk towards 0 by a weight derived from their sampling variances, so that a
    window shorter than the number of coordinates still gives a useful metric: Schäfer and Strimmer
    (2005), "A shrinkage approach to large-scale covariance matrix estimation", Statistical
    Applications in Genetics and Molecular Biology 4(1). A coordinate that has not moved keeps the
    scale that it has in `before`, and so does everything where the draws give no positive definite
    matrix.

    With a factor `around` that is known to be nearly right the correlations are those that it
    leaves, so that a short window does not undo it.
    """
    count, size = draws.shape
    if count < 2 or not np.all(np.isfinite(draws)):
        return before
    if around is not None:
        left = np.linalg.solve(around, draws.T).T
        return np.asarray(around @ factor_from_draws(left, np.linalg.solve(around, before)))
    scales = draws.std(axis=0, ddof=1)
    scales = np.where(scales > 0, scales, np.sqrt(np.sum(before**2, axis=1)))
    whitened = (draws - draws.mean(axis=0)) / scales
    correlation, weight = shrunk_correlation(whitened)
    weight = max(weight, LEAST_SHRINKAGE / count)
    try:
        factor = np.linalg.cholesky((1.0 - weight) * correlation + weight * np.eye(size))
    except np.linalg.LinAlgError:
        return before
    return scales[:, None] * factor


def shrunk_correlation(standardised: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the correlations (d, d) of standardised values (n, d), and how much to shrink them.

    A column of zeros, of a coordinate that has not moved, is correlated with none.
    """
    count = len(standardised)
    correlation = standardised.T @ standardised / (count - 1)
    np.fill_diagonal(correlation, 0.0)
    signal = float(np.sum(correlation**2))
    # The variance of each correlation, from the products of which it is the mean, and their sum:
    # the squares of a draw's products add up to the square of the sum of its squares.
    squares = standardised**2
    products = float(np.sum(squares.sum(axis=1) ** 2) - np.sum(squares**2))
    means = signal * (count - 1) ** 2 / count
    variance = (products - means) * count / (count - 1) ** 3
    weight = min(variance / signal, 1.0) if signal > 0 else 1.0
    np.fill_diagonal(correlation, 1.0)
    return correlation, max(weight, 0.0)
