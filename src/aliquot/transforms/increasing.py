"""Strictly increasing vectors of real numbers: coordinates of one vector, along the last axis."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.transforms.base import Transform, known_sd


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

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(increasing.backward(np.array([-1.0, 0.0, 0.0])))
    [-1.  0.  1.]
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
