"""The logistic function and the hyperbolic tangent."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import lax

from aliquot.elementary.exponential import exp, reduced, times_power

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
