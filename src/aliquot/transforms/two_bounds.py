"""The scaled logit: numbers between two bounds, probabilities first of all."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from aliquot.transforms.base import Transform
from aliquot.transforms.distances import SMALLEST, Distance, Distances, margin


class Logit(Transform):
    r"""Numbers between two bounds: :math:`x = a + (b - a) / (1 + e^{-y})`.

    Parameters
    ----------
    lower, upper : float, array or Expression
        The bounds :math:`a < b`, broadcast against x.

    Notes
    -----
    The log Jacobian is :math:`\log(b - a) - |y| - 2 \log(1 + e^{-|y|})`. Each half of the range is
    computed from its own end, so that an end at zero keeps its full precision. An x nearer to an
    end than rounding resolves is rounded to that distance: for bounds 0 and 1, the range is
    [1e-300, 1 - 2.2e-16], reached at y = -691 and y = 36. `distances` are not rounded.
    Where the bounds are expressions and cross, the log Jacobian is -inf.

    References
    ----------
    .. [1] Stan Development Team, *Stan Reference Manual*, "Constraint transforms: lower and upper
       bounded scalar".

    Examples
    --------
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(Logit(-1.0, 3.0).backward(0.0))
    1.0
    """

    name = "interval"
    fields = ("lower", "upper")

    def __init__(self, lower: Any, upper: Any) -> None:
        self.lower = lower
        self.upper = upper

    def forward(self, x: Any) -> Any:
        return jnp.log(x - self.lower) - jnp.log(self.upper - x)

    def backward(self, y: Any) -> Any:
        _, tail = _tail(y)
        step = (self.upper - self.lower) * tail / (1.0 + tail)
        from_upper = self.upper - jnp.maximum(step, margin(self.upper))
        return jnp.where(y >= 0, from_upper, self.lower + jnp.maximum(step, margin(self.lower)))

    def log_det_jacobian(self, y: Any) -> Any:
        distance, tail = _tail(y)
        width = self.upper - self.lower
        slope = _log_width(width) - distance - 2.0 * jnp.log1p(tail)
        return jnp.where(width > 0, slope, -jnp.inf)

    def distances(self, y: Any) -> Distances:
        """Compute the distances from the two bounds, the logarithm of the nearer one from y."""
        distance, tail = _tail(y)
        above, width = y >= 0, self.upper - self.lower
        far, near = width / (1.0 + tail), width * tail / (1.0 + tail)
        log_far = _log_width(width) - jnp.log1p(tail)
        log_near = log_far - distance

        def side(bound: Any, nearer: Any) -> Distance:
            size = jnp.maximum(jnp.where(nearer, near, far), SMALLEST)
            return Distance(bound, size, jnp.where(nearer, log_near, log_far))

        return Distances(side(self.lower, jnp.logical_not(above)), side(self.upper, above))

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean, and the middle where the mean is not inside."""
        del sd
        inside = (mean > self.lower) & (mean < self.upper)
        return jnp.where(inside, mean, self.lower + 0.5 * (self.upper - self.lower))


class LogOdds(Logit):
    """Probabilities: the logit between 0 and 1.

    Examples
    --------
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(logodds.backward(0.0))
    0.5
    """

    name = "logodds"

    def __init__(self) -> None:
        super().__init__(0.0, 1.0)


def _log_width(width: Any) -> Any:
    """Compute the logarithm of the width, 0 where the bounds cross."""
    return jnp.log(jnp.where(width > 0, width, 1.0))


def _tail(y: Any) -> tuple[Any, Any]:
    """Compute |y| and exp(-|y|), with the derivative from the right at zero.

    `jnp.abs` has derivative 0 at 0, where y = 0 is the usual start point.
    """
    distance = jnp.where(y >= 0, y, -y)
    return distance, jnp.exp(-distance)


logodds = LogOdds()
