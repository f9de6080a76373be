"""Strictly increasing vectors of real numbers, of those above a bound, or of those below one."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.lax import cumlogsumexp

from aliquot.transforms.base import Distance, Distances, Transform, known_sd, margin


class Increasing(Transform):
    r"""Vectors that increase strictly along the last axis: :math:`x_i = x_{i-1} + e^{y_i}`.

    The first element is :math:`x_1 = y_1`.

    Notes
    -----
    The log Jacobian is :math:`\sum_{i > 1} y_i`. A gap smaller than rounding resolves at its place
    is widened to a few units in the last place, so that no two elements are ever equal.

    References
    ----------
    .. [1] Stan Development Team, *Stan Reference Manual*, "Constraint transforms: ordered vector".
    """

    name = "increasing"
    event_dims = 1

    def forward(self, x: Any) -> Any:
        x = jnp.asarray(x)
        return jnp.concatenate([x[..., :1], jnp.log(x[..., 1:] - x[..., :-1])], axis=-1)

    def backward(self, y: Any) -> Any:
        y = jnp.asarray(y)
        return running_sum(y[..., :1], jnp.exp(y[..., 1:]))

    def log_det_jacobian(self, y: Any) -> Any:
        return jnp.sum(jnp.asarray(y)[..., 1:], axis=-1)

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean if it increases strictly, else increasing values spread around it.

        These are the sorted means plus `sd` (its mean along the axis) times the standard normal
        quantiles at (i - 1/2) / K.
        """
        mean = jnp.asarray(mean, float)
        good = jnp.all(jnp.isfinite(mean), -1, keepdims=True) & increases(mean)
        middle = jnp.sort(jnp.where(jnp.isfinite(mean), mean, 0.0), axis=-1)
        scale = jnp.mean(jnp.broadcast_to(known_sd(sd), mean.shape), axis=-1, keepdims=True)
        scale = jnp.maximum(scale, 1e-6 * jnp.max(jnp.abs(middle), axis=-1, keepdims=True))
        return jnp.where(good, mean, middle + scale * normal_quantiles(mean.shape[-1]))


def increases(x: Any) -> Any:
    """Say whether vectors increase strictly along the last axis, which is kept."""
    return jnp.all(x[..., 1:] > x[..., :-1], axis=-1, keepdims=True)


def running_sum(first: Any, gaps: Any, offset: Any = 0.0) -> Any:
    """Sum gaps onto a first element along the last axis, each gap wide enough to be seen.

    A gap is lost where it is below the rounding of the sum that it is added to. The sum of
    absolute values bounds that rounding, whatever cancels; `offset` is what the sums are to be
    added to, later.
    """
    reach = jnp.cumsum(jnp.concatenate([jnp.abs(first), gaps], axis=-1), axis=-1)[..., 1:]
    visible = 4.0 * jnp.finfo(reach.dtype).eps * (reach + jnp.abs(offset))
    return jnp.cumsum(jnp.concatenate([first, jnp.maximum(gaps, visible)], axis=-1), axis=-1)


def normal_quantiles(k: int) -> np.ndarray:
    """Compute the standard normal quantiles at (i - 1/2) / k, i = 1, ..., k."""
    normal = NormalDist()
    return np.array([normal.inv_cdf((i + 0.5) / k) for i in range(k)])


increasing = Increasing()


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
