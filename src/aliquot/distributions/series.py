"""Logarithms of which the leading terms cancel, and the factorials' distance from Stirling's."""

from __future__ import annotations

from math import lgamma, log
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln

# Riemann's zeta function at 2, 3, ..., 18.
_ZETA = (
    *(1.6449340668482264, 1.2020569031595942, 1.0823232337111382, 1.03692775514337),
    *(1.0173430619844491, 1.0083492773819228, 1.0040773561979443, 1.0020083928260822),
    *(1.000994575127818, 1.000494188604119, 1.000246086553308, 1.0001227133475785),
    *(1.000061248135059, 1.000030588236307, 1.0000152822594086, 1.0000076371976379),
    1.000003817293265,
)
# log(k!) - (k log k - k), for k below 16.
_SMALL = np.array([0.0, *(lgamma(k + 1) - k * (log(k) - 1) for k in range(1, 16))])


def log_after_three_terms(t: Any) -> Any:
    """Compute ``t - t**2/2 + t**3/3 - log(1 + t)``, about ``t**4/4``, for t > -1."""
    small = jnp.abs(t) < 0.1
    s = jnp.where(small, t, 0.0)
    total = jnp.zeros_like(s)
    for power in range(18, 3, -1):
        total = (-1.0) ** power / power + s * total
    w = jnp.where(small, 0.5, t)
    far = w - 0.5 * w**2 + w**3 / 3.0 - jnp.log1p(w)
    return jnp.where(small, s**4 * total, far)


def deviance(t: Any) -> Any:
    """Compute ``(1 + t) log(1 + t) - t``, about ``t**2/2``, for t >= -1.

    With ``t = (x - m) / m``, m times it is what the log probability of a count x with mean m loses
    to that of x with mean x. After Loader (2000), by the series of the logarithm in t / (2 + t).
    """
    small = jnp.abs(t) < 0.25
    w = jnp.where(small, t, 0.0)
    s = w / (2.0 + w)
    total = jnp.zeros_like(s)
    for k in range(10, -1, -1):
        total = 1.0 / (2 * k + 3) + s**2 * total
    near = (1.0 + w) * (2.0 * s**3 * total - s * w) + w**2
    far = jnp.where(small | (t <= -1.0), 1.0, t)
    return jnp.where(small, near, jnp.where(t <= -1.0, 1.0, (1.0 + far) * jnp.log1p(far) - far))


def log_gamma_ratio(x: Any) -> Any:
    r"""Compute :math:`\log \Gamma(1 + 2 x) - 2 \log \Gamma(1 + x)`, for x > 0.

    For small x by the series of both (DLMF 5.7.3), whose first terms cancel: there it is
    :math:`\pi^2 x^2 / 6`.
    """
    small = x < 0.05
    s = jnp.where(small, x, 0.0)
    total = jnp.zeros_like(s)
    for k in range(18, 1, -1):
        total = (-1.0) ** k * _ZETA[k - 2] * (2.0**k - 2.0) / k + s * total
    w = jnp.where(small, 1.0, x)
    return jnp.where(small, s**2 * total, gammaln(1.0 + 2.0 * w) - 2.0 * gammaln(1.0 + w))


def log_factorial_rest(k: Any) -> Any:
    """Compute ``log(k!) - (k log k - k)``, about ``log(2 pi k) / 2``, for whole numbers in doubles.

    By the table below 16, else Stirling's series (DLMF 5.11.1), of which the first term that is
    left out is below 1e-15.
    """
    table = jnp.asarray(_SMALL)[jnp.clip(k, 0, 15).astype(int)]
    r = 1.0 / jnp.maximum(k, 16.0)
    series = r * (1 / 12 - r**2 * (1 / 360 - r**2 * (1 / 1260 - r**2 * (1 / 1680 - r**2 / 1188))))
    return jnp.where(k < 16, table, 0.5 * jnp.log(2.0 * np.pi / r) + series)
