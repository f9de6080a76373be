"""The log of a weighted sum of exponentials, with gradients that hold at weight zero."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

LARGEST_EXPONENT = 700.0


def log_weighted_sum(log_values: Any, weights: Any) -> Any:
    r"""Compute :math:`\log \sum_k w_k e^{l_k}` along the last axis.

    The weights stay outside the exponential, so that the derivative by a weight,
    :math:`e^{l_k} / \sum_j w_j e^{l_j}`, is right also where the weight is zero, and no logarithm
    of a weight is taken. Terms that are impossible (``-inf``) add nothing to value or gradient;
    where all are, the value is ``-inf`` and the gradient zero.

    Parameters
    ----------
    log_values : array, shape (..., K)
    weights : array, shape (..., K), non-negative

    Returns
    -------
    array, shape (...)

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> float(log_weighted_sum(jnp.array([0.0, 5.0]), jnp.array([1.0, 0.0])))
    0.0
    """
    weights = jnp.asarray(weights)
    largest = jnp.max(jnp.where(weights > 0, log_values, -jnp.inf), axis=-1, keepdims=True)
    shift = jax.lax.stop_gradient(jnp.where(jnp.isfinite(largest), largest, 0.0))
    # Only terms of weight zero can be larger than the shift: they must not overflow.
    each = jnp.exp(jnp.minimum(log_values - shift, LARGEST_EXPONENT))
    total = jnp.sum(weights * each, axis=-1)
    none = total == 0
    return jnp.where(none, -jnp.inf, jnp.log(jnp.where(none, 1.0, total)) + shift[..., 0])
