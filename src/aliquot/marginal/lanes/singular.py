"""Operations at the points where their value or derivative is infinite.

A state can make a branch impossible: ``log(0)``, a division by zero. Its value is right, ``-inf``,
and the sum over the states gives it the weight zero. But reverse-mode differentiation multiplies
that zero by the infinite derivative, and the gradient is NaN. So the operation sees a harmless
number there (the double-``where`` pattern), the value is put in afterwards, and the derivative is
zero, which is what an impossible branch adds to a sum.

Only operands that depend on a state are guarded. Products are where one factor is *wild*: where it
came, through whatever else, from an operation that gives infinities.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jax import lax

from aliquot.marginal.lanes.arrays import Array, common_shape, concrete, is_floating, spread
from aliquot.marginal.lanes.site import Site


def _full(x: Array, value: float) -> Array:
    return lax.full_like(x, value)


def _where(mask: Array, on_true: Array, on_false: Array) -> Array:
    shape = common_shape((mask, on_true, on_false))
    return lax.select(spread(mask, shape), spread(on_true, shape), spread(on_false, shape))


def _or(x: Array | None, y: Array | None) -> Any:
    if x is None or y is None:
        return y if x is None else x
    shape = common_shape((x, y))
    return lax.bitwise_or(spread(x, shape), spread(y, shape))


def _emit(site: Site, *values: Array) -> Array:
    shape = common_shape(values)
    primitive = site.equation.primitive
    return primitive.bind(
        *(spread(value, shape) for value in values), **primitive.get_bind_params(site.params)
    )


def _floats(site: Site) -> bool:
    return all(is_floating(atom.aval.dtype) for atom in site.equation.invars)


def _infinite(x: Array) -> Array:
    return lax.eq(lax.abs(x), _full(x, np.inf))


def _unary(bad: Callable[[Array], Array], safe: float) -> Callable[[Site], Array | None]:
    """Guard a function of one argument at the points that `bad` marks."""

    def guard(site: Site) -> Array | None:
        (x,) = site.values
        if not site.varies[0] or concrete(x) or not is_floating(x.dtype):
            return None
        mask = bad(x)
        value = _emit(site, lax.stop_gradient(x))
        return _where(mask, value, _emit(site, _where(mask, _full(x, safe), x)))

    return guard


def _fixed(point: float, value: float, safe: float) -> Callable[[Site], Array | None]:
    """Guard a function of one argument at one point, where its value is known."""

    def guard(site: Site) -> Array | None:
        (x,) = site.values
        if not site.varies[0] or concrete(x) or not is_floating(x.dtype):
            return None
        mask = lax.eq(x, _full(x, point))
        regular = _emit(site, _where(mask, _full(x, safe), x))
        return _where(mask, _full(regular, value), regular)

    return guard


def _div(site: Site) -> Array | None:
    x, y = site.values
    if not _floats(site):
        return None
    if site.linear[0]:  # a tangent over a number: its coefficient is 1 / y
        if not site.varies[1] or concrete(y):
            return None
        mask = lax.eq(y, _full(y, 0))
        regular = _emit(site, x, _where(mask, _full(y, 1), y))
        return _where(mask, _full(regular, 0), regular)
    guard_y = site.varies[1] and not concrete(y)
    guard_x = site.wild[0] and not concrete(x) and not concrete(y)
    if not guard_y and not guard_x:
        return None
    zero = lax.eq(y, _full(y, 0)) if guard_y else None
    bad: Any = _or(zero, _infinite(x) if guard_x else None)
    x_still, y_still = lax.stop_gradient(x), lax.stop_gradient(y)
    if guard_x:
        value = _emit(site, x_still, y_still)
        x = _where(bad, _full(x, 1), x)
        return _where(bad, value, _emit(site, x, _where(bad, _full(y, 1), y)))
    # 1 / y at y's own, smaller shape: the only points that use it are those where y is zero.
    inverse = lax.div(_full(y, 1), _where(bad, y_still, _full(y, 1)))
    shape = common_shape((x, y))
    value = lax.mul(spread(x_still, shape), spread(inverse, shape))
    return _where(bad, value, _emit(site, x, _where(bad, _full(y, 1), y)))


def _mul(site: Site) -> Array | None:
    if not _floats(site):
        return None
    values = list(site.values)
    if site.linear[0] != site.linear[1]:  # a tangent times its coefficient
        other = 1 if site.linear[0] else 0
        x = values[other]
        if site.varies[other] and not concrete(x):
            values[other] = _where(_infinite(x), _full(x, 0), x)
            return _emit(site, *values)
        return None
    mask: Array | None = None
    for x, y, wild in zip(values, values[::-1], site.wild, strict=True):
        if wild and not concrete(x) and not concrete(y):
            mask = _or(mask, _infinite(x))
    if mask is None:
        return None
    value = _emit(site, *(lax.stop_gradient(x) for x in values))
    return _where(mask, value, _emit(site, *(_where(mask, _full(x, 1), x) for x in values)))


def _pow(site: Site) -> Array | None:
    x, y = site.values
    if not site.varies[0] and not site.varies[1]:
        return None
    if (concrete(x) and concrete(y)) or not is_floating(x.dtype):
        return None
    if concrete(y) and (y >= 1).all():
        return None
    shape = common_shape((x, y))
    zero = spread(lax.eq(x, _full(x, 0)), shape)
    mask = lax.bitwise_and(zero, spread(lax.lt(y, _full(y, 1)), shape))
    value = _emit(site, lax.stop_gradient(x), lax.stop_gradient(y))
    return _where(mask, value, _emit(site, _where(mask, _full(x, 1), x), y))


def _integer_pow(site: Site) -> Array | None:
    (x,) = site.values
    if concrete(x) or not is_floating(x.dtype):
        return None
    power = site.params["y"]
    if power < 0 and site.varies[0]:
        return _unary(lambda x: lax.eq(x, _full(x, 0)), 1)(site)
    if power > 1 and site.wild[0]:
        return _unary(_infinite, 1)(site)
    return None


def _where_wild(bad: Callable[[Array], Array]) -> Callable[[Site], Array | None]:
    def guard(site: Site) -> Array | None:
        return _unary(bad, 1)(site) if site.wild[0] else None

    return guard


def _pole(x: Array) -> Array:
    return lax.bitwise_and(lax.le(x, _full(x, 0)), lax.eq(x, lax.floor(x)))


def _one(x: Array) -> Array:
    return lax.eq(lax.abs(x), _full(x, 1))


GUARDS: Mapping[str, Callable[[Site], Array | None]] = {
    "log": _fixed(0.0, -np.inf, 1.0),
    "log1p": _fixed(-1.0, -np.inf, 0.0),
    "sqrt": _fixed(0.0, 0.0, 1.0),
    "cbrt": _fixed(0.0, 0.0, 1.0),
    "rsqrt": _fixed(0.0, np.inf, 1.0),
    "div": _div,
    "mul": _mul,
    "pow": _pow,
    "integer_pow": _integer_pow,
    "square": _where_wild(_infinite),
    "exp": _where_wild(_infinite),
    "expm1": _where_wild(_infinite),
    "lgamma": _unary(_pole, 0.5),
    "atanh": _unary(_one, 0.0),
    "erf_inv": _unary(_one, 0.0),
}

# These can give an infinity for some state; those below never do, whatever they are given.
SOURCES = frozenset(
    {"log", "log1p", "rsqrt", "div", "pow", "integer_pow", "lgamma", "atanh", "erf_inv"}
)
TAME = frozenset({"logistic", "tanh", "erf", "erfc", "sign", "sin", "cos", "clamp"})


def infinite_constant(x: Array) -> bool:
    """Say whether a known array holds an infinity."""
    return concrete(x) and x.dtype.kind == "f" and bool(np.isinf(x).any())
