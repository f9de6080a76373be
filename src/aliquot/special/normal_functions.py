"""The normal distribution function far out, and the inverse of the error function."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erf, erfc, erfcx
from jax.scipy.special import erfinv as first_guess

_ROOT_HALF = np.sqrt(0.5)
# From here on so many levels of the continued fraction give all digits.
_FAR, _LEVELS = 10.0, 16


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
    x = jnp.asarray(x, float)
    right, left = jnp.maximum(x, 0.0), jnp.minimum(x, 0.0)
    plain = jnp.log1p(-0.5 * erfc(-_ROOT_HALF * left))
    return jnp.where(x > 0, jnp.log(0.5 * erfcx(_ROOT_HALF * right)), plain)


@log_scaled_tail.defjvp
def _log_scaled_tail_jvp(primals: Any, tangents: Any) -> tuple[Any, Any]:
    (x,), (dot,) = primals, tangents
    x = jnp.asarray(x, float)
    # The hazard less x, which cancels far out: Laplace's continued fraction (DLMF 7.9.1).
    far = jnp.maximum(x, _FAR)
    rest = far
    for k in range(_LEVELS, 1, -1):
        rest = far + k / rest
    near, left = jnp.clip(x, 0.0, _FAR), jnp.minimum(x, 0.0)
    right = near - np.sqrt(2 / np.pi) / erfcx(_ROOT_HALF * near)
    plain = -np.sqrt(2 / np.pi) * jnp.exp(-0.5 * left * left) / erfc(_ROOT_HALF * left)
    slope = jnp.where(x > _FAR, -1.0 / rest, jnp.where(x > 0, right, plain))
    return log_scaled_tail(x), slope * dot


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
