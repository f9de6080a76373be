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

from aliquot.special.saddle_point import log_poisson
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
    ``2**64 % number``, by which some integers would have one chance more than others. It is the
    algorithm of OpenBSD: D. Lemire (2019), Fast random integer generation in an interval, ACM
    Transactions on Modeling and Computer Simulation 29(1), section 3.
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

    By G. Marsaglia and W. W. Tsang (2000), A simple method for generating gamma variables, ACM
    Transactions on Mathematical Software 26(3), 363-372: :math:`d (1 + c z)^3` with z normal,
    :math:`d = \alpha - 1/3` and :math:`c = 1 / (3 \sqrt d)`, accepted with log probability
    :math:`z^2 / 2 + d (1 - (1 + c z)^3 + 3 \log(1 + c z))`. Its terms cancel to the fourth order of
    c z: what is left of them is :math:`-3 d` times the rest of the logarithm's series after three
    terms, which is how it is computed here. As written no digits are left where the shape is 1e16.

    Below 1, the shape is raised by 1 and the draw multiplied by :math:`u^{1 / \alpha}`, which no
    double can hold where the shape is small. So it stays a logarithm until all else is multiplied.
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


# From here on by rejection: the bounds that the constants were made for.
MANY = 10.0
# Where fewer than ten are expected, counts above have probabilities below 1e-70.
LAST = 120
NOT_A_COUNT = -1


def poisson_draws(key: Any, mu: Any, shape: tuple[int, ...]) -> Any:
    r"""Draw Poisson counts, int64; -1 where `mu` is negative or NaN.

    Counts that an int64 cannot hold are the largest number that it can, 2**63 - 1.

    Where ten or more are expected, by Hörmann's transformed rejection [1]: with u uniform on
    (-1/2, 1/2), a count is proposed near :math:`(2 a / (1/2 - |u|) + b)\, u` from the mean, by
    constants a and b that make its density nearly the one wanted. What is left is a comparison of a
    uniform number with the ratio of the two, whose logarithm is computed in Loader's form [3]: from
    how far the count is from the mean, so that nothing of the size of the counts is subtracted. The
    distance, a double, is added to the mean's whole part, an int64, so that counts beyond 2**53
    keep their last digits.

    Where fewer are expected, by inversion of the distribution function, from the upper end: then
    probabilities as small as 1e-19 are right.

    [1] W. Hörmann (1993), The transformed rejection method for generating Poisson random variables,
        Insurance: Mathematics and Economics 12(1), 39-45: algorithm PTRS.
    [2] W. Hörmann (1993), The generation of binomial random variates, Journal of Statistical
        Computation and Simulation 46(1-2), 101-110: algorithm BTRS, for binomial counts.
    [3] C. Loader (2000), Fast and accurate computation of binomial probabilities.
    """
    first, second = jax.random.split(key)
    mu = jnp.broadcast_to(jnp.asarray(mu, float), shape)
    many = mu >= MANY
    few = jnp.where(many, 0.0, mu)
    low = by_inversion(first, jnp.exp(-few), -jnp.expm1(-few), lambda k: few / (k + 1.0), shape)
    high = _many_poisson(second, mu, many, shape)
    return jnp.where(many, high, jnp.where(mu >= 0, low, NOT_A_COUNT))


def binomial_draws(key: Any, n: Any, p: Any, q: Any, shape: tuple[int, ...]) -> Any:
    """Draw binomial counts, int64; -1 where a probability is NaN or out of range, or `n` negative.

    Of the probabilities of success and of failure, the lesser is the one that is used.
    """
    first, second = jax.random.split(key)
    n = jnp.broadcast_to(n, shape).astype(np.int64)
    p, q = (jnp.broadcast_to(jnp.asarray(x, float), shape) for x in (p, q))
    valid = (n >= 0) & (p >= 0) & (q >= 0)
    turned = q < p
    rate = jnp.where(valid, jnp.where(turned, q, p), 0.0)
    size = n.astype(float)
    many = size * rate >= MANY
    few = jnp.where(many, 0.0, rate)
    none = size * jnp.log1p(-few)
    ratio = few / (1.0 - few)
    low = by_inversion(
        first, jnp.exp(none), -jnp.expm1(none), lambda k: (size - k) / (k + 1.0) * ratio, shape
    )
    high = _many_binomial(second, n, rate, many, shape)
    count = jnp.where(many, high, jnp.minimum(low, n))
    return jnp.where(valid, jnp.where(turned, n - count, count), NOT_A_COUNT)


def geometric_draws(key: Any, p: Any, shape: tuple[int, ...]) -> Any:
    """Draw the number of trials up to the first success, as `poisson_draws` gives counts.

    The whole part of an exponential number is geometric.
    """
    p = jnp.broadcast_to(jnp.asarray(p, float), shape)
    failures = as_count(exponential(key, shape) / -jnp.log1p(-p))
    count = jnp.where(failures == MOST, MOST, failures + 1)
    return jnp.where((p >= 0) & (p <= 1), count, NOT_A_COUNT)


def multinomial_draws(key: Any, n: Any, p: Any, shape: tuple[int, ...]) -> Any:
    """Draw counts of categories, each binomial given those before it; `shape` ends in theirs."""
    p = jnp.moveaxis(jnp.broadcast_to(jnp.asarray(p, float), shape), -1, 0)
    left = jnp.cumsum(p[::-1], axis=0)[::-1]
    after = jnp.concatenate([left[1:], jnp.zeros_like(left[:1])])
    # Not their sum: what is not this one has to be a later one.
    whole = jnp.where(left > 0, p + after, 1.0)

    def count(rest: Any, each: tuple[Any, Any, Any]) -> tuple[Any, Any]:
        key, p, q = each
        drawn = binomial_draws(key, rest, p, q, shape[:-1])
        return rest - drawn, drawn

    n = jnp.broadcast_to(n, shape[:-1]).astype(np.int64)
    keys = jax.random.split(key, shape[-1])
    _, counts = jax.lax.scan(count, n, (keys, p / whole, after / whole))
    return jnp.moveaxis(counts, 0, -1)


def by_inversion(
    key: Any, none: Any, any_at_all: Any, ratio: Callable[[Any], Any], shape: tuple[int, ...]
) -> Any:
    """Find how many counts have a probability of being exceeded that is above a uniform number.

    Given the probability of zero, that of more, and the ratio of the probability of ``k + 1`` to
    that of ``k``.
    """
    u, _ = uniform(key, shape)

    def again(state: tuple[Any, Any, Any, Any]) -> Any:
        k, _, above, _ = state
        return jnp.any(u < above) & (k < LAST)

    def once(state: tuple[Any, Any, Any, Any]) -> tuple[Any, Any, Any, Any]:
        k, probability, above, count = state
        count = count + (u < above)
        probability = probability * ratio(k)
        return k + 1.0, probability, above - probability, count

    zeros = jnp.zeros(shape, np.int64)
    start = jnp.zeros(()), none, any_at_all, zeros
    return jax.lax.while_loop(again, once, start)[3]


def _many_poisson(key: Any, mu: Any, many: Any, shape: tuple[int, ...]) -> Any:
    """Draw Poisson counts where ten or more are expected: algorithm PTRS, its names kept."""
    below = np.nextafter(2.0**63, 0)
    mean = jnp.where(many, jnp.minimum(mu, below), MANY)
    b = 0.931 + 2.53 * jnp.sqrt(mean)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    v_r = 0.9277 - 3.6224 / (b - 2.0)
    whole = as_count(mean)
    part = mean - jnp.floor(mean)

    def propose(key: Any) -> tuple[Any, Any]:
        u, v = jax.random.uniform(key, (2, *shape))
        u = u - 0.5
        us = 0.5 - jnp.abs(u)
        hat = a / us**2 + b
        away = jnp.floor((2.0 * a / us + b) * u + part + 0.43)
        distance = away - part  # of the count from the mean
        possible = (away >= -jnp.floor(mean)) & ((us >= 0.013) | (v <= us))
        distance = jnp.where(possible, distance, 0.0)
        accepted = jnp.log(v * inverse_alpha / hat) <= log_probability_at(mean, distance)
        return away, ((us >= 0.07) & (v <= v_r)) | (possible & accepted)

    away = until_accepted(key, many, jnp.zeros(shape), propose).astype(np.int64)
    count = jnp.where(away > MOST - whole, MOST, whole + away)
    return jnp.where(mu >= 2.0**63, MOST, count)


def _many_binomial(key: Any, n: Any, p: Any, many: Any, shape: tuple[int, ...]) -> Any:
    """Draw binomial counts where ten or more are expected: algorithm BTRS, its names kept."""
    size = jnp.where(many, n.astype(float), 1e3)
    p = jnp.where(many, p, 0.5)
    mean, failures = size * p, size * (1.0 - p)
    spq = jnp.sqrt(mean * (1.0 - p))
    b = 1.15 + 2.53 * spq
    a = -0.0873 + 0.0248 * b + 0.01 * p
    v_r = 0.92 - 4.2 / b
    alpha = (2.83 + 5.1 / b) * spq
    whole = as_count(mean)
    part = mean - jnp.floor(mean)

    def log_probability(distance: Any) -> Any:
        """Give the log probability of a count, but for a constant, by its distance to the mean."""
        return log_probability_at(mean, distance) + log_probability_at(failures, -distance)

    mode = log_probability(jnp.floor(part + p) - part)

    def propose(key: Any) -> tuple[Any, Any]:
        u, v = jax.random.uniform(key, (2, *shape))
        u = u - 0.5
        us = 0.5 - jnp.abs(u)
        away = jnp.floor((2.0 * a / us + b) * u + part + 0.5)
        distance = away - part
        possible = (away >= -jnp.floor(mean)) & (away <= size - jnp.floor(mean))
        ratio = log_probability(jnp.where(possible, distance, 0.0)) - mode
        accepted = jnp.log(v * alpha / (a / us**2 + b)) <= ratio
        return away, possible & (((us >= 0.07) & (v <= v_r)) | accepted)

    away = until_accepted(key, many, jnp.zeros(shape), propose).astype(np.int64)
    return jnp.clip(whole + away, 0, n)


def log_probability_at(mean: Any, distance: Any) -> Any:
    """Compute that of a Poisson count by its distance from the mean, which has more digits."""
    count = jnp.round(mean + distance)
    return log_poisson(count, -distance, count * jnp.log(mean))
