r"""The logarithms of the incomplete beta function and its complement, with all derivatives.

With T beta distributed, its log odds have a log-concave density g, and below the mean a / (a + b)

.. math:: I_x(a, b) = P(T < x) = \frac{g}{a} \left(\sum_{n < m} \frac{(a + b)_n}{(a + 1)_n} x^n
          + \frac{(a + b)_m}{(a + 1)_m} x^m (a + m) J\right), \quad
          J = \int_0^\infty e^{-(a + m) u} (1 - x + x e^{-u})^{-(a + b + m)} du

where g is taken at the log odds of x. The sum raises the shape (DLMF 8.17.20), so that the
integrand falls off fast enough for quadrature. Above the mean it is the same of the complement.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from aliquot.special.complement import log_complement
from aliquot.special.saddle_point import log_poisson_of_real, stirling
from aliquot.special.tail_integral import log_tail_integral

_RAISED = 20


def log_beta_tails(a: Any, b: Any, x: Any, rest: Any) -> tuple[Any, Any]:
    """Compute the logarithms of I_x(a, b) and of 1 minus it.

    For positive a and b, and x strictly between 0 and 1, given with what it lacks to 1.
    """
    values = (jnp.asarray(value, float) for value in (a, b, x, rest))
    a, b, x, rest = jnp.broadcast_arrays(*values)
    lower = x * b < a * rest
    p, q = jnp.where(lower, a, b), jnp.where(lower, b, a)
    y, z = jnp.where(lower, x, rest), jnp.where(lower, rest, x)

    less = y < 0.5
    shape = p + _RAISED
    log_tail = log_tail_integral(
        _exponent,
        _longest,
        jnp.where(less, -1.0, 1.0),
        p + q + _RAISED,
        jnp.where(less, shape, -q),
        jnp.where(less, y, z),
    )
    total = shape * jnp.exp(log_tail)
    for n in range(_RAISED - 1, -1, -1):
        total = 1.0 + total * (y * ((p + q + n) / (p + (n + 1.0))))
    near = log_density_of_odds(p, q, y, z, jnp.log(y), jnp.log(z)) - jnp.log(p) + jnp.log(total)
    far = log_complement(near)
    return jnp.where(lower, near, far), jnp.where(lower, far, near)


def log_density_of_odds(a: Any, b: Any, x: Any, rest: Any, log_x: Any, log_rest: Any) -> Any:
    r"""Compute :math:`\log(x^a (1 - x)^b / B(a, b))`, the log density of a beta's log odds."""
    total = a + b
    gap, log_total = b * x - a * rest, jnp.log(total)
    parts = log_poisson_of_real(a, gap, a * (log_x + log_total))
    parts += log_poisson_of_real(b, -gap, b * (log_rest + log_total))
    return stirling(total) + jnp.log(a) + jnp.log(b) - log_total + parts


def _exponent(u: Any, sign: Any, total: Any, rate: Any, share: Any) -> Any:
    """Compute ``(a + m) u + (a + b + m) log(1 - x + x exp(-u))`` by the lesser of x and 1 - x.

    The other form is ``-b u + (a + b + m) log(x + (1 - x) exp(u))``.
    """
    return rate * u + total * jnp.log1p(share * jnp.expm1(sign * u))


def _longest(cut: float, sign: Any, total: Any, rate: Any, share: Any) -> Any:
    """Give where a line is at `cut` that the exponent is above: (a + m) u + ... log(1 - x)."""
    shape = jnp.where(sign < 0, rate, total + rate)
    log_rest = jnp.where(sign < 0, jnp.log1p(-share), jnp.log(share))
    return (cut - total * log_rest) / shape
