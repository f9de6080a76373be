r"""The logarithms of both incomplete gamma functions, with derivatives by both arguments.

With T gamma distributed, of shape a and rate 1, log T has a log-concave density g, and

.. math:: Q(a, x) = P(T > x) = g(\log x) \int_0^\infty e^{-(x (e^u - 1) - a u)} du

where x is above the mean. Below it the lower tail has such a form, with a sum before it that raises
the shape (DLMF 8.8.5) and so makes the integrand fall off fast enough for quadrature:

.. math:: P(a, x) = \frac{g(\log x)}{a} \left(\sum_{n < m} \frac{x^n}{(a + 1)_n}
          + \frac{x^m (a + m)}{(a + 1)_m} \int_0^\infty e^{-((a + m) u - x (1 - e^{-u}))} du\right)

JAX's have no logarithm, so that they are 0 beyond 1e-308.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.special.complement import log_complement
from aliquot.special.saddle_point import log_poisson_of_real
from aliquot.special.series import log_gamma_of_one_plus
from aliquot.special.tail_integral import log_tail_integral

_RAISED = 20
_TERMS = 22


def log_gamma_tails(a: Any, x: Any) -> tuple[Any, Any]:
    """Compute the logarithms of P(a, x) and Q(a, x), for positive a and x."""
    a, x = jnp.broadcast_arrays(jnp.asarray(a, float), jnp.asarray(x, float))
    small = (a < 1) & (x < 1)
    lower = small | (x < a)
    density = jnp.log(a) + log_poisson_of_real(a, x - a, a * jnp.log(x))
    shape = jnp.where(lower, a + _RAISED, a)
    log_tail = log_tail_integral(_exponent, _longest, jnp.where(lower, -1.0, 1.0), x, shape)

    total, x_below = shape * jnp.exp(log_tail), jnp.where(lower, x, 0.0)
    for n in range(_RAISED, 0, -1):
        total = 1.0 + total * (x_below / (a + n))
    below = density - jnp.log(a) + jnp.log(total)
    above = density + log_tail

    log_p = jnp.where(lower, below, log_complement(jnp.where(lower, -1.0, above)))
    rest = log_complement(jnp.where(lower, below, -1.0))
    # Where P is nearly 1, though x is below the mean, its rounding would be that of Q.
    little = small & (below > -np.log(2.0))
    log_q = jnp.where(lower, jnp.where(little, _log_upper(a, x, little), rest), above)
    return log_p, log_q


def _exponent(u: Any, sign: Any, x: Any, a: Any) -> Any:
    v = sign * u
    return x * jnp.expm1(v) - a * v


def _longest(cut: float, sign: Any, x: Any, a: Any) -> Any:
    """Give what is more than the solution of ``x (exp(u) - 1 - u) = cut``, and of the other sign.

    With c = cut / x it is at most sqrt(2 c), hence at most log(1 + c + sqrt(2 c)). Where x is
    subtracted, the exponent is at least a u - x.
    """
    ratio = cut / x
    return jnp.where(sign > 0, jnp.log1p(ratio + jnp.sqrt(2.0 * ratio)), (cut + x) / a)


def _log_upper(a: Any, x: Any, wanted: Any) -> Any:
    r"""Compute log Q(a, x) where both are less than 1, from what P lacks to 1 (DLMF 8.7.1).

    :math:`P = h\,(1 + a \sum_{n \ge 1} (-x)^n / (n!\, (a + n)))` with
    :math:`h = x^a / \Gamma(1 + a)`.
    """
    a, x = jnp.where(wanted, a, 0.5), jnp.where(wanted, x, 0.5)
    log_h = a * jnp.log(x) - log_gamma_of_one_plus(a)
    total, power = 0.0, 1.0
    for n in range(1, _TERMS):
        power = power * (-x / n)
        total = total + power / (a + n)
    return jnp.log(-jnp.expm1(log_h) - jnp.exp(log_h) * (a * total))
