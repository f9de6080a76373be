r"""How much a power of a beta variable varies, without the difference of its moments."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.elementary.polynomial import polynomial

# So many factors of the product are taken one by one; the rest is Stirling's series, from here on.
_FIRST = 24
_NEXT = float(_FIRST + 1)
# Of (1 - r) log(1 - r) + (1 + r) log(1 + r) over r**2, as a function of r**2.
_ENTROPY = tuple(1.0 / (j * (2 * j - 1)) for j in range(1, 10))


def log_square_over_mean(s: Any, b: Any) -> Any:
    r"""Compute :math:`\log E[U^{2s}] - 2 \log E[U^s]` of U with density :math:`b (1 - u)^{b - 1}`.

    With :math:`E[U^s] = \Gamma(1 + s) \Gamma(1 + b) / \Gamma(1 + s + b)` and Euler's product (DLMF
    5.8.2) it is a sum of positive terms,

    .. math:: \sum_{A = 1}^{\infty} \log\left(1 +
              \frac{s^2 b (2 A + 2 s + b)}{A (A + 2 s) (A + s + b)^2}\right)

    The relative variance of :math:`U^s` is one less than its exponential.
    """
    s, b = jnp.broadcast_arrays(jnp.asarray(s, float), jnp.asarray(b, float))
    total = jnp.zeros_like(s)
    for a in range(_FIRST, 0, -1):
        whole = a + s + b
        shares = (s / whole) * (b / whole)
        total += jnp.log1p(shares * (s / a) * ((2 * (a + s) + b) / (a + 2 * s)))
    little = b < 1.0
    step = jnp.where(little, b, 0.5)
    integral = jnp.zeros_like(s)
    for node, weight in zip(*np.polynomial.legendre.leggauss(6), strict=True):
        at = _NEXT + 0.5 * (node + 1.0) * step
        _, slope = jax.jvp(lambda z: _second_difference(z, s), (at,), (jnp.ones_like(s),))
        integral += 0.5 * weight * slope
    start = jnp.full_like(s, _NEXT)
    rest = _second_difference(start, s) - _second_difference(_NEXT + b, s)
    return total + jnp.where(little, -b * integral, rest)


def _second_difference(z: Any, s: Any) -> Any:
    r"""Compute :math:`\log \Gamma(z) - 2 \log \Gamma(z + s) + \log \Gamma(z + 2 s)` for large z.

    Term by term of Stirling's series (DLMF 5.11.1), each in terms of r = s / (z + s).
    """
    w = z + s
    r, rest = s / w, z / w
    y, small = r * r, r < 0.1
    t = jnp.where(small, 0.5, r)
    far = jnp.where(small, 0.5, rest) * jnp.log(jnp.where(small, 0.5, rest))
    near = jnp.where(small, y, 0.0)
    entropy = jnp.where(small, y * polynomial(near, _ENTROPY), far + (1 + t) * jnp.log1p(t))
    logs = jnp.where(small, jnp.log1p(-near), jnp.log(jnp.where(small, 1.0, rest)) + jnp.log1p(t))
    u = 1.0 / (z * (1.0 + r))
    powers = (
        2 / 12,
        -(u**2) / 360 * polynomial(y, (12.0, -6.0, 2.0)),
        u**4 / 1260 * polynomial(y, (30.0, -10.0, 20.0, -10.0, 2.0)),
    )
    return w * entropy - 0.5 * logs + u * y * sum(powers)
