"""Draws of how many are found without replacement, also among more than a double can tell apart."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.random_numbers import (
    MANY,
    NOT_A_COUNT,
    as_count,
    by_inversion,
    log_probability_at,
    until_accepted,
)
from aliquot.special.saddle_point import stirling_of_count

# Stadlober's width of what is proposed, by the standard deviation.
_SLOPE, _OFFSET = 2.0 * np.sqrt(2.0 / np.e), 3.0 - 2.0 * np.sqrt(3.0 / np.e)


def hypergeometric_draws(
    key: Any, whole: Any, part: Any, drawn: Any, shape: tuple[int, ...]
) -> Any:
    """Draw hypergeometric counts, int64; -1 where a part is negative or more than the whole.

    Of the part and the others, and of those drawn and those left, the fewer are the ones that are
    used. Where fewer than ten are expected, by inversion as for `poisson_draws`; where more are, by
    the ratio of uniform numbers in Loader's form: E. Stadlober (1990), The ratio of uniforms
    approach for generating discrete random variates, Journal of Computational and Applied
    Mathematics 31(1), 181-189.
    """
    first, second = jax.random.split(key)
    whole, part, drawn = (jnp.broadcast_to(x, shape).astype(np.int64) for x in (whole, part, drawn))
    valid = (part >= 0) & (drawn >= 0) & (part <= whole) & (drawn <= whole)
    size, k, n = (jnp.where(valid, x, 0) for x in (whole, part, drawn))
    others, left = size - k, size - n
    a, b = jnp.minimum(k, others), jnp.minimum(n, left)
    total, x, y = (each.astype(float) for each in (jnp.maximum(size, 1), a, b))
    mean = x * (y / total)
    many = mean >= MANY
    few = jnp.where(many, 0.0, mean)
    rest = total - x - y
    means = few, x - few, y - few, rest + few
    none = sum(
        log_probability_at(m, c - m) for m, c in zip(means, (0.0 * x, x, y, rest), strict=True)
    )
    constants = [stirling_of_count(c) for c in (x, y, total - x, total - y)]
    none += sum(constants) - stirling_of_count(total)
    # Of few, that there are any is as rare as the mean is small, but for pairs.
    pairs = 0.5 * few * ((x - 1.0) * ((y - 1.0) / jnp.maximum(total - 1.0, 1.0)))
    any_at_all = jnp.where(few < 1e-5, few - pairs, -jnp.expm1(none))
    low = by_inversion(
        first,
        1.0 - any_at_all,
        any_at_all,
        lambda c: (x - c) * ((y - c) / ((c + 1.0) * (rest + c + 1.0))),
        shape,
    )
    high = _many(second, a, b, (mean, x, y, total), many, shape)
    count = jnp.where(many, high, jnp.minimum(low, jnp.minimum(a, b)))
    count = jnp.where(n > left, a - count, count)
    return jnp.where(valid, jnp.where(k > others, n - count, count), NOT_A_COUNT)


def _many(
    key: Any, k: Any, n: Any, sizes: tuple[Any, Any, Any, Any], many: Any, shape: tuple[int, ...]
) -> Any:
    """Draw hypergeometric counts where ten or more are expected, of two parts of at most a half."""
    mean, part, drawn, total = (
        jnp.where(many, size, safe)
        for size, safe in zip(sizes, (25.0, 50.0, 50.0, 100.0), strict=True)
    )
    left = total - part - drawn
    variance = mean * ((total - part) / total) * ((total - drawn) / (total - 1.0))
    spread = 2.0 * np.sqrt(2.0 / np.e) * jnp.sqrt(variance + 0.5) + (
        3.0 - 2.0 * np.sqrt(3.0 / np.e)
    )
    whole = as_count(mean)
    fraction = mean - jnp.floor(mean)

    def log_probability(distance: Any) -> Any:
        """Give the log probability of a count, but for a constant, by its distance to the mean."""
        inside = log_probability_at(mean, distance) + log_probability_at(left + mean, distance)
        outside = log_probability_at(part - mean, -distance) + log_probability_at(
            drawn - mean, -distance
        )
        return inside + outside

    step = (part + drawn + 1.0 - 2.0 * mean) / (total + 2.0)
    mode = log_probability(jnp.floor(fraction + step) - fraction)

    def propose(key: Any) -> tuple[Any, Any]:
        u, v = jax.random.uniform(key, (2, *shape))
        away = jnp.floor(fraction + 0.5 + spread * (v - 0.5) / u)
        count = whole + as_count(jnp.clip(away, -1e19, 1e19))
        possible = (away >= -jnp.floor(mean)) & (away <= drawn) & (count <= jnp.minimum(k, n))
        ratio = log_probability(jnp.where(possible, away - fraction, 0.0)) - mode
        return away, possible & (2.0 * jnp.log(u) <= ratio)

    away = until_accepted(key, many, jnp.zeros(shape), propose).astype(np.int64)
    return jnp.clip(whole + away, 0, jnp.minimum(k, n))
