"""The probability that a standard normal variable falls in an interval, far in the tails too.

Differences of distribution functions cancel: beyond 8.3 standard deviations both are 1. Everything
here works with logarithms, on the side of zero where the probabilities are small.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.random_numbers import uniform, until_accepted
from aliquot.special.normal_functions import log_scaled_tail

# Below this value of (half width) x max(1, |midpoint|), 6 terms of the Hermite series are exact to
# double precision; above it, the two logarithms differ enough to be subtracted.
_NARROW = 0.25


def log_scaled_probability(lower: Any, upper: Any, width: Any) -> Any:
    r"""Compute :math:`\log(\Phi(b) - \Phi(a)) + c^2 / 2` for finite bounds a < b.

    c is the number between the bounds that is next to zero: the density there is taken out. The
    difference of the bounds is given by itself, since it is known better than from the two.

    Notes
    -----
    Wide intervals: the log of the larger tail, and `log1p` of minus the ratio, on the side where
    both are small. Narrow ones: the integral of the Taylor series of the density about the midpoint
    m, with half width h and Hermite polynomials He (DLMF 18.5.13),

    .. math:: 2 h \varphi(m) \sum_k \mathrm{He}_{2k}(m)\, h^{2k} / (2k + 1)!
    """
    # Seen from the side on which more of the interval is: a midpoint of at least zero.
    right = lower + upper > 0
    low, high = jnp.where(right, lower, -upper), jnp.where(right, upper, -lower)
    half = 0.5 * width
    middle = low + half
    narrow = half * jnp.maximum(1.0, middle) < _NARROW

    # Each formula sees harmless numbers where the other one is used, so that no gradient is NaN.
    h = jnp.where(narrow, half, 0.1)
    m = jnp.where(narrow, middle, 0.0)
    before, last, total, factorial = jnp.ones_like(h * m), m * h, jnp.ones_like(h * m), 1.0
    for n in range(1, 12, 2):
        factorial *= (n + 1) * (n + 2)
        before, last = last, m * h * last - n * h**2 * before  # He_{n+1}(m) h^{n+1}
        total = total + last / factorial
        before, last = last, m * h * last - (n + 1) * h**2 * before
    # The density at the midpoint over that at c.
    ratio = jnp.where(low > 0, half * (low + middle), middle * middle)
    ratio = jnp.where(narrow, ratio, 0.0)
    series = jnp.log(2 * h) - 0.5 * ratio - 0.5 * np.log(2 * np.pi) + jnp.log(total)

    near = jnp.where(narrow, -1.0, low)
    far = jnp.where(narrow, 1.0, high)
    ratio = jnp.where(near > 0, jnp.where(narrow, 2.0, width) * (near + far), far * far)
    more = log_scaled_tail(near)
    difference = more + jnp.log1p(-jnp.exp(log_scaled_tail(far) - more - 0.5 * ratio))
    return jnp.where(narrow, series, difference)


def draws_from_bound(key: Any, low: Any, width: Any, near: Any) -> Any:
    """Draw how far a standard normal variable is from the lower bound that it is known to exceed.

    By rejection: exponential proposals, or uniform ones where zero is in the interval, so that the
    distance has all its digits however large the bound. At least a third is accepted. [1]_ Drawn
    where `near` says so: where `low`, at least minus half of the width, is 1 or more, or `width`,
    the distance to the upper bound, at most 1.

    References
    ----------
    .. [1] C. P. Robert. Simulation of truncated normal variables. Statistics and Computing 5(2),
       1995, 121-125.
    """
    rate = jnp.maximum(low, 0.0)
    flat = ~(rate > 1e-150)
    rate = jnp.where(flat, 1.0, rate)
    reach = -jnp.expm1(-rate * width)
    off = jnp.minimum(low, 0.0)

    def propose(key: Any) -> tuple[Any, Any]:
        first, second = jax.random.split(key)
        u, _ = uniform(first, near.shape)
        away = jnp.where(flat, u * width, -jnp.log1p(-u * reach) / rate)
        return away, jax.random.exponential(second, near.shape) >= 0.5 * (away + off) ** 2

    pending = near & ~jnp.isnan(low) & ~jnp.isnan(width)
    return until_accepted(key, pending, jnp.zeros(near.shape), propose)


def moments(lower: Any, upper: Any) -> tuple[Any, Any, Any]:
    """Compute the mode, and the mean's distance from it, and the variance, in standard units.

    By Gauss-Legendre quadrature about the mode, over the part of the interval where the density is
    more than exp(-40) of its maximum: the closed forms lose all their digits far in the tails.
    """
    nodes, weights = np.polynomial.legendre.leggauss(80)
    mode = jnp.clip(0.0, lower, upper)
    reach = 80.0 / (jnp.abs(mode) + jnp.sqrt(mode**2 + 80.0))
    start = jnp.maximum(lower - mode, -reach)[..., None]
    stop = jnp.minimum(upper - mode, reach)[..., None]
    t = 0.5 * (start + stop) + 0.5 * (stop - start) * nodes
    density = weights * jnp.exp(-0.5 * t * (t + 2.0 * mode[..., None]))
    density = density / jnp.sum(density, -1, keepdims=True)
    distance = jnp.sum(density * t, -1)
    return mode, distance, jnp.sum(density * (t - distance[..., None]) ** 2, -1)
