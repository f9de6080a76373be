"""The exponential function, and the logistic function made of it."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from aliquot.elementary.polynomial import polynomial

# log 2 in two parts; the first has 32 bits, so that its multiples by an exponent are exact.
LOG_2_HIGH = float.fromhex("0x1.62e42feep-1")
LOG_2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
# Added to a small number, it leaves that number, rounded to an integer, in the lowest bits.
ROUNDER = 1.5 * 2.0**52
# Below the first the result is less than the least normal number, which XLA gives as 0 on a CPU;
# above the second it is past the greatest.
LEAST = -708.3964185322641
GREATEST = 709.782712893384
# Of (exp(r) - 1 - r) / r**2 for |r| <= log(2) / 2, by interpolation at Chebyshev's nodes in 50
# digits; with them exp(r) is within 1.7e-17 of its value.
_COEFFICIENTS = (
    0.5000000000000001,
    0.16666666666666669,
    0.04166666666662413,
    0.008333333333330062,
    0.0013888888917213717,
    0.00019841269863053618,
    2.4801521295954376e-05,
    2.7557268459997064e-06,
    2.7620088445409746e-07,
    2.510038549551032e-08,
)


def exp(x: Any) -> Any:
    r"""Compute :math:`e^x`, to 1.1 units in the last place.

    With :math:`x = k \log 2 + r`: a polynomial in r, and k added to the exponent's bits.

    Parameters
    ----------
    x : array of float64

    Examples
    --------
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     exp(np.array([-np.inf, 0.0, 800.0])).tolist()
    [0.0, 1.0, inf]
    """
    x = jnp.asarray(x)
    # The bounds are put so that nan stays as it is.
    within = lax.min(lax.max(x, LEAST), GREATEST)
    rounded = within * (1.0 / np.log(2.0)) + ROUNDER
    k = rounded - ROUNDER
    r = (within - k * LOG_2_HIGH) - k * LOG_2_LOW
    mantissa = 1.0 + (r + r * r * polynomial(r, _COEFFICIENTS))
    bits = lax.bitcast_convert_type(rounded, jnp.int64)
    shifted = lax.shift_left(bits, lax.full_like(bits, 52))
    scaled = lax.bitcast_convert_type(
        lax.bitcast_convert_type(mantissa, jnp.int64) + shifted, jnp.float64
    )
    low = lax.select(x < LEAST, lax.full_like(x, 0.0), scaled)
    return lax.select(x <= GREATEST, low, x * np.inf)


def logistic(x: Any) -> Any:
    r"""Compute :math:`1 / (1 + e^{-x})`, to 2 units in the last place.

    Parameters
    ----------
    x : array of float64
    """
    return 1.0 / (1.0 + exp(-x))
