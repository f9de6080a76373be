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
    before, factor = 0.0, jnp.ones_like(nu)
    for k in range(_RAISED):
        before = before + factor / (nu + 2.0 * k)
        factor = factor * square * ((nu + (2.0 * k + 1.0)) / (nu + 2.0 * k))
    log_tail = log_tail_integral(_exponent, nu + 2.0 * _RAISED, tanh)
    return jnp.log(tanh * before + factor * jnp.exp(log_tail))


def _exponent(u: Any, nu: Any, tanh: Any) -> Any:
    half = jnp.sinh(0.5 * u)
    return nu * jnp.log1p(2.0 * half * half + tanh * jnp.sinh(u))
