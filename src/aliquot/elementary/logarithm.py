r"""The natural logarithm, and that of one plus a number.

With :math:`x = 2^k (1 + f)`, where 1 + f is between the square roots of 1/2 and 2, and
:math:`s = f / (2 + f)`: :math:`\log(1 + f) = 2 \operatorname{artanh} s = f - s (f - R(s^2))`.
The last form has its rounding errors in the small second term.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from aliquot.elementary.exponential import LOG_2_HIGH, LOG_2_LOW
from aliquot.elementary.polynomial import polynomial

# The bits of 1 and of the square root of 1/2, and those of 2**52, whose lowest bits count units.
_ONE = 0x3FF0000000000000
_ROOT_HALF = 0x3FE6A09E667F3BCD
_UNITS = 0x4330000000000000
_TINY = float(np.finfo(float).tiny)
# The logarithm of one plus a number below this is the number.
_ITSELF = 2.0**-60
# Of (2 artanh(s) / s - 2) / s**2 as a function of s**2, for numbers from sqrt(1/2) to sqrt(2):
# minimax by Remez's algorithm in 60 digits; the logarithm is within 1.3e-18 of its value.
_COEFFICIENTS = (
    0.6666666666666734,
    0.3999999999941567,
    0.28571428742188354,
    0.22222198591499065,
    0.1818356348229239,
    0.15314069467543576,
    0.14795786248619922,
)


def log(x: Any) -> Any:
    r"""Compute :math:`\log x`, to 1 unit in the last place.

    Subnormal numbers count as 0, as they do in all that XLA computes on a CPU.
    """
    x = jnp.asarray(x)
    f, biased, _ = _split(x)
    return _special(x, _from_parts(f, biased))


def log1p(x: Any) -> Any:
    r"""Compute :math:`\log(1 + x)`, to 2 units in the last place, also for tiny x."""
    x = jnp.asarray(x)
    total = 1.0 + x
    lost = x - (total - 1.0)
    f, biased, exponent = _split(total)
    # What the sum lost belongs to f, divided by the same power of two; half of it in two steps, as
    # the power's reciprocal alone may be less than the least normal number.
    twice = lax.bitcast_convert_type((2047 << 52) - exponent, jnp.float64)
    value = _special(total, _from_parts(f + (0.5 * lost) * twice, biased))
    return lax.select(lax.abs(x) < _ITSELF, x, value)


def _split(x: Any) -> tuple[Any, Any, Any]:
    """Return f, k + 1023, and the latter where the exponent's bits are."""
    bits = lax.bitcast_convert_type(x, jnp.int64)
    places = lax.full_like(bits, 52)
    biased = lax.shift_right_logical(bits + (_ONE - _ROOT_HALF), places)
    exponent = lax.shift_left(biased, places)
    mantissa = lax.bitcast_convert_type(bits - exponent + _ONE, jnp.float64)
    return mantissa - 1.0, biased, exponent


def _from_parts(f: Any, biased: Any) -> Any:
    k = lax.bitcast_convert_type(biased | _UNITS, jnp.float64) - (2.0**52 + 1023.0)
    s = f / (2.0 + f)
    z = s * s
    rest = s * (f - z * polynomial(z, _COEFFICIENTS)) - k * LOG_2_LOW
    return k * LOG_2_HIGH + (f - rest)


def _special(x: Any, value: Any) -> Any:
    """Put in infinity, nan, and what the logarithm of zero and of a negative number is."""
    none = lax.select(x < 0.0, lax.full_like(x, np.nan), lax.full_like(x, -np.inf))
    return lax.select(x < np.inf, lax.select(x < _TINY, none, value), x)
