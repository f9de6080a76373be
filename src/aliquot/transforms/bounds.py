"""Real numbers; numbers above a bound, below one or between two: none, logarithm, logit; angles."""

from __future__ import annotations

from math import exp, log1p, pi
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.errors import ParameterError
from aliquot.expression import Expression
from aliquot.transforms.base import SMALLEST, Distance, Distances, Transform, known_sd, margin


class Identity(Transform):
    """The transform of real numbers: none.

    Examples
    --------
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(identity.backward(2.5), identity.log_det_jacobian(2.5))
    2.5 0.0
    """

    name = "identity"

    def forward(self, x: Any) -> Any:
        return x

    def backward(self, y: Any) -> Any:
        return y

    def log_det_jacobian(self, y: Any) -> Any:
        return jnp.zeros_like(y)

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean, and 0 where it is not finite."""
        del sd
        return jnp.where(jnp.isfinite(mean), mean, 0.0)


identity = Identity()


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


def interval(lower: Any = None, upper: Any = None) -> Transform:
    """Give the transform of the numbers between two bounds, either of which may be absent.

    Parameters
    ----------
    lower, upper : float, array, Expression or None
        A bound that is ``None``, or infinite throughout, is no bound.

    Returns
    -------
    Transform
        :class:`Logit` for two bounds, :class:`Log` or :class:`UpperLog` for one, the identity for
        none; the shared instances `logodds` and `log` for (0, 1) and (0, infinity).

    Raises
    ------
    ParameterError
        For a bound that is not a number, is NaN, or is infinite in some places only; and where
        the lower bound is not below the upper one.

    Examples
    --------
    >>> interval(0, None), interval(0, 1), interval(-1, 1), interval()
    (<transform log>, <transform logodds>, <transform interval>, <transform identity>)
    """
    low = _bound("lower", lower, -np.inf)
    up = _bound("upper", upper, np.inf)
    if low is None and up is None:
        return identity
    if up is None:
        return log if _is(low, 0.0) else Log(low)
    if low is None:
        return UpperLog(up)
    if isinstance(low, np.ndarray) and isinstance(up, np.ndarray) and not _below(low, up):
        raise ParameterError(
            f"interval: lower must be less than upper; got lower={lower}, upper={upper}"
        )
    return logodds if _is(low, 0.0) and _is(up, 1.0) else Logit(low, up)


Interval = interval
"""PyMC's name for :func:`interval`."""


def _bound(name: str, value: Any, absent: float) -> Any:
    """Read one bound: a float64 array, ``None``, or what gets its value later."""
    if value is None or isinstance(value, Expression | jax.core.Tracer):
        return value
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ParameterError(
            f"interval: {name} must be a number, an array, an expression or None; got {value!r}"
        ) from None
    if np.isnan(array).any():
        raise ParameterError(f"interval: {name} is NaN")
    if (array == absent).all():
        return None
    if not np.isfinite(array).all():
        raise ParameterError(
            f"interval: {name} must be finite everywhere or {absent} everywhere; got {value}. "
            "Write the bounded and the unbounded elements as two variables"
        )
    return array


def _below(low: np.ndarray, up: np.ndarray) -> bool:
    try:
        return bool((low < up).all())
    except ValueError:
        raise ParameterError(
            f"interval: the shapes of lower {low.shape} and upper {up.shape} do not fit together"
        ) from None


def _is(bound: Any, value: float) -> bool:
    return isinstance(bound, np.ndarray) and bool((bound == value).all())


SCALE = 4.0 * pi
"""Scale, in radians, of the weight over turns: so wide that it hardly tilts a density in a turn."""


class Circular(Transform):
    r"""Angles from -pi to pi: any real y, less its whole turns.

    Notes
    -----
    This is not a bijection: y and y + 2 pi k are the same angle. With a Jacobian of one, as in
    PyMC, the density of y repeats for ever and has no normalisation: chains may drift off, and a
    metric or a variational fit learnt from y means nothing. A logit between -pi and pi would be
    proper, but puts a cut at pi that no trajectory crosses.

    Here the turns share the angle's density instead: `log_det_jacobian` is the logarithm of

    .. math:: w(y) = F(y + \pi) - F(y - \pi), \qquad \sum_k w(y + 2 \pi k) = 1,

    where :math:`F` is the logistic distribution function with scale :math:`4 \pi` (the sum
    telescopes, for any distribution function). So y has a proper, smooth density, x has exactly
    its own, and trajectories pass through pi unhindered. A concentrated angle gives y one mode for
    each turn; a chain that stays in one of them sees the angle's density times a weight that is
    nearly constant there (a slope of 0.01 per radian at y = pi, at most 0.08 far away).

    `forward` gives the y of turn zero. Compare chains by their angles, not by y.

    Examples
    --------
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(circular.backward(7.0).round(6))
    0.716815
    """

    name = "circular"

    def forward(self, x: Any) -> Any:
        return x

    def backward(self, y: Any) -> Any:
        x = y - 2.0 * pi * jnp.round(y / (2.0 * pi))
        return jnp.where(jnp.abs(x) <= pi, x, jnp.sign(x) * pi)

    def log_det_jacobian(self, y: Any) -> Any:
        r"""Compute the logarithm of the weight w(y), which stands in the place of a Jacobian.

        The difference of the two logistic functions is written as a product, which does not cancel:
        :math:`\sigma(a) - \sigma(b) = \sigma(a) \sigma(-b) (1 - e^{b - a})`.
        """
        rising = jax.nn.log_sigmoid((y + pi) / SCALE)
        falling = jax.nn.log_sigmoid((pi - y) / SCALE)
        return rising + falling + log1p(-exp(-2.0 * pi / SCALE))

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean, and 0 where it is not an angle."""
        del sd
        return jnp.where(jnp.abs(mean) <= pi, mean, 0.0)


circular = Circular()
