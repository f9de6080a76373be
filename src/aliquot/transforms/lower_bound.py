"""The logarithm: numbers above a bound, positive ones first of all."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from aliquot.transforms.base import Transform
from aliquot.transforms.distances import Distance, Distances
from aliquot.transforms.saturation import SMALLEST, margin, spread


class Log(Transform):
    r"""Numbers greater than a bound: :math:`x = a + e^y`.

    Parameters
    ----------
    lower : float, array or Expression
        The bound :math:`a`, broadcast against x.

    Notes
    -----
    The log Jacobian is `y`. An x nearer to the bound than rounding resolves (about
    ``2e-16 * abs(lower)``; 1e-300 for a bound of zero) is rounded to that distance; `distances`
    are not. ``exp`` overflows for y > 709.

    References
    ----------
    .. [1] Stan Development Team, *Stan Reference Manual*, "Constraint transforms: lower bounded
       scalar".

    Examples
    --------
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(log.backward(0.0), Log(lower=2.0).forward(3.0))
    1.0 0.0
    """

    name = "log"
    fields = ("lower",)

    def __init__(self, lower: Any = 0.0) -> None:
        self.lower = lower

    def forward(self, x: Any) -> Any:
        return jnp.log(x - self.lower)

    def backward(self, y: Any) -> Any:
        return self.lower + jnp.maximum(jnp.exp(y), margin(self.lower))

    def log_det_jacobian(self, y: Any) -> Any:
        return y

    def distances(self, y: Any) -> Distances:
        """Compute the distance from the bound."""
        return Distances(lower=Distance(self.lower, jnp.maximum(jnp.exp(y), SMALLEST), y))

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean, and a point one `sd` above the bound where the mean is not above it."""
        inside = jnp.isfinite(mean) & (mean > self.lower)
        return jnp.where(inside, mean, self.lower + jnp.maximum(spread(sd), margin(self.lower)))


log = Log()
