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
