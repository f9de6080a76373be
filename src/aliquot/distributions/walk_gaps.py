"""Gaussian random walks of which some points are missing.

Steps that nobody saw add up: between two points that were seen, the walk moved by a normal step
whose mean and variance are the sums of those of the steps in between.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np


def neighbours(missing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the points seen before and after each point: -1 and the walk's length where none is.

    Parameters
    ----------
    missing : numpy.ndarray of bool, shape (..., points)

    Returns
    -------
    before, after : numpy.ndarray of int, shape (..., points)
        The last point seen before each, and the first one seen after it; never itself.
    """
    points = missing.shape[-1]
    at = np.arange(points)
    last = np.maximum.accumulate(np.where(missing, -1, at), axis=-1)
    first = np.minimum.accumulate(np.where(missing, points, at)[..., ::-1], axis=-1)[..., ::-1]
    before = np.concatenate([np.full_like(last[..., :1], -1), last[..., :-1]], axis=-1)
    after = np.concatenate([first[..., 1:], np.full_like(first[..., :1], points)], axis=-1)
    return before, after


def sum_between(steps: Any, start: np.ndarray, stop: np.ndarray) -> Any:
    """Add up the steps from one point of a walk to another.

    Parameters
    ----------
    steps : array, shape () or (..., 1) or (..., points - 1)
    start, stop : numpy.ndarray of int, shape (..., points)
        Numbers of points; a start before the first is taken for the first.

    Returns
    -------
    array, shape (..., points)
    """
    start = np.maximum(start, 0)
    stop = np.maximum(stop, start)
    if jnp.ndim(steps) == 0 or jnp.shape(steps)[-1] == 1:
        return steps * (stop - start)
    batch = np.broadcast_shapes(jnp.shape(steps)[:-1], start.shape[:-1])
    size = jnp.shape(steps)[-1]

    def pick(values: Any, index: np.ndarray) -> Any:
        values = jnp.broadcast_to(values, (*batch, values.shape[-1]))
        index = np.broadcast_to(index, (*batch, index.shape[-1]))
        return jnp.take_along_axis(values, index, axis=-1)

    zero = jnp.zeros_like(steps[..., :1])
    sums = jnp.concatenate([zero, jnp.cumsum(steps, axis=-1)], axis=-1)
    far = pick(sums, np.minimum(stop, size)) - pick(sums, start)
    # One step by itself is not the difference of two sums, which have been rounded.
    near = pick(steps, np.minimum(start, size - 1))
    return jnp.where(stop - start == 1, near, far)
