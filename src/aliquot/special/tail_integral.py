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
_STEPS = 3


@partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def log_tail_integral(
    exponent: Callable[..., Any], longest: Callable[..., Any], sign: Any, *parameters: Any
) -> Any:
    """Compute log J for ``exponent(u, sign, *parameters)``, all of them arrays of one shape.

    E is a constant to derivatives by `sign`. ``longest(cut, sign, *parameters)`` gives a number
    that u has not reached where E is `cut`, as near to it as is easy; a parabola gives another one.
    """
    u, width = _nodes(exponent, longest, sign, parameters)
    density = _column(_WEIGHTS, u) * jnp.exp(-exponent(u, sign, *parameters))
    return jnp.log(jnp.sum(density, axis=0) * width)


@log_tail_integral.defjvp
def _log_tail_integral_jvp(
    exponent: Any, longest: Any, primals: Any, tangents: Any
) -> tuple[Any, Any]:
    sign, *parameters = primals
    u, width = _nodes(exponent, longest, sign, parameters)
    density = _column(_WEIGHTS, u) * jnp.exp(-exponent(u, sign, *parameters))
    total = jnp.sum(density, axis=0)
    change = 0.0
    for i, dot in enumerate(tangents[1:]):
        at, one = parameters[i], jnp.ones_like(parameters[i])

        def along(value: Any, i: int = i) -> Any:
            return exponent(u, sign, *parameters[:i], value, *parameters[i + 1 :])

        slope = jax.jvp(along, (at,), (one,))[1]
        change = change - jnp.sum(density * slope, axis=0) / total * dot
    return jnp.log(total * width), change


def _nodes(exponent: Any, longest: Any, sign: Any, parameters: Any) -> tuple[Any, Any]:
    """Give the nodes, along a new first axis, and how far they reach: a constant to derivatives."""
    fixed = [jax.lax.stop_gradient(p) for p in parameters]

    def value_and_slope(u: Any) -> tuple[Any, Any]:
        return jax.jvp(lambda u: exponent(u, sign, *fixed), (u,), (jnp.ones_like(u),))

    zero = jnp.zeros_like(fixed[0])
    slope, curvature = jax.jvp(lambda u: value_and_slope(u)[1], (zero,), (jnp.ones_like(zero),))
    # Newton's method for E(u) = 38, from where a parabola has it: E is convex.
    slope = jnp.maximum(slope, 0.0)
    root = jnp.sqrt(slope * slope + 2.0 * _CUT * jnp.maximum(curvature, 0.0))
    reach = jnp.minimum(2.0 * _CUT / (slope + root), longest(_CUT, sign, *fixed))
    for _ in range(_STEPS):
        value, slope = value_and_slope(reach)
        reach = reach - (value - _CUT) / slope
    reach = jax.lax.stop_gradient(reach)
    return _column(_NODES, reach[None]) * reach, reach


def _column(values: Any, like: Any) -> Any:
    return np.reshape(values, (-1, *(1,) * (jnp.ndim(like) - 1)))
