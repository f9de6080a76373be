r"""Integrals of log-concave densities from a point outwards, over the density at that point.

.. math:: J = \int_0^\infty e^{-E(u)}\, du, \quad E(0) = 0,\ E \text{ convex and increasing}

It is what is left of a tail probability when the density at its end is taken out, so that nothing
underflows however far out that is. By Gauss-Legendre quadrature up to where the integrand is below
1e-16 of its maximum. The derivatives by the parameters are means of those of E, under the same
weights.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)
_NODES, _WEIGHTS = 0.5 * (_NODES + 1.0), 0.5 * _WEIGHTS
_CUT = 38.0
_STEPS = 9
_FARTHEST = 600.0  # of which the exponential is still a double


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def log_tail_integral(exponent: Callable[..., Any], *parameters: Any) -> Any:
    """Compute log J for ``exponent(u, *parameters)``, parameters being arrays of one shape."""
    u, width = _nodes(exponent, parameters)
    density = _column(_WEIGHTS, u) * jnp.exp(-exponent(u, *parameters))
    return jnp.log(jnp.sum(density, axis=0) * width)


@log_tail_integral.defjvp
def _log_tail_integral_jvp(exponent: Any, primals: Any, tangents: Any) -> tuple[Any, Any]:
    u, width = _nodes(exponent, primals)
    density = _column(_WEIGHTS, u) * jnp.exp(-exponent(u, *primals))
    total = jnp.sum(density, axis=0)
    change = 0.0
    for i, dot in enumerate(tangents):
        ones = [jnp.ones_like(p) if j == i else jnp.zeros_like(p) for j, p in enumerate(primals)]
        slope = jax.jvp(lambda *p: exponent(u, *p), primals, tuple(ones))[1]
        change = change - jnp.sum(density * slope, axis=0) / total * dot
    return jnp.log(total * width), change


def _nodes(exponent: Any, parameters: Any) -> tuple[Any, Any]:
    """Give the nodes, along a new first axis, and how far they reach: a constant to derivatives."""
    fixed = [jax.lax.stop_gradient(p) for p in parameters]

    def value_and_slope(u: Any) -> tuple[Any, Any]:
        return jax.jvp(lambda u: exponent(u, *fixed), (u,), (jnp.ones_like(u),))

    zero = jnp.zeros_like(fixed[0])
    slope, curvature = jax.jvp(lambda u: value_and_slope(u)[1], (zero,), (jnp.ones_like(zero),))
    # Newton's method for E(u) = 38, from where a parabola has it: E is convex.
    root = jnp.sqrt(slope * slope + 2.0 * _CUT * jnp.maximum(curvature, 0.0))
    reach = jnp.minimum(2.0 * _CUT / (jnp.maximum(slope, 0.0) + root), _FARTHEST)
    for _ in range(_STEPS):
        value, slope = value_and_slope(reach)
        reach = reach - (value - _CUT) / slope
    reach = jax.lax.stop_gradient(reach)
    return _column(_NODES, reach[None]) * reach, reach


def _column(values: Any, like: Any) -> Any:
    return np.reshape(values, (-1, *(1,) * (jnp.ndim(like) - 1)))
