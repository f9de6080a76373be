"""Ways to combine the states that are summed out: log-sum-exp, or the largest."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any, Protocol

import jax
import jax.numpy as jnp


class Semiring(Protocol):
    """How a set of log weights is made into one."""

    def of_terms(self, terms: Sequence[Any]) -> Any:
        """Combine arrays, elementwise."""
        ...

    def along(self, array: Any, axes: tuple[int, ...]) -> Any:
        """Combine along axes of one array, which go."""
        ...


class LogSum:
    """The log of the sum of exponentials: zero probability in all terms gives ``-inf``.

    The derivative is given, because it is the terms' shares, and these are known on the way; where
    all terms are impossible, it is zero.
    """

    def of_terms(self, terms: Sequence[Any]) -> Any:
        return _log_sum(tuple(terms)) if len(terms) > 1 else terms[0]

    def along(self, array: Any, axes: tuple[int, ...]) -> Any:
        if not axes:
            return array
        return _log_sum_along(array, axes)


class Largest:
    """The largest log weight: the semiring of the most probable configuration."""

    def of_terms(self, terms: Sequence[Any]) -> Any:
        return reduce(jnp.maximum, terms)

    def along(self, array: Any, axes: tuple[int, ...]) -> Any:
        return jnp.max(array, axis=axes) if axes else array


LOG_SUM = LogSum()
LARGEST = Largest()


@jax.custom_jvp
def _log_sum(terms: tuple[Any, ...]) -> Any:
    return _total_and_shares(terms)[0]


@_log_sum.defjvp
def _log_sum_jvp(primals: Any, tangents: Any) -> tuple[Any, Any]:
    total, shares = _total_and_shares(primals[0])
    return total, sum(share * dot for share, dot in zip(shares, tangents[0], strict=True))


def _total_and_shares(terms: Sequence[Any]) -> tuple[Any, list[Any]]:
    if len(terms) == 2:
        return _total_and_shares_of_two(*terms)
    largest = reduce(jnp.maximum, terms)
    shift = jax.lax.stop_gradient(jnp.where(largest == -jnp.inf, 0.0, largest))
    each = [jnp.exp(term - shift) for term in terms]
    total = reduce(jnp.add, each)
    none = total == 0
    positive = jnp.where(none, 1.0, total)
    return jnp.where(none, -jnp.inf, jnp.log(positive) + shift), [e / positive for e in each]


def _total_and_shares_of_two(first: Any, second: Any) -> tuple[Any, list[Any]]:
    """Do the same with one exponential: that of minus the gap between the two."""
    largest, least = jnp.maximum(first, second), jnp.minimum(first, second)
    none = largest == -jnp.inf
    ratio = jnp.exp(least - jnp.where(none, 0.0, largest))
    of_largest = jnp.where(none, 0.0, 1.0 / (1.0 + ratio))
    of_least = ratio * of_largest
    ahead = first >= second
    shares = [jnp.where(ahead, of_largest, of_least), jnp.where(ahead, of_least, of_largest)]
    return largest + jnp.log1p(ratio), shares


def _log_sum_along(array: Any, axes: tuple[int, ...]) -> Any:
    @jax.custom_jvp
    def log_sum(array: Any) -> Any:
        return jnp.squeeze(_total_and_shares_along(array, axes)[0], axes)

    @log_sum.defjvp
    def _(primals: Any, tangents: Any) -> tuple[Any, Any]:
        total, shares = _total_and_shares_along(primals[0], axes)
        return jnp.squeeze(total, axes), jnp.sum(shares * tangents[0], axis=axes)

    return log_sum(array)


def _total_and_shares_along(array: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    largest = jnp.max(array, axis=axes, keepdims=True)
    shift = jax.lax.stop_gradient(jnp.where(largest == -jnp.inf, 0.0, largest))
    each = jnp.exp(array - shift)
    total = jnp.sum(each, axis=axes, keepdims=True)
    none = total == 0
    positive = jnp.where(none, 1.0, total)
    return jnp.where(none, -jnp.inf, jnp.log(positive) + shift), each / positive
