r"""The exponential function, :math:`e^x - 1`, the logistic function and the hyperbolic tangent.

With :math:`x = k \log 2 + r` and r between plus and minus log(2) / 2: a polynomial in r, and k
goes into the exponent's bits. What comes out of that beyond the range of floats is replaced at the
end; to bound x beforehand would cost more.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from aliquot.elementary.polynomial import polynomial

# log 2 in two parts; the first has 32 bits, so that its multiples by an exponent are exact.
LOG_2_HIGH = float.fromhex("0x1.62e42feep-1")
LOG_2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
_PER_LOG_2 = 1.0 / np.log(2.0)
# Added to a small number, it leaves that number, rounded to an integer, in the lowest bits.
_ROUNDER = 1.5 * 2.0**52
# Below the first the result is less than the least normal number, which XLA gives as 0 on a CPU;
# above the second it is past the greatest.
_LEAST = -708.3964185322641
_GREATEST = 709.782712893384
# Here exp(x) - 1 is -1 long since; further down the exponent would leave its bits.
_MINUS_ONE = -40.0
# For a number below this it is the number.
_ITSELF = 2.0**-60
# Of (exp(r) - 1 - r) / r**2 for |r| <= log(2) / 2: minimax by Remez's algorithm in 60 digits, the
# error weighted relative to exp(r) - 1, which is then within 1.8e-17 of its value.
_COEFFICIENTS = (
    0.5000000000000006,
    0.16666666666666588,
    0.04166666666657674,
    0.008333333333389557,
    0.0013888888931567036,
    0.00019841269718979732,
    2.4801505271629876e-05,
    2.7557407577940926e-06,
    2.7626038626974827e-07,
    2.5053761047656857e-08,
)


def exp(x: Any) -> Any:
    r"""Compute :math:`e^x`, to 1.1 units in the last place."""
    x = jnp.asarray(x)
    less_one, exponent = reduced(x)
    value = times_power(1.0 + less_one, exponent)
    value = lax.select(x < _LEAST, lax.full_like(x, 0.0), value)
    return lax.select(x <= _GREATEST, value, x + np.inf)


def expm1(x: Any) -> Any:
    r"""Compute :math:`e^x - 1`, to 2.5 units in the last place, also for tiny x."""
    x = jnp.asarray(x)
    less_one, exponent = reduced(lax.max(x, _MINUS_ONE))
    # Half of it, as the power of two itself may be past the greatest number.
    half = times_power(lax.full_like(x, 0.5), exponent)
    value = 2.0 * (half * less_one + (half - 0.5))
    value = lax.select(x <= _GREATEST, value, x + np.inf)
    # Zero keeps its sign, and the least numbers would be lost in the half.
    return lax.select(lax.abs(x) < _ITSELF, x, value)


def reduced(x: Any, low: Any = None) -> tuple[Any, Any]:
    """Return exp(r) - 1, and k where the exponent's bits are, as an integer.

    `low` is to be added to x, and lost in the sum.
    """
    rounded = x * _PER_LOG_2 + _ROUNDER
    k = rounded - _ROUNDER
    rest = k * LOG_2_LOW if low is None else k * LOG_2_LOW - low
    r = (x - k * LOG_2_HIGH) - rest
    bits = lax.bitcast_convert_type(rounded, jnp.int64)
    exponent = lax.shift_left(bits, lax.full_like(bits, 52))
    return r + r * r * polynomial(r, _COEFFICIENTS), exponent


def times_power(x: Any, exponent: Any) -> Any:
    """Multiply by a power of two, given as `reduced` returns it."""
    return lax.bitcast_convert_type(lax.bitcast_convert_type(x, jnp.int64) + exponent, jnp.float64)


# The tangent of half of this is 1.
_ONE = 80.0


def logistic(x: Any) -> Any:
    r"""Compute :math:`1 / (1 + e^{-x})`, to 2.5 units in the last place."""
    return 1.0 / (1.0 + exp(-x))


def tanh(x: Any) -> Any:
    r"""Compute :math:`\tanh x = u / (2 + u)` with :math:`u = e^{2x} - 1`, to 3 units."""
    x = jnp.asarray(x)
    less_one, exponent = reduced(lax.min(lax.max(2.0 * x, -_ONE), _ONE))
    power = times_power(lax.full_like(x, 1.0), exponent)
    u = power * less_one + (power - 1.0)
    return lax.select(x == 0.0, x, u / (2.0 + u))  # keeps the sign of zero
