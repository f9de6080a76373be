"""What draws are made of: random numbers that are right to the ends of a double's range.

`jax.random` draws some of them in single precision (Poisson counts), or by steps of 2**-52, of
which exactly 0 is one, or with a bias (integers from wide ranges).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.special.series import log_after_three_terms

LARGEST = np.finfo(float).max
TINY = np.finfo(float).tiny
MOST = np.iinfo(np.int64).max


def uniform(key: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Draw uniform numbers and what they lack to one, both with all their digits and above zero.

    Whichever is less is one of the numbers ``(k + 1/2) / 2**64``.
    """
    bits = jax.random.bits(key, shape, np.uint64)
    # Of 63 bits the number is signed, which processors turn into a double at once.
    least = ((bits >> 1).astype(np.int64).astype(float) + 0.5) * 2.0**-64
    low = (bits & 1) == 0
    return jnp.where(low, least, 1.0 - least), jnp.where(low, 1.0 - least, least)


def exponential(key: Any, shape: tuple[int, ...]) -> Any:
    """Draw standard exponential numbers, the small ones with all their digits and none zero."""
    u, rest = uniform(key, shape)
    return jnp.where(u <= rest, -jnp.log(u), -jnp.log1p(-rest))


def integers(key: Any, lower: Any, upper: Any, shape: tuple[int, ...]) -> Any:
    """Draw integers, all equally probable, also where there are 2**64 of them.

    Of 64 bits the remainder by the number of integers, drawn again where they are among the lowest
    ``2**64 % number``, by which some integers would have one chance more than others.

    References
    ----------
    .. [1] D. Lemire. Fast random integer generation in an interval. ACM Transactions on Modeling
       and Computer Simulation 29(1), 2019, section 3: the algorithm of OpenBSD.
    """
    lower, upper = (jnp.broadcast_to(bound, shape).astype(np.int64) for bound in (lower, upper))
    number = (upper - lower).astype(np.uint64) + np.uint64(1)  # 0 stands for 2**64
    divisor = jnp.where(number == 0, np.uint64(1), number)
    uneven = jnp.where(number == 0, np.uint64(0), (np.uint64(0) - number) % divisor)

    def propose(key: Any) -> tuple[Any, Any]:
        bits = jax.random.bits(key, shape, np.uint64)
        return bits, bits >= uneven

    bits = until_accepted(key, jnp.ones(shape, bool), jnp.zeros(shape, np.uint64), propose)
    chosen = jnp.where(number == 0, bits, bits % divisor)
    return lower + chosen.astype(np.int64)


def until_accepted(
    key: Any, pending: Any, value: Any, propose: Callable[[Any], tuple[Any, Any]]
) -> Any:
    """Draw by rejection: propose again where what was proposed is not accepted.

    Where it is not `pending`, the result is `value`. What cannot be accepted, such as a NaN, must
    be left out: there is no other end. ``propose(key)`` gives a value and whether it is accepted.
    """

    def again(state: tuple[Any, Any, Any]) -> Any:
        return jnp.any(state[2])

    def once(state: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
        key, value, pending = state
        key, own = jax.random.split(key)
        proposed, accepted = propose(own)
        return key, jnp.where(pending, proposed, value), pending & ~accepted

    return jax.lax.while_loop(again, once, (key, value, pending))[1]


def as_count(x: Any) -> Any:
    """Round down to an integer; what an int64 cannot hold becomes the nearest one it can."""
    low, high = -(2.0**63), np.nextafter(2.0**63, 0)
    inside = jnp.floor(jnp.clip(x, low, high)).astype(np.int64)
    return jnp.where(x >= 2.0**63, MOST, inside)


def times_exp(x: Any, y: Any, exponent: Any) -> Any:
    """Compute ``x * y * exp(exponent)``, where two factors may be out of a double's range."""
    size = jnp.exp(jnp.log(jnp.abs(x)) + jnp.log(jnp.abs(y)) + exponent)
    return jnp.where(exponent == 0, x * y, jnp.sign(x) * jnp.sign(y) * size)


# Of smaller shapes, the logarithm of a draw itself might overflow.
LEAST_SHAPE = 1e-300


def gamma_parts(key: Any, alpha: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    r"""Draw from the gamma distribution of rate 1, in two factors: ``value * exp(log_factor)``.

    The second is 0 where the shape is 1 or more.

    Marsaglia and Tsang (2000): :math:`d (1 + c z)^3` with z normal, :math:`d = \alpha - 1/3` and
    :math:`c = 1 / (3 \sqrt d)`, accepted with log probability
    :math:`z^2 / 2 + d (1 - (1 + c z)^3 + 3 \log(1 + c z))`. Its terms cancel to the fourth order of
    c z: what is left of them is :math:`-3 d` times the rest of the logarithm's series after three
    terms, which is how it is computed here. As written no digits are left where the shape is 1e16.

    Below 1, the shape is raised by 1 and the draw multiplied by :math:`u^{1 / \alpha}`, which no
    double can hold where the shape is small. So it stays a logarithm until all else is multiplied.

    References
    ----------
    .. [1] G. Marsaglia, W. W. Tsang. A simple method for generating gamma variables. ACM
       Transactions on Mathematical Software 26(3), 2000, 363-372.
    """
    first, second = jax.random.split(key)
    alpha = jnp.broadcast_to(jnp.asarray(alpha, float), shape)
    small = alpha < 1
    d = jnp.where(small, alpha + 1.0, alpha) - 1.0 / 3.0
    c = 1.0 / (3.0 * jnp.sqrt(d))

    def propose(key: Any) -> tuple[Any, Any]:
        for_normal, for_level = jax.random.split(key)
        t = c * jax.random.normal(for_normal, shape)
        possible = t > -1.0
        t = jnp.where(possible, t, 0.0)
        # A standard exponential number is minus the log of a uniform one.
        level = jax.random.exponential(for_level, shape)
        return t, possible & (level >= 3.0 * d * log_after_three_terms(t))

    t = until_accepted(first, (d > 0) & jnp.isfinite(d), jnp.full(shape, jnp.nan), propose)
    log_u = -exponential(second, shape)
    log_factor = jnp.where(small, log_u / jnp.maximum(alpha, LEAST_SHAPE), 0.0)
    return d * (1.0 + t) ** 3, log_factor


def beta_draws(key: Any, alpha: Any, beta: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Draw from the beta distribution: the draws, and what they lack to one.

    Both have all their digits. What is too small for a double is the smallest normal one.
    """
    first, second = jax.random.split(key)
    a, log_a = gamma_parts(first, alpha, shape)
    b, log_b = gamma_parts(second, beta, shape)
    odds = times_exp(b, 1.0 / a, log_b - log_a)
    return jnp.maximum(1.0 / (1.0 + odds), TINY), jnp.maximum(1.0 / (1.0 + 1.0 / odds), TINY)


def dirichlet_draws(key: Any, a: Any, shape: tuple[int, ...]) -> Any:
    """Draw probabilities from the Dirichlet distribution; `shape` ends in their number.

    None is zero, where the density may be infinite: what is too small for a double is the smallest
    normal one.
    """
    value, log_factor = gamma_parts(key, a, shape)
    largest, factor = (jnp.max(each, axis=-1, keepdims=True) for each in (value, log_factor))
    parts = times_exp(value, 1.0 / largest, log_factor - factor)
    return jnp.maximum(parts / jnp.sum(parts, axis=-1, keepdims=True), TINY)
