"""Arrays that sum to zero along each of their last axes."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from aliquot.distributions.array_constraints import ZeroSumArray
from aliquot.errors import ShapeError
from aliquot.transforms.base import Transform
from aliquot.transforms.probabilities import centred, coordinates_of_centred


class ZeroSum(Transform):
    r"""Arrays that sum to zero along each of their last axes, from one fewer entry along each.

    Along an axis of length n the coordinates are orthonormal: those of `Simplex`, without the
    softmax. So distances are the same in x and in y, independent standard normal y are what is left
    of independent standard normal numbers less their mean, and no entry is a special one. The log
    Jacobian is 0, with respect to Lebesgue measure on the arrays that sum to zero.

    Parameters
    ----------
    axes : int
        How many of the last axes sum to zero.

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     x = np.asarray(zero_sum.backward(np.array([3.0, 4.0])))
    >>> bool(abs(x.sum()) < 1e-14), round(float((x**2).sum()), 6)
    (True, 25.0)
    """

    name = "zero_sum"

    def __init__(self, axes: int = 1) -> None:
        self.event_dims = axes

    def forward(self, x: Any) -> Any:
        return self._along_each(coordinates_of_centred, x)

    def backward(self, y: Any) -> Any:
        return self._along_each(centred, y)

    def log_det_jacobian(self, y: Any) -> Any:
        return jnp.zeros(jnp.shape(y)[: jnp.ndim(y) - self.event_dims])

    def unconstrained_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Give the shape with one entry fewer along each axis that sums to zero, of 2 or more."""
        split = len(shape) - self.event_dims
        if split < 0 or min(shape[split:]) < 2:
            raise ShapeError(
                f"transform {self.name} needs at least 2 entries along each of the last "
                f"{self.event_dims} axes; got shape {shape}"
            )
        return (*shape[:split], *(length - 1 for length in shape[split:]))

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean if it sums to zero, else what is left of it less its means."""
        del sd
        mean = jnp.asarray(mean, float)
        axes = tuple(range(-self.event_dims, 0))
        good = jnp.expand_dims(ZeroSumArray(self.event_dims).check(mean, jnp), axes)
        moved = jnp.where(jnp.all(jnp.isfinite(mean), axis=axes, keepdims=True), mean, 0.0)
        for axis in axes:
            moved = moved - jnp.mean(moved, axis=axis, keepdims=True)
        return jnp.where(good, mean, moved)

    def _along_each(self, function: Any, x: Any) -> Any:
        x = jnp.asarray(x)
        for axis in range(-self.event_dims, 0):
            x = jnp.moveaxis(function(jnp.moveaxis(x, axis, -1)), -1, axis)
        return x


zero_sum = ZeroSum()
