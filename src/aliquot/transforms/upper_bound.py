"""The mirrored logarithm: numbers below a bound."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from aliquot.transforms.base import Transform
from aliquot.transforms.distances import Distance, Distances
from aliquot.transforms.saturation import SMALLEST, margin, spread


class UpperLog(Transform):
    r"""Numbers less than a bound: :math:`x = b - e^y`, which falls as y rises.

    Parameters
    ----------
    upper : float, array or Expression
        The bound :math:`b`, broadcast against x.

    Notes
    -----
    The log Jacobian is `y`. It saturates and overflows where :class:`~aliquot.transforms.Log` does.

    References
    ----------
    .. [1] Stan Development Team, *Stan Reference Manual*, "Constraint transforms: upper bounded
       scalar".

    Examples
    --------
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(UpperLog(upper=2.0).backward(0.0))
    1.0
    """

    name = "upper_log"
    fields = ("upper",)

    def __init__(self, upper: Any = 0.0) -> None:
        self.upper = upper

    def forward(self, x: Any) -> Any:
        return jnp.log(self.upper - x)

    def backward(self, y: Any) -> Any:
        return self.upper - jnp.maximum(jnp.exp(y), margin(self.upper))

    def log_det_jacobian(self, y: Any) -> Any:
        return y

    def distances(self, y: Any) -> Distances:
        """Compute the distance from the bound."""
        return Distances(upper=Distance(self.upper, jnp.maximum(jnp.exp(y), SMALLEST), y))

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean, and a point one `sd` below the bound where the mean is not below it."""
        inside = jnp.isfinite(mean) & (mean < self.upper)
        return jnp.where(inside, mean, self.upper - jnp.maximum(spread(sd), margin(self.upper)))
