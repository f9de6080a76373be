"""Elementwise operations: the operands are spread against each other, not to their full shape."""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import lax

from aliquot.marginal.lanes.arrays import (
    Array,
    common_shape,
    concrete,
    foldable,
    reshape,
    spread,
)
from aliquot.marginal.lanes.folding import fold
from aliquot.marginal.lanes.singular import guarded
from aliquot.marginal.lanes.site import Site

_NAMES = """
    abs acos acosh add add_any and asin asinh atan atan2 atanh bessel_i0e bessel_i1e cbrt ceil
    clamp clz complex conj convert_element_type copy copy_p cos cosh digamma div eq erf
    erf_inv erfc exp exp2 expm1 floor ge gt igamma igamma_grad_a igammac imag integer_pow
    is_finite le lgamma log log1p logistic lt max min mul ne neg nextafter not or polygamma
    population_count pow random_gamma_grad real reduce_precision regularized_incomplete_beta
    rem round rsqrt select_n shift_left shift_right_arithmetic shift_right_logical sign sin
    sinh sqrt square stop_gradient sub tan tanh xor zeta
"""
ELEMENTWISE = frozenset(_NAMES.split())


def elementwise(site: Site) -> list[Array]:
    """Apply an elementwise operation to compact operands."""
    site = aligned(site)
    shape = common_shape(site.values)
    dtype = site.equation.outvars[0].aval.dtype
    if all(concrete(value) for value in site.values) and foldable(shape, dtype):
        known = fold(site.name, site.values, site.params, dtype)
        if known is not None:
            return [np.broadcast_to(known, shape)]
    if site.name == "select_n":
        chosen = uniform(site.values[0])
        if chosen is not None:
            return [site.values[1 + chosen]]
    result = guarded(site)
    return [bind(site.equation, site.values) if result is None else result]


def uniform(which: Array) -> int | None:
    """Give the case that a known selector selects everywhere; None where there is none."""
    if not concrete(which) or which.size == 0:
        return None
    first = which.flat[0]
    return int(first) if (which == first).all() else None


def bind(equation: Any, values: tuple[Array, ...]) -> Array:
    """Emit an elementwise operation at the shape that its operands have together."""
    shape = common_shape(values)
    return equation.primitive.bind(
        *(spread(value, shape) for value in values),
        **equation.primitive.get_bind_params(equation.params),
    )


def aligned(site: Site) -> Site:
    """Give operands of shape () the axes that the others have."""
    lanes = site.lanes
    rank = max(value.ndim for value in site.values)
    values = tuple(
        value
        if value.ndim == rank
        else reshape(value, value.shape[:lanes] + (1,) * (rank - value.ndim) + value.shape[lanes:])
        for value in site.values
    )
    return Site(site.equation, values, lanes, site.varies, site.wild, site.linear)


def select(which: Array, on_true: Array, on_false: Array) -> Array:
    """Choose by a mask, all of one rank, at the shape that they have together."""
    if concrete(which) and which.size and (which == which.flat[0]).all():
        chosen = on_true if which.flat[0] else on_false
        return chosen
    shape = common_shape((which, on_true, on_false))
    return lax.select(spread(which, shape), spread(on_true, shape), spread(on_false, shape))
