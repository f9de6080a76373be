"""The natural logarithm, and that of one plus a number."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from aliquot.elementary.exponential import LOG_2_HIGH, LOG_2_LOW
from aliquot.elementary.polynomial import polynomial

# The bits of the square root of 1/2, and those of 2**52 as a float, whose lowest bits count units.
_ROOT_HALF = 0x3FE6A09E667F3BCD
_UNITS = 0x4330000000000000
_LEAST = np.finfo(float).tiny
# Of (2 artanh(s) / s - 2) / s**2 as a function of s**2, for numbers from sqrt(1/2) to sqrt(2), by
# interpolation at Chebyshev's nodes in 50 digits; the logarithm is within 5e-18 of its value.
_COEFFICIENTS = (
    0.666666666666667,
    0.39999999999899444,
    0.2857142862600327,
    0.22222211130259878,
    0.18182889455674947,
    0.15331710618210773,
    0.14616585424888623,
)


def log(x: Any) -> Any:
    r"""Compute :math:`\log x`, to 1 unit in the last place.

    With :math:`x = 2^k (1 + f)`, where 1 + f is between the square roots of 1/2 and 2, and
    :math:`s = f / (2 + f)`: :math:`\log(1 + f) = f - f^2/2 + s (f^2/2 + R(s^2))`.

    Parameters
    ----------
    x : array of float64
        Subnormal numbers count as 0, as they do in all that XLA computes on a CPU.

    Examples
    --------
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     log(np.array([0.0, 1.0, np.e])).tolist()
    [-inf, 0.0, 1.0]
    """
    value = _log_of_positive(x)
    return _special(x, value, x, x < np.inf)


def log1p(x: Any) -> Any:
    r"""Compute :math:`\log(1 + x)`, to 2 units in the last place, also for tiny x.

    Parameters
    ----------
    x : array of float64
    """
    total = 1.0 + x
    lost = (x - (total - 1.0)) / total
    return _special(total, _log_of_positive(total) + lost, x, total < np.inf)


def _special(total: Any, value: Any, x: Any, finite: Any) -> Any:
    """Put infinity and nan in, and what the logarithm of zero and of a negative number is."""
    none = lax.select(total == 0.0, lax.full_like(x, -np.inf), lax.full_like(x, np.nan))
    return lax.select(finite, lax.select(total >= _LEAST, value, none), x)


def _log_of_positive(x: Any) -> Any:
    bits = lax.bitcast_convert_type(x, jnp.int64)
    # Biased by 1023, so that the shift sees no sign.
    biased = lax.shift_right_logical(
        bits + (0x3FF0000000000000 - _ROOT_HALF), lax.full_like(bits, 52)
    )
    k = lax.bitcast_convert_type(biased | _UNITS, jnp.float64) - (2.0**52 + 1023.0)
    mantissa = bits - lax.shift_left(biased - 1023, lax.full_like(bits, 52))
    f = lax.bitcast_convert_type(mantissa, jnp.float64) - 1.0
    half = 0.5 * f * f
    s = f / (2.0 + f)
    z = s * s
    rest = s * (half + z * polynomial(z, _COEFFICIENTS))
    return k * LOG_2_HIGH - ((half - (rest + k * LOG_2_LOW)) - f)
