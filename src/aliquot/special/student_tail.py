r"""The tail of Student's t distribution, far out and for all degrees of freedom.

With :math:`t = \sqrt\nu \sinh s` the density is proportional to :math:`\cosh(s)^{-\nu}`, and
integration by parts raises the exponent by 2, which has to be some for quadrature:

.. math:: \int_s^\infty \cosh(v)^{-\nu} dv = \frac{\tanh s}{\nu} \cosh(s)^{-\nu}
          + \frac{\nu + 1}{\nu} \int_s^\infty \cosh(v)^{-\nu - 2} dv
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from aliquot.special.tail_integral import log_tail_integral

_RAISED = 10
_FAR = 1e100


def log_sech_tail(ratio: Any, nu: Any) -> Any:
    r"""Compute :math:`\log \int_s^\infty \cosh(v)^{-\nu} dv + \nu \log \cosh s`, s >= 0.

    By the ratio :math:`t / \sqrt\nu = \sinh s`.
    """
    values = (jnp.asarray(value, float) for value in (ratio, nu))
    ratio, nu = jnp.broadcast_arrays(*values)
    near = jnp.minimum(ratio, _FAR)
    inverse = 1.0 / jnp.sqrt(1.0 + near * near)
    square, tanh = inverse * inverse, near * inverse
    log_tail = log_tail_integral(_exponent, _longest, jnp.ones_like(nu), nu + 2.0 * _RAISED, tanh)
    total = jnp.exp(log_tail)
    for k in range(2 * _RAISED - 2, -1, -2):
        total = (tanh + total * (square * (nu + (k + 1.0)))) / (nu + k)
    return jnp.log(total)


def _exponent(u: Any, sign: Any, nu: Any, tanh: Any) -> Any:
    del sign
    half = jnp.sinh(0.5 * u)
    return nu * jnp.log1p(2.0 * half * half + tanh * jnp.sinh(u))


def _longest(cut: float, sign: Any, nu: Any, tanh: Any) -> Any:
    """Give where ``nu (u - log 2)`` is at `cut`, which the exponent is above."""
    del sign, tanh
    return cut / nu + jnp.log(2.0)
