"""Numbers of 32 digits as sums of two floats, for series whose terms cancel.

Dekker (1971), *A floating-point technique for extending the available precision*, and Knuth's sum.
Halves are cut off by their bits, so that it holds as well where the compiler fuses a product and a
sum into one operation.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax

# All bits of a float but the lowest 27 of its mantissa.
_UPPER_HALF = -(1 << 27)


class DoubleDouble(NamedTuple):
    """A number as the float next to it, and what is left."""

    high: Any
    low: Any

    def plus(self, other: DoubleDouble) -> DoubleDouble:
        total = two_sum(self.high, other.high)
        return _renormalised(total.high, total.low + (self.low + other.low))

    def times(self, other: DoubleDouble) -> DoubleDouble:
        product = two_product(self.high, other.high)
        rest = product.low + (self.high * other.low + self.low * other.high)
        return _renormalised(product.high, rest)

    def over(self, other: DoubleDouble) -> DoubleDouble:
        """Divide by another, by one correction of the quotient of floats."""
        first = self.high / other.high
        back = other.times(DoubleDouble(first, jnp.zeros_like(first)))
        rest = self.plus(DoubleDouble(-back.high, -back.low))
        return _renormalised(first, (rest.high + rest.low) / other.high)

    def scaled(self, power_of_two: Any) -> DoubleDouble:
        """Multiply by a power of two, which loses nothing."""
        return DoubleDouble(self.high * power_of_two, self.low * power_of_two)


def two_sum(a: Any, b: Any) -> DoubleDouble:
    """Add two floats, and say what the sum loses."""
    total = a + b
    share = total - a
    return DoubleDouble(total, (a - (total - share)) + (b - share))


def two_product(a: Any, b: Any) -> DoubleDouble:
    """Multiply two floats, and say what the product loses."""
    product = a * b
    upper_a, upper_b = _upper(a), _upper(b)
    lower_a, lower_b = a - upper_a, b - upper_b
    lost = (upper_a * upper_b - product) + upper_a * lower_b + lower_a * upper_b
    return DoubleDouble(product, lost + lower_a * lower_b)


def _upper(x: Any) -> Any:
    # The cut is no function with a derivative; that of the number is in what is left.
    bits = lax.bitcast_convert_type(lax.stop_gradient(x), jnp.int64)
    return lax.bitcast_convert_type(bits & _UPPER_HALF, jnp.float64)


def _renormalised(high: Any, low: Any) -> DoubleDouble:
    total = high + low
    return DoubleDouble(total, low - (total - high))
