r"""Confluent and Gauss's hypergeometric functions of real arguments.

Their series are summed with 32 digits, since the terms may alternate and be far larger than their
sum; JAX sums them with 16, and has infinity for :math:`{}_1F_1` of less than about -100. First the
argument is moved to where they converge (DLMF 13.2.39, 15.8.1):

.. math:: {}_1F_1(a; b; x) = e^x {}_1F_1(b - a; b; -x), \quad
    {}_2F_1(a, b; c; x) = (1 - x)^{-a} {}_2F_1(a, c - b; c; x / (x - 1))
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.special import gammaln, gammasgn

from aliquot.special.double_double import DoubleDouble, two_sum

# Beyond this, the confluent function is its asymptotic series.
_FAR = 1e4
_TERMS = 60
_MOST_TERMS = 4_000_000
_LARGE = 2.0**400


@jax.custom_jvp
def hyp1f1(a: Any, b: Any, x: Any) -> Any:
    r"""Compute Kummer's confluent hypergeometric function :math:`{}_1F_1(a; b; x)`.

    Parameters
    ----------
    a, b, x : array
        Real. Where b is 0, -1, -2, ..., the result is infinite.

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.math.hyp1f1(1.0, 2.0, -150.0)), 12)
    0.006666666667
    """
    return _confluent(a, b, x)


@hyp1f1.defjvp
def _hyp1f1_jvp(primals: Any, tangents: Any) -> tuple[Any, Any]:
    a, b, x = primals
    by_x = a / b * hyp1f1(a + 1.0, b + 1.0, x)
    return _with_slopes(_confluent, primals, tangents, by_x)


@jax.custom_jvp
def hyp2f1(a: Any, b: Any, c: Any, x: Any) -> Any:
    r"""Compute Gauss's hypergeometric function :math:`{}_2F_1(a, b; c; x)`.

    Parameters
    ----------
    a, b, c : array
        Real.
    x : array, at most 1
        Up to some 4 million terms are summed: for x between 1 - 1e-5 and 1, and below -1e5, there
        are fewer digits.

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.math.hyp2f1(1.0, 1.0, 2.0, -3.0)), 12)
    0.462098120373
    """
    return _gauss(a, b, c, x)


@hyp2f1.defjvp
def _hyp2f1_jvp(primals: Any, tangents: Any) -> tuple[Any, Any]:
    a, b, c, x = primals
    by_x = a * b / c * hyp2f1(a + 1.0, b + 1.0, c + 1.0, x)
    return _with_slopes(_gauss, primals, tangents, by_x)


@jnp.vectorize
def _confluent(a: Any, b: Any, x: Any) -> Any:
    a, b, x = (jnp.asarray(value, jnp.float64) for value in (a, b, x))
    mirrored = x < 0
    top, size = jnp.where(mirrored, b - a, a), jnp.abs(x)
    far = size > _FAR
    total, exponent = _series([top], [b], jnp.where(far, 1.0, size))
    near = _times_exp(total, exponent - jnp.where(mirrored, size, 0.0))
    # DLMF 13.7.1, with the exponential left out where the argument was mirrored.
    sign = gammasgn(b) * gammasgn(top)
    log_factor = gammaln(b) - gammaln(top) + (top - b) * jnp.log(jnp.where(far, size, 1.0))
    log_factor = log_factor + jnp.where(mirrored, 0.0, size)
    tail = _asymptotic(b - top, 1.0 - top, 1.0 / jnp.where(far, size, _FAR))
    return jnp.where(far, sign * tail * jnp.exp(log_factor), near)


@jnp.vectorize
def _gauss(a: Any, b: Any, c: Any, x: Any) -> Any:
    a, b, c, x = (jnp.asarray(value, jnp.float64) for value in (a, b, c, x))
    mirrored = x < 0
    rest = jnp.where(mirrored, 1.0 - x, 1.0)
    inside = jnp.where(mirrored, -x / rest, x)
    other = jnp.where(mirrored, c - b, b)
    total, exponent = _series([a, other], [c], jnp.where(inside < 1, inside, 0.0))
    value = _times_exp(total, exponent - a * jnp.log(rest))
    # Gauss's sum at 1 (DLMF 15.4.20).
    excess = c - a - b
    log_sum = gammaln(c) + gammaln(excess) - gammaln(c - a) - gammaln(c - b)
    at_one = jnp.exp(log_sum) * gammasgn(c) * gammasgn(excess) * gammasgn(c - a) * gammasgn(c - b)
    at_one = jnp.where(excess > 0, at_one, jnp.inf)
    return jnp.where(x < 1, value, jnp.where(x == 1, at_one, jnp.nan))


def _with_slopes(function: Any, primals: Any, tangents: Any, by_x: Any) -> tuple[Any, Any]:
    """Put a derivative together, those by the parameters being those of the series' terms."""
    shape = jnp.broadcast_shapes(*map(jnp.shape, primals))
    wide = [jnp.broadcast_to(jnp.asarray(value, jnp.float64), shape) for value in primals]
    total = by_x * tangents[-1]
    for i, dot in enumerate(tangents[:-1]):
        unit = [jnp.ones(shape) if j == i else jnp.zeros(shape) for j in range(len(wide))]
        total = total + jax.jvp(function, wide, unit)[1] * dot
    return function(*primals), total


def _series(tops: Sequence[Any], bottoms: Sequence[Any], x: Any) -> tuple[Any, Any]:
    """Sum the series, and return it with the logarithm of what it is to be multiplied by."""
    one, zero = jnp.ones_like(x), jnp.zeros_like(x)
    largest = jnp.max(jnp.abs(jnp.stack([*tops, *bottoms])))

    def more(state: Any) -> Any:
        k, term, total, _ = state
        small = jnp.abs(term.high) <= 1e-20 * jnp.abs(total.high)
        return ~(small & (k > largest)) & (k < _MOST_TERMS) & (term.high != 0)

    def add(state: Any) -> Any:
        k, term, total, scale = state
        for top in tops:
            term = term.times(two_sum(top, k))
        for bottom in bottoms:
            term = term.over(two_sum(bottom, k))
        term = term.times(DoubleDouble(x, zero)).over(two_sum(one, k))
        total = total.plus(term)
        large = jnp.maximum(jnp.abs(term.high), jnp.abs(total.high)) > _LARGE
        shrink = jnp.where(large, 1.0 / _LARGE, 1.0)
        return (
            k + 1.0,
            term.scaled(shrink),
            total.scaled(shrink),
            scale + jnp.where(large, 1.0, 0.0),
        )

    start = zero, DoubleDouble(one, zero), DoubleDouble(one, zero), zero
    _, _, total, scale = lax.while_loop(more, add, start)
    return total.high + total.low, scale * jnp.log(_LARGE)


def _asymptotic(first: Any, second: Any, x: Any) -> Any:
    """Sum the terms of the asymptotic series for as long as they become smaller."""

    def add(k: Any, state: Any) -> Any:
        term, total, going = state
        new = term * (first + k) * (second + k) / (k + 1.0) * x
        going = going & (jnp.abs(new) < jnp.abs(term))
        return new, total + jnp.where(going, new, 0.0), going

    one = jnp.ones_like(x)
    return lax.fori_loop(0, _TERMS, add, (one, one, jnp.ones_like(x, bool)))[1]


def _times_exp(value: Any, exponent: Any) -> Any:
    """Multiply by an exponential that may be out of range where the product is not."""
    half = jnp.exp(0.5 * exponent)
    return value * half * half
