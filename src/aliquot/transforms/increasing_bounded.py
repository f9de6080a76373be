"""Strictly increasing vectors of numbers above a bound, or below one: rates, spreads."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax.lax import cumlogsumexp

from aliquot.transforms.base import Distance, Distances, Transform, known_sd, margin
from aliquot.transforms.increasing import increases, normal_quantiles, running_sum


class IncreasingAbove(Transform):
    r"""Vectors that increase strictly from a bound: :math:`x_i = x_{i-1} + e^{y_i}`.

    Before the first element stands the bound, :math:`x_0 = a`.

    Parameters
    ----------
    lower : float, array or Expression
        The bound :math:`a`, broadcast against vectors with a last axis of length one.

    Notes
    -----
    The log Jacobian is :math:`\sum_i y_i`. Gaps saturate as those of
    :class:`~aliquot.transforms.increasing.Increasing`, the first as that of
    :class:`~aliquot.transforms.Log`.

    References
    ----------
    .. [1] Stan Development Team, *Stan Reference Manual*, "Constraint transforms: positive ordered
       vector".

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(IncreasingAbove(10.0).backward(np.zeros(3)))
    [11. 12. 13.]
    """

    name = "increasing_above"
    event_dims = 1
    fields = ("lower",)

    def __init__(self, lower: Any = 0.0) -> None:
        self.lower = lower

    def forward(self, x: Any) -> Any:
        x = jnp.asarray(x)
        return jnp.log(jnp.concatenate([x[..., :1] - self.lower, x[..., 1:] - x[..., :-1]], -1))

    def backward(self, y: Any) -> Any:
        gaps = jnp.maximum(jnp.exp(jnp.asarray(y)), margin(self.lower))
        return self.lower + running_sum(gaps[..., :1], gaps[..., 1:], self.lower)

    def log_det_jacobian(self, y: Any) -> Any:
        return jnp.sum(jnp.asarray(y), axis=-1)

    def distances(self, y: Any) -> Distances:
        """Compute the distances from the bound."""
        y = jnp.asarray(y)
        logs = cumlogsumexp(y, axis=y.ndim - 1)
        return Distances(lower=Distance.of_log(self.lower, logs))

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean if it is above the bound and increases, else such values around it.

        With distances from the bound in place of the values, these are the sorted means times
        exp(r q): q the standard normal quantiles at (i - 1/2) / K, r the ratio of `sd` to mean
        along the axis, kept from 0.01 to 1. A mean that is not above the bound counts as `sd`.
        """
        lower = jnp.asarray(self.lower, float)
        mean = jnp.asarray(mean, float)
        inside = jnp.isfinite(mean) & (mean > lower)
        good = jnp.all(inside, axis=-1, keepdims=True) & increases(mean)
        scale = jnp.maximum(jnp.broadcast_to(known_sd(sd), mean.shape), 1e6 * margin(lower))
        distance = jnp.where(inside, jnp.maximum(mean - lower, 1e6 * margin(lower)), scale)
        middle = jnp.sort(distance, axis=-1)
        ratio = jnp.clip(jnp.mean(scale / middle, axis=-1, keepdims=True), 0.01, 1.0)
        moved = lower + middle * jnp.exp(ratio * normal_quantiles(mean.shape[-1]))
        return jnp.where(good, mean, moved)


class IncreasingBelow(Transform):
    r"""Vectors that increase strictly up to a bound: :math:`x_i = x_{i+1} - e^{y_i}`.

    After the last element stands the bound, :math:`x_{K+1} = b`: the mirror image of
    :class:`IncreasingAbove`.

    Parameters
    ----------
    upper : float, array or Expression
        The bound :math:`b`, broadcast against vectors with a last axis of length one.

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(IncreasingBelow(0.0).backward(np.zeros(3)))
    [-3. -2. -1.]
    """

    name = "increasing_below"
    event_dims = 1
    fields = ("upper",)

    def __init__(self, upper: Any = 0.0) -> None:
        self.upper = upper

    def forward(self, x: Any) -> Any:
        return jnp.flip(self._mirror().forward(-jnp.flip(jnp.asarray(x), -1)), -1)

    def backward(self, y: Any) -> Any:
        return -jnp.flip(self._mirror().backward(jnp.flip(jnp.asarray(y), -1)), -1)

    def log_det_jacobian(self, y: Any) -> Any:
        return jnp.sum(jnp.asarray(y), axis=-1)

    def distances(self, y: Any) -> Distances:
        """Compute the distances from the bound."""
        y = jnp.asarray(y)
        logs = cumlogsumexp(y, axis=y.ndim - 1, reverse=True)
        return Distances(upper=Distance.of_log(self.upper, logs))

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mirror image of what :class:`IncreasingAbove` gives."""
        mean = jnp.asarray(mean, float)
        sd = jnp.broadcast_to(sd, mean.shape)
        return -jnp.flip(self._mirror().start(-jnp.flip(mean, -1), jnp.flip(sd, -1)), -1)

    def _mirror(self) -> IncreasingAbove:
        return IncreasingAbove(-self.upper)
