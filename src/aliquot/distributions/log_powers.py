"""Logarithms of powers, with 0**0 = 1, right in value and gradient on the closed unit interval.

`jax.scipy.special.xlogy` has the values, but its derivative by the base is NaN at 0**0, where
that of a probability mass function is finite: Bernoulli's ``p`` may be exactly 0 or 1. What is
impossible (``-inf``) has derivative zero here, so that it adds nothing to the gradient of a sum
over alternatives.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp


def log_power(base: Any, exponent: Any) -> Any:
    """Compute ``exponent * log(base)``, and 0 where both are 0.

    Examples
    --------
    >>> float(log_power(0.0, 0)), float(log_power(0.0, 2))
    (0.0, -inf)
    """
    base, zero = jnp.asarray(base), jnp.asarray(base) == 0
    return jnp.where(zero, _of_zero(exponent), exponent * jnp.log(jnp.where(zero, 1.0, base)))


def log1m_power(p: Any, exponent: Any) -> Any:
    """Compute ``exponent * log(1 - p)``, and 0 where p is 1 and the exponent 0.

    Examples
    --------
    >>> float(log1m_power(1.0, 0)), float(log1m_power(1.0, 3))
    (0.0, -inf)
    """
    p, zero = jnp.asarray(p), jnp.asarray(p) == 1
    return jnp.where(zero, _of_zero(exponent), exponent * jnp.log1p(-jnp.where(zero, 0.0, p)))


def _of_zero(exponent: Any) -> Any:
    """Compute the log of a power of zero, a constant to the derivative."""
    exponent = jax.lax.stop_gradient(jnp.asarray(exponent))
    return jnp.where(exponent == 0, 0.0, jnp.where(exponent > 0, -jnp.inf, jnp.inf))
