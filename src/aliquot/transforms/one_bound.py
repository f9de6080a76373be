"""The logarithm: numbers above a bound, positive ones first of all, or below one."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from aliquot.transforms.base import Transform
from aliquot.transforms.distances import Distance, Distances, known_sd, margin


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
        return Distances(lower=Distance.of_log(self.lower, y))

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean, and a point one `sd` above the bound where the mean is not above it."""
        inside = jnp.isfinite(mean) & (mean > self.lower)
        return jnp.where(inside, mean, self.lower + jnp.maximum(known_sd(sd), margin(self.lower)))


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
        return Distances(upper=Distance.of_log(self.upper, y))

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean, and a point one `sd` below the bound where the mean is not below it."""
        inside = jnp.isfinite(mean) & (mean < self.upper)
        return jnp.where(inside, mean, self.upper - jnp.maximum(known_sd(sd), margin(self.upper)))


log = Log()
