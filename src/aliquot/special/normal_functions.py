"""The normal distribution function far out, and the inverse of the error function."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erf, erfc, erfcx
from jax.scipy.special import erfinv as first_guess

from aliquot.elementary.polynomial import polynomial

_ROOT_HALF = np.sqrt(0.5)
# From here on four terms of the hazard's asymptotic series give all digits.
_FAR = 1e3


def log_ndtr(x: Any) -> Any:
    """Compute the logarithm of the standard normal distribution function.

    JAX's is right to 1e-9 beyond 5, and to 4e-9 at -20.

    Parameters
    ----------
    x : array

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.math.log_ndtr(-40.0)).__round__(9)
    -804.608442014
    """
    x = jnp.asarray(x, float)
    return log_scaled_tail(-x) - 0.5 * jnp.square(jnp.minimum(x, 0.0))


@jax.custom_jvp
def log_scaled_tail(x: Any) -> Any:
    """Compute the log of the standard normal probability beyond x; where x > 0, plus x**2 / 2.

    Far out this is about -log x: what is left where the density at x is taken out.
    """
    return _log_scaled_tail(jnp.asarray(x, float))[0]


@log_scaled_tail.defjvp
def _log_scaled_tail_jvp(primals: Any, tangents: Any) -> tuple[Any, Any]:
    (x,), (dot,) = primals, tangents
    x = jnp.asarray(x, float)
    value, scaled, factor = _log_scaled_tail(x)
    # Minus the hazard, which is about x far out: there by its asymptotic series (DLMF 7.12.1).
    inverse = 1.0 / jnp.maximum(x, _FAR)
    square = inverse * inverse
    far = -inverse * polynomial(square, (1.0, -2.0, 10.0, -74.0))
    right = x > 0
    hazard = factor / (np.sqrt(2 * np.pi) * jnp.where(right, scaled, 1.0 - scaled * factor))
    return value, jnp.where(x > _FAR, far, jnp.maximum(x, 0.0) - hazard) * dot


def _log_scaled_tail(x: Any) -> tuple[Any, Any, Any]:
    """Compute it with its parts: the scaled tail beyond abs(x), and its factor where x < 0."""
    scaled = 0.5 * erfcx(_ROOT_HALF * jnp.abs(x))
    left = jnp.minimum(x, 0.0)
    factor = jnp.exp(-0.5 * left * left)
    value = jnp.where(x > 0, jnp.log(scaled), jnp.log1p(-scaled * factor))
    return value, scaled, factor


def log_normal_interval(lower: Any, upper: Any, width: Any) -> Any:
    """Compute the log of the standard normal probability of an interval, as the function below."""
    nearest = jnp.maximum(jnp.maximum(lower, -upper), 0.0)
    return log_scaled_probability(lower, upper, width) - 0.5 * nearest * nearest


# Below this value of (half width) x max(1, |midpoint|), 6 terms of the Hermite series are exact to
# double precision; above it, the two logarithms differ enough to be subtracted.
_NARROW = 0.25


def log_scaled_probability(lower: Any, upper: Any, width: Any) -> Any:
    r"""Compute :math:`\log(\Phi(b) - \Phi(a)) + c^2 / 2` for finite bounds a < b.

    c is the number between the bounds that is next to zero: the density there is taken out. The
    difference of the bounds is given by itself, since it is known better than from the two.

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


@jax.custom_jvp
def erfinv(x: Any) -> Any:
    """Compute the inverse of the error function, by a step of Newton's method from JAX's.

    Parameters
    ----------
    x : array, from -1 to 1

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.math.erfinv(0.5)), 12)
    0.476936276204
    """
    x = jnp.asarray(x, float)
    y = first_guess(x)
    inside = jnp.abs(x) < 1.0
    z, size = jnp.where(inside, y, 0.0), jnp.abs(x)
    # On the side where the numbers are small.
    error = jnp.where(size < 0.5, erf(z) - x, jnp.sign(x) * ((1.0 - size) - erfc(jnp.abs(z))))
    return jnp.where(inside, z - error * (0.5 * np.sqrt(np.pi)) * jnp.exp(z * z), y)


@erfinv.defjvp
def _erfinv_jvp(primals: Any, tangents: Any) -> tuple[Any, Any]:
    y = erfinv(*primals)
    return y, (0.5 * np.sqrt(np.pi)) * jnp.exp(y * y) * tangents[0]
