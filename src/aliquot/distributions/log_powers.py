"""Logarithms of powers, with 0**0 = 1, right in value and gradient on the closed unit interval.

`jax.scipy.special.xlogy` has the values, but its derivative by the base is NaN at 0**0, where
that of a probability mass function is finite: Bernoulli's ``p`` may be exactly 0 or 1.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp


def log_power(base: Any, exponent: Any) -> Any:
    """Compute ``exponent * log(base)``, and 0 where both are 0.

    Parameters
    ----------
    base : array, non-negative
    exponent : array

    Examples
    --------
    >>> float(log_power(0.0, 0)), float(log_power(0.0, 2))
    (0.0, -inf)
    """
    zero = (base == 0) & (exponent == 0)
    return exponent * jnp.log(jnp.where(zero, 1.0, base))


def log1m_power(p: Any, exponent: Any) -> Any:
    """Compute ``exponent * log(1 - p)``, and 0 where p is 1 and the exponent 0.

    Parameters
    ----------
    p : array, at most 1
    exponent : array

    Examples
    --------
    >>> float(log1m_power(1.0, 0)), float(log1m_power(1.0, 3))
    (0.0, -inf)
    """
    zero = (p == 1) & (exponent == 0)
    return exponent * jnp.log1p(-jnp.where(zero, 0.0, p))
