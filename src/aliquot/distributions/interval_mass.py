"""Log probabilities of intervals of any univariate family, without differences that cancel.

A family gives the logarithms of its distribution function and of what that lacks to one
(`Distribution._log_tails`); everything here works on the side where these are small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.special.complement import log_complement

if TYPE_CHECKING:
    from aliquot.distributions.base import Distribution

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_NODES, _WEIGHTS = 0.5 * (_NODES + 1.0), 0.5 * _WEIGHTS
# An interval that holds less than this share of the tail that it begins is integrated over.
_NARROW = 0.1


def log_tails(dist: Distribution, x: Any) -> tuple[Any, Any]:
    """Compute the logs of P(X <= x) and of P(X > x) for any x, infinite or off the support."""
    x = jnp.asarray(x, float)
    below, above = beyond_support(dist, x)
    outside = below | above
    safe = jnp.where(outside, _inside(dist, x), x)
    low, high = dist._log_tails(safe)
    return (
        jnp.where(below, -jnp.inf, jnp.where(above, 0.0, low)),
        jnp.where(above, -jnp.inf, jnp.where(below, 0.0, high)),
    )


def log_mass(dist: Distribution, low: Any, high: Any) -> Any:
    """Compute the log of P(low < X <= high); a bound that is ``None`` is none.

    It is ``-inf`` where the bounds do not leave anything between them.
    """
    if low is None and high is None:
        return 0.0
    if low is None:
        return log_tails(dist, high)[0]
    if high is None:
        return log_tails(dist, low)[1]
    low, high = jnp.broadcast_arrays(jnp.asarray(low, float), jnp.asarray(high, float))
    below, above = log_tails(dist, low), log_tails(dist, high)
    (low_below, low_above), (high_below, high_above) = (
        beyond_support(dist, x) for x in (low, high)
    )
    none = low_above | high_below | ~(low < high)
    one = jnp.where(high_above, below[1], above[0])
    both = ~(none | low_below | high_above)
    a, b = _two_inside(dist, both, low, high)
    mass = jnp.where(both, dist._log_between(a, b, below, above), one)
    return jnp.where(none, -jnp.inf, mass)


def tails_within(dist: Distribution, low: Any, high: Any, x: Any) -> tuple[Any, Any]:
    """Compute the log tails at x of a variable that is known to be in (low, high]."""
    total = log_mass(dist, low, high)
    return log_mass(dist, low, x) - total, log_mass(dist, x, high) - total


def log_between(dist: Distribution, low: Any, high: Any, first: Any, last: Any) -> Any:
    """Compute the log of P(low < X <= high) for two numbers inside of the support.

    Given the log tails at both: their difference on the side where they are small; of a continuous
    variable, where they are nearly equal, the integral of the density by Gauss-Legendre quadrature.
    """
    (below_low, above_low), (below_high, above_high) = first, last
    right = below_low > np.log(0.5)
    more = jnp.where(right, above_low, below_high)
    less = jnp.where(right, above_high, below_low)
    gap = jnp.minimum(less - more, 0.0)
    if dist.discrete:
        return more + log_complement(gap)
    narrow = gap > np.log1p(-_NARROW)
    a, b = _two_inside(dist, narrow, low, high)
    wide = more + log_complement(jnp.where(narrow, -1.0, gap))
    return jnp.where(narrow, log_integral(dist, a, b), wide)


def log_integral(dist: Distribution, low: Any, high: Any) -> Any:
    """Integrate a density that is smooth between two numbers of the support.

    In the logarithm of what is positive and the log odds of what is between 0 and 1, over which a
    density may change by much within few digits of the number.
    """
    support: Any = dist.support
    lower, upper = getattr(support, "lower", None), getattr(support, "upper", None)
    low, high = (jnp.asarray(x, float) for x in (low, high))
    shape = jnp.broadcast_shapes(low.shape, high.shape, dist.batch_shape)
    low, high = jnp.broadcast_to(low, shape), jnp.broadcast_to(high, shape)
    # Along a new first axis: the nodes.
    node, weight = (np.reshape(x, (-1, *(1,) * len(shape))) for x in (_NODES, _WEIGHTS))

    def between(start: Any, stop: Any) -> Any:
        return start + node * (stop - start)

    if not _is(lower, 0.0) or support.closed:
        width = high - low
        log_density = dist._log_prob(between(low, high))
    elif _is(upper, 1.0):
        width = jnp.log1p((high - low) / low) - jnp.log1p(-(high - low) / (1.0 - low))
        y = between(*(jnp.log(x) - jnp.log1p(-x) for x in (low, high)))
        x = 1.0 / (1.0 + jnp.exp(-y))
        log_density = dist._log_prob(x) + jnp.log(x) - jnp.log1p(jnp.exp(y))
    else:
        width = jnp.log1p((high - low) / low)
        y = between(jnp.log(low), jnp.log(high))
        log_density = dist._log_prob(jnp.exp(y)) + y
    largest = jax.lax.stop_gradient(jnp.max(log_density, axis=0))
    total = jnp.sum(weight * jnp.exp(log_density - largest), axis=0)
    return largest + jnp.log(total) + jnp.log(width)


def beyond_support(dist: Distribution, x: Any) -> tuple[Any, Any]:
    """Say where no value is as small as x, or none is greater."""
    support = dist.support
    lower, upper = getattr(support, "lower", None), getattr(support, "upper", None)
    lower = -jnp.inf if lower is None else lower
    upper = jnp.inf if upper is None else upper
    return (x < lower if dist.discrete else x <= lower) | (x == -jnp.inf), x >= upper


def _inside(dist: Distribution, x: Any) -> Any:
    """Give a number inside of the support for each x."""
    return dist.support.feasible(jnp.asarray(x, float), jnp).astype(float)


def _two_inside(dist: Distribution, where: Any, low: Any, high: Any) -> tuple[Any, Any]:
    """Put two numbers of the support, one above the other, in the place of those not wanted."""
    support = dist.support
    lower, upper = getattr(support, "lower", None), getattr(support, "upper", None)
    middle = _inside(dist, low)
    if lower is None and upper is None:
        above = middle + 1.0
    elif upper is None:
        above = middle + (1.0 if dist.discrete else 0.5 * (middle - lower))
    elif lower is None:
        middle, above = upper - 2.0, upper - 1.0
    elif dist.discrete:
        middle, above = lower, upper
    else:
        above = 0.5 * middle + 0.5 * upper
    return jnp.where(where, low, middle), jnp.where(where, high, above)


def _is(bound: Any, value: float) -> bool:
    return isinstance(bound, float | int) and bound == value
