"""Logarithms of powers, and of weighted sums of exponentials, with gradients that hold at zero.

Of powers, with 0**0 = 1, on the closed unit interval. `jax.scipy.special.xlogy` has the values, but
its derivative by the base is NaN at 0**0, where that of a probability mass function is finite:
Bernoulli's ``p`` may be exactly 0 or 1. What is impossible (``-inf``) has derivative zero here, so
that it adds nothing to the gradient of a sum over alternatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import jax
import jax.numpy as jnp


def log_power(base: Any, exponent: Any) -> Any:
    """Compute ``exponent * log(base)``, and 0 where both are 0."""
    base, zero = jnp.asarray(base), jnp.asarray(base) == 0
    return jnp.where(zero, _of_zero(exponent), exponent * jnp.log(jnp.where(zero, 1.0, base)))


def log1m_power(p: Any, exponent: Any) -> Any:
    """Compute ``exponent * log(1 - p)``, and 0 where p is 1 and the exponent 0."""
    p, zero = jnp.asarray(p), jnp.asarray(p) == 1
    return jnp.where(zero, _of_zero(exponent), exponent * jnp.log1p(-jnp.where(zero, 0.0, p)))


def _of_zero(exponent: Any) -> Any:
    """Compute the log of a power of zero, a constant to the derivative."""
    exponent = jax.lax.stop_gradient(jnp.asarray(exponent))
    return jnp.where(exponent == 0, 0.0, jnp.where(exponent > 0, -jnp.inf, jnp.inf))


LARGEST_EXPONENT = 700.0
FEW_TERMS = 8


def log_weighted_sum(log_values: Any, weights: Any) -> Any:
    r"""Compute :math:`\log \sum_k w_k e^{l_k}` along the last axis.

    The weights stay outside the exponential, so that the derivative by a weight,
    :math:`e^{l_k} / \sum_j w_j e^{l_j}`, is right also where the weight is zero, and no logarithm
    of a weight is taken. Terms that are impossible (``-inf``) add nothing to value or gradient;
    where all are, the value is ``-inf`` and the gradient zero.
    """
    weights = jnp.asarray(weights)
    largest = jnp.max(jnp.where(weights > 0, log_values, -jnp.inf), axis=-1)
    shift = _shift(largest)
    total = jnp.sum(weights * _exp(log_values - shift[..., None]), axis=-1)
    none = total == 0
    return jnp.where(none, -jnp.inf, jnp.log(jnp.where(none, 1.0, total)) + shift)


@jax.custom_jvp
def log_sum_of_terms(log_values: Sequence[Any], weights: Sequence[Any]) -> Any:
    """Compute the same as `log_weighted_sum`, with one array for each term.

    For few terms this is the faster: XLA does not vectorise over a short last axis on CPU. The
    derivative is given, because it is simply the terms' shares, and that of the guards is not free.
    """
    return sum_and_shares(log_values, weights)[0]


@log_sum_of_terms.defjvp
def _log_sum_of_terms_jvp(primals: Any, tangents: Any) -> tuple[Any, Any]:
    total, shares = sum_and_shares(*primals)
    (_, weights), (log_value_dots, weight_dots) = primals, tangents
    each = zip(shares, weights, log_value_dots, weight_dots, strict=True)
    return total, sum(share * (dw + weight * dl) for share, weight, dl, dw in each)


def sum_and_shares(log_values: Sequence[Any], weights: Sequence[Any]) -> tuple[Any, list[Any]]:
    """Compute the log sum, and its derivative by each weight."""
    possible = [
        jnp.where(weight > 0, value, -jnp.inf)
        for value, weight in zip(log_values, weights, strict=True)
    ]
    shift = _shift(reduce(jnp.maximum, possible))
    each = [_exp(value - shift) for value in log_values]
    total = sum(weight * value for weight, value in zip(weights, each, strict=True))
    none = total == 0
    positive = jnp.where(none, 1.0, total)
    return jnp.where(none, -jnp.inf, jnp.log(positive) + shift), [e / positive for e in each]


def stacked_sum_and_shares(log_values: Any, weights: Any) -> tuple[Any, Any]:
    """Compute the same with the terms along the first axis of two arrays, which broadcast."""
    possible = jnp.where(weights > 0, log_values, -jnp.inf)
    # Term by term: XLA does not vectorise over what is left of a reduction of the first axis.
    shift = _shift(reduce(jnp.maximum, list(possible)))
    each = _exp(log_values - shift)
    total = reduce(jnp.add, list(weights * each))
    none = total == 0
    positive = jnp.where(none, 1.0, total)
    return jnp.where(none, -jnp.inf, jnp.log(positive) + shift), each * (1.0 / positive)


def _shift(largest: Any) -> Any:
    """Give what to take out of the exponentials: a constant to the derivative."""
    return jax.lax.stop_gradient(jnp.where(jnp.isfinite(largest), largest, 0.0))


def _exp(log_value: Any) -> Any:
    """Compute the exponential; only that of a term of weight zero can be too large, and is cut."""
    return jnp.exp(jnp.minimum(log_value, LARGEST_EXPONENT))
