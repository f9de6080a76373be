"""Logarithms of which the leading terms cancel."""

from __future__ import annotations

from math import factorial
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln

from aliquot.elementary.polynomial import polynomial

# Riemann's zeta function at 2, 3, ..., 18.
_ZETA = (
    *(1.6449340668482264, 1.2020569031595942, 1.0823232337111382, 1.03692775514337),
    *(1.0173430619844491, 1.0083492773819228, 1.0040773561979443, 1.0020083928260822),
    *(1.000994575127818, 1.000494188604119, 1.000246086553308, 1.0001227133475785),
    *(1.000061248135059, 1.000030588236307, 1.0000152822594086, 1.0000076371976379),
    1.000003817293265,
)


def log_after_three_terms(t: Any) -> Any:
    """Compute ``t - t**2/2 + t**3/3 - log(1 + t)``, about ``t**4/4``, for t > -1."""
    small = jnp.abs(t) < 0.1
    s = jnp.where(small, t, 0.0)
    total = polynomial(s, [(-1.0) ** power / power for power in range(4, 19)])
    w = jnp.where(small, 0.5, t)
    far = w - 0.5 * w**2 + w**3 / 3.0 - jnp.log1p(w)
    return jnp.where(small, s**4 * total, far)


def log_gamma_ratio(x: Any) -> Any:
    r"""Compute :math:`\log \Gamma(1 + 2 x) - 2 \log \Gamma(1 + x)`, for x > 0.

    For small x by the series of both (DLMF 5.7.3), whose first terms cancel: there it is
    :math:`\pi^2 x^2 / 6`.
    """
    small = x < 0.05
    s = jnp.where(small, x, 0.0)
    terms = enumerate(_ZETA, start=2)
    total = polynomial(s, [(-1.0) ** k * zeta * (2.0**k - 2.0) / k for k, zeta in terms])
    w = jnp.where(small, 1.0, x)
    return jnp.where(small, s**2 * total, gammaln(1.0 + 2.0 * w) - 2.0 * gammaln(1.0 + w))


def log_gamma_of_one_plus(x: Any) -> Any:
    r"""Compute :math:`\log \Gamma(1 + x)` for x >= 0, to all digits where x is small, too."""
    small = x < 0.05
    s = jnp.where(small, x, 0.0)
    terms = enumerate(_ZETA, start=2)
    total = polynomial(s, [(-1.0) ** k * zeta / k for k, zeta in terms])
    series = s * (s * total - np.euler_gamma)
    return jnp.where(small, series, gammaln(1.0 + jnp.where(small, 1.0, x)))


def exp_after_two_terms(x: Any) -> Any:
    r"""Compute :math:`x e^x - e^x + 1`, about :math:`x^2 / 2`, for x >= 0."""
    small = x < 0.5
    s = jnp.where(small, x, 0.0)
    total = polynomial(s, [(k - 1) / factorial(k) for k in range(2, 18)])
    w = jnp.where(small, 1.0, x)
    return jnp.where(small, s * s * total, w * jnp.exp(w) - jnp.expm1(w))


def log_mean_excess(x: Any) -> Any:
    r"""Compute :math:`\log(1 - x / (e^x - 1))`, about :math:`\log(x / 2)`, for x > 0."""
    small = x < 0.5
    s = jnp.where(small, x, 0.25)
    total = polynomial(s, [1 / factorial(k) for k in range(2, 18)])
    w = jnp.where(small, 1.0, jnp.minimum(x, 700.0))
    near = jnp.log(s) + jnp.log(total) - jnp.log(jnp.expm1(s) / s)
    return jnp.where(small, near, jnp.log1p(-w / jnp.expm1(w)))
