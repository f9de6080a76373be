"""Draws and quantiles by inversion, to the last digit and however far out in a tail.

By bisection over the doubles themselves, of which there are fewer than 2**64: each step halves how
many are left, whatever their size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from aliquot.distributions.interval_mass import log_mass
from aliquot.distributions.random_numbers import LARGEST, TINY, uniform

if TYPE_CHECKING:
    from aliquot.distributions.base import Distribution

_MOST = 2.0**62


def quantile_between(
    dist: Distribution, low: Any, high: Any, u: Any, rest: Any, shape: tuple[int, ...]
) -> Any:
    """Find the quantile of a variable that is known to be in (low, high].

    Of a level given with what it lacks to one: the lesser says from which bound the probability is
    counted. Bounds that are ``None`` are none.
    """
    from_low = u <= rest
    log_share = jnp.log(jnp.where(from_low, u, rest)) + log_mass(dist, low, high)

    least = -jnp.inf if low is None else low
    most = jnp.inf if high is None else high

    def too_low(x: Any) -> Any:
        log_other = log_mass(dist, jnp.where(from_low, least, x), jnp.where(from_low, x, most))
        return jnp.where(from_low, log_other < log_share, log_other > log_share)

    first, last = (jnp.broadcast_to(x, shape) for x in _ends(dist, low, high))
    if dist.discrete:
        # The quantile is above `first`, which is off the range.
        start = first.astype(np.int64), last.astype(np.int64)
        number = lambda k: k.astype(float)  # noqa: E731
    else:
        start = _ordered(first), _ordered(last)
        number = _number

    def halve(_: Any, ends: Any) -> Any:
        a, b = ends
        middle = (a & b) + ((a ^ b) >> 1)  # their mean, which cannot overflow
        up = too_low(number(middle))
        return jnp.where(up, middle, a), jnp.where(up, b, middle)

    found = lax.fori_loop(0, 64, halve, start)[1]
    return found if dist.discrete else number(found)


def _ends(dist: Distribution, low: Any, high: Any) -> tuple[Any, Any]:
    """Give the least and the largest double that are looked at."""
    support: Any = dist.support
    most = _MOST if dist.discrete else LARGEST
    ends = []
    for bound, own, sign in (
        (low, getattr(support, "lower", None), -1.0),
        (high, getattr(support, "upper", None), 1.0),
    ):
        if dist.discrete and sign < 0 and own is not None:
            own = own - 1.0
        elif isinstance(own, float) and not support.closed:
            # An end that is left out; what is next to zero is to be a normal number.
            own = np.nextafter(own, -sign * np.inf) if own else -sign * TINY
        given = [jnp.asarray(x, float) for x in (bound, own) if x is not None]
        end: Any = sign * most
        for one in given:
            end = jnp.maximum(end, one) if sign < 0 else jnp.minimum(end, one)
        ends.append(end)
    return ends[0], ends[1]


_SIGN = np.int64(np.iinfo(np.int64).max)


def _ordered(x: Any) -> Any:
    """Give integers in the order of the doubles."""
    bits = lax.bitcast_convert_type(jnp.asarray(x, np.float64), np.int64)
    return jnp.where(bits < 0, bits ^ _SIGN, bits)


def _number(order: Any) -> Any:
    bits = jnp.where(order < 0, order ^ _SIGN, order)
    return lax.bitcast_convert_type(bits, np.float64)


_ROUNDS = 40


def draws_between(dist: Distribution, key: Any, low: Any, high: Any, shape: tuple[int, ...]) -> Any:
    """Draw a variable that is known to be in (low, high].

    First by drawing it as it is, for as long as some draw is outside, 40 times at most; by
    inversion what is then left, which is what is improbable. Both have the same law.
    """
    first, second = jax.random.split(key)
    a = -jnp.inf if low is None else low
    b = jnp.inf if high is None else high

    def again(state: tuple[Any, Any, Any, Any]) -> Any:
        return jnp.any(state[2]) & (state[3] < _ROUNDS)

    def once(state: tuple[Any, Any, Any, Any]) -> tuple[Any, Any, Any, Any]:
        key, value, pending, count = state
        key, own = jax.random.split(key)
        drawn = dist.draw(own, shape)
        accepted = (drawn > a) & (drawn <= b)
        return key, jnp.where(pending, drawn, value), pending & ~accepted, count + 1

    start = first, jnp.zeros(shape, dist.dtype), jnp.ones(shape, bool), 0
    _, value, pending, _ = lax.while_loop(again, once, start)

    def invert() -> Any:
        u, rest = uniform(second, shape)
        return quantile_between(dist, low, high, u, rest, shape).astype(dist.dtype)

    return lax.cond(jnp.any(pending), lambda: jnp.where(pending, invert(), value), lambda: value)
