"""Strictly increasing vectors, such as the means of a mixture whose labels must not switch."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.errors import ShapeError
from aliquot.transforms.base import Transform
from aliquot.transforms.saturation import spread


class Ordered(Transform):
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
    ...     print(ordered.backward(np.array([-1.0, 0.0, 0.0])))
    [-1.  0.  1.]
    """

    name = "ordered"
    event_dims = 1

    def forward(self, x: Any) -> Any:
        x = jnp.asarray(x)
        return jnp.concatenate([x[..., :1], jnp.log(x[..., 1:] - x[..., :-1])], axis=-1)

    def backward(self, y: Any) -> Any:
        y = jnp.asarray(y)
        gaps = jnp.exp(y[..., 1:])
        return running_sum(y[..., :1], gaps)

    def log_det_jacobian(self, y: Any) -> Any:
        return jnp.sum(jnp.asarray(y)[..., 1:], axis=-1)

    def unconstrained_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Give the shape of x back, if it has an axis to increase along.

        Raises
        ------
        ShapeError
            For a scalar, or a last axis of length 0.
        """
        if not shape or shape[-1] < 1:
            raise ShapeError(
                f"transform {self.name} orders the last axis, and shape {shape} has "
                f"{'none' if not shape else 'no elements along it'}: give the variable a shape "
                "such as shape=2"
            )
        return shape

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean if it increases strictly, else increasing values spread around it.

        These are the sorted means plus `sd` (its mean along the axis) times the standard normal
        quantiles at (i - 1/2) / K.
        """
        mean = jnp.asarray(mean, float)
        good = jnp.all(jnp.isfinite(mean), -1, keepdims=True) & self._increases(mean)
        middle = jnp.sort(jnp.where(jnp.isfinite(mean), mean, 0.0), axis=-1)
        scale = jnp.mean(jnp.broadcast_to(spread(sd), mean.shape), axis=-1, keepdims=True)
        scale = jnp.maximum(scale, 1e-6 * jnp.max(jnp.abs(middle), axis=-1, keepdims=True))
        return jnp.where(good, mean, middle + scale * normal_quantiles(mean.shape[-1]))

    def ordered_axis(self, shape: tuple[int, ...]) -> int | None:
        """Give the last axis, which is ordered."""
        return len(shape) - 1

    def sort(self, x: Any) -> Any:
        """Sort along the last axis: a draw of exchangeable elements becomes an ordered one.

        Examples
        --------
        >>> import numpy as np
        >>> from aliquot.precision import float64
        >>> with float64():
        ...     print(ordered.sort(np.array([2.0, 1.0])))
        [1. 2.]
        """
        return jnp.sort(x, axis=-1)

    @staticmethod
    def _increases(x: Any) -> Any:
        return jnp.all(x[..., 1:] > x[..., :-1], axis=-1, keepdims=True)


def running_sum(first: Any, gaps: Any) -> Any:
    """Sum gaps onto a first element along the last axis, each gap wide enough to be seen.

    A gap is lost where it is below the rounding of the sum that it is added to. The sum of
    absolute values bounds that rounding, whatever cancels.
    """
    reach = jnp.cumsum(jnp.concatenate([jnp.abs(first), gaps], axis=-1), axis=-1)[..., 1:]
    visible = 4.0 * jnp.finfo(reach.dtype).eps * reach
    return jnp.cumsum(jnp.concatenate([first, jnp.maximum(gaps, visible)], axis=-1), axis=-1)


def normal_quantiles(k: int) -> np.ndarray:
    """Compute the standard normal quantiles at (i - 1/2) / k, i = 1, ..., k."""
    normal = NormalDist()
    return np.array([normal.inv_cdf((i + 0.5) / k) for i in range(k)])


ordered = Ordered()
