"""Logarithms of probabilities of complements, to all digits whichever of the two is small."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

# From here on ``1 - exp(-r)`` is r but for its half, relative, to all digits.
_SMALL = -36.0


def log_complement(log_p: Any) -> Any:
    """Compute ``log(1 - exp(log_p))`` for ``log_p <= 0``.

    Where nothing is left (``log_p`` is 0) it is ``-inf`` with derivative zero.
    """
    none, nothing = log_p >= 0, log_p == -jnp.inf
    safe = jnp.where(none | nothing, -1.0, log_p)
    near = safe > -np.log(2.0)
    by_difference = jnp.log(-jnp.expm1(jnp.where(near, safe, -1.0)))
    by_logarithm = jnp.log1p(-jnp.exp(jnp.where(near, -1.0, safe)))
    value = jnp.where(near, by_difference, by_logarithm)
    return jnp.where(none, -jnp.inf, jnp.where(nothing, 0.0, value))


def log_rest_of_exp(log_rate: Any) -> Any:
    """Compute ``log(1 - exp(-r))`` by the logarithm of r, which may be too small for a double."""
    small = log_rate < _SMALL
    rate = jnp.exp(jnp.where(small, 0.0, log_rate))
    return jnp.where(small, log_rate, log_complement(-rate))
