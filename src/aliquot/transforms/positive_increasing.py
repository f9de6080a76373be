"""Strictly increasing vectors of positive numbers, such as ordered standard deviations."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from aliquot.transforms.increasing import Ordered, normal_quantiles, running_sum
from aliquot.transforms.saturation import SMALLEST, spread


class PositiveOrdered(Ordered):
    r"""Positive vectors that increase strictly along the last axis.

    :math:`x_i = x_{i-1} + e^{y_i}`, from :math:`x_0 = 0`.

    Notes
    -----
    The log Jacobian is :math:`\sum_i y_i`. Gaps saturate as those of
    :class:`~aliquot.transforms.Ordered`, and the first element at 1e-300.

    References
    ----------
    .. [1] Stan Development Team, *Stan Reference Manual*, "Constraint transforms: positive ordered
       vector".

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(positive_ordered.backward(np.zeros(3)))
    [1. 2. 3.]
    """

    name = "positive_ordered"

    def forward(self, x: Any) -> Any:
        x = jnp.asarray(x)
        return jnp.log(jnp.concatenate([x[..., :1], x[..., 1:] - x[..., :-1]], axis=-1))

    def backward(self, y: Any) -> Any:
        gaps = jnp.maximum(jnp.exp(jnp.asarray(y)), SMALLEST)
        return running_sum(gaps[..., :1], gaps[..., 1:])

    def log_det_jacobian(self, y: Any) -> Any:
        return jnp.sum(jnp.asarray(y), axis=-1)

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean if it is positive and increases strictly, else such values around it.

        These are the sorted means times exp(r q): q the standard normal quantiles at (i - 1/2) / K,
        r the ratio of `sd` to mean along the axis, kept from 0.01 to 1. A mean that is not positive
        counts as `sd`.
        """
        mean = jnp.asarray(mean, float)
        positive = jnp.isfinite(mean) & (mean > 0)
        good = jnp.all(positive, axis=-1, keepdims=True) & self._increases(mean)
        scale = jnp.broadcast_to(spread(sd), mean.shape)
        middle = jnp.sort(jnp.where(positive, mean, scale), axis=-1)
        ratio = jnp.clip(jnp.mean(scale / middle, axis=-1, keepdims=True), 0.01, 1.0)
        return jnp.where(good, mean, middle * jnp.exp(ratio * normal_quantiles(mean.shape[-1])))


positive_ordered = PositiveOrdered()
