"""Operations at the points where their value or derivative is infinite.

A state can make a branch impossible: ``log(0)``, a division by zero. Its value is right, ``-inf``,
and the sum over the states gives it the weight zero. But reverse-mode differentiation multiplies
that zero by the infinite derivative, and the gradient is NaN. So at these points the operands and
the result are constants to the derivative, which is then zero: what an impossible branch adds to a
sum. In the values nothing changes, and XLA removes the selections from them.

Only operands that depend on a state are guarded. Products are where one factor may be infinite: it
came, through whatever else, from an operation that has a pole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jax import lax

from aliquot.marginal.assignments.arrays import Array, common_shape, concrete, expand, is_floating
from aliquot.marginal.assignments.operation import Operation
from aliquot.primitives.internals import bind

Bad = Callable[[Array], Array]


def guarded(operation: Operation) -> Array | None:
    """Apply an operation with a derivative of zero where it would be infinite.

    The result is None where nothing has to be guarded.
    """
    operand, result = operation.equation.invars[0], operation.equation.outvars[0]
    if operation.name not in _GUARDS or not is_floating(operand.aval.dtype):
        return None
    if not is_floating(result.aval.dtype):
        return None
    if any(origin.tangent for origin in operation.origins):
        return _of_tangent(operation)
    bad = _GUARDS[operation.name](operation)
    if bad is None:
        return None
    shape = common_shape((bad, *operation.values))
    bad = expand(bad, shape)

    def still(x: Array) -> Array:
        """Make a value a constant to the derivative at the bad points."""
        if concrete(x):
            return expand(x, shape)
        x = expand(x, shape)
        return lax.select(bad, lax.stop_gradient(x), x)

    return still(emitted(operation, [still(x) for x in operation.values]))


def emitted(operation: Operation, values: Sequence[Array]) -> Array:
    """Emit an elementwise operation at the shape that its operands have together."""
    shape = common_shape(values)
    return bind(operation.equation, [expand(value, shape) for value in values])[0]


def _of_tangent(operation: Operation) -> Array | None:
    """Multiply a tangent by its coefficient, in a derivative rule: an infinite one becomes zero."""
    if operation.name not in ("mul", "div") or all(origin.tangent for origin in operation.origins):
        return None
    place = 1 if operation.origins[0].tangent else 0
    x = operation.values[place]
    if not operation.origins[place].varies or concrete(x):
        return None
    values = list(operation.values)
    if operation.name == "mul":
        values[place] = lax.select(_infinite(x), _full(x, 0), x)
        return emitted(operation, values)
    zero = _zero(x)
    values[place] = lax.select(zero, _full(x, 1), x)
    result = emitted(operation, values)
    return lax.select(expand(zero, result.shape), _full(result, 0), result)


def _full(x: Array, value: float) -> Array:
    return lax.full_like(x, value)


def _either(x: Any, y: Any) -> Any:
    if x is None or y is None:
        return y if x is None else x
    shape = common_shape((x, y))
    return lax.bitwise_or(expand(x, shape), expand(y, shape))


def _infinite(x: Array) -> Array:
    return lax.eq(lax.abs(x), _full(x, np.inf))


def _zero(x: Array) -> Array:
    return lax.eq(x, _full(x, 0))


def _minus_one(x: Array) -> Array:
    return lax.eq(x, _full(x, -1))


def _unit(x: Array) -> Array:
    return lax.eq(lax.abs(x), _full(x, 1))


def _pole(x: Array) -> Array:
    return lax.bitwise_and(lax.le(x, _full(x, 0)), lax.eq(x, lax.floor(x)))


def _marks(x: Array, bad: Bad) -> Array | None:
    """Mark the bad points; None where a known value has none."""
    if not concrete(x):
        return bad(x)
    known: np.ndarray = x == 0 if bad is _zero else np.isinf(x)
    return known if known.any() else None


def _at(bad: Bad) -> Callable[[Operation], Array | None]:
    """Guard a function of one argument where this depends on a state."""

    def guard(operation: Operation) -> Array | None:
        (x,) = operation.values
        return bad(x) if operation.origins[0].varies and not concrete(x) else None

    return guard


def _at_infinity(operation: Operation) -> Array | None:
    """Guard a function of one argument where this came from infinities."""
    (x,) = operation.values
    return _infinite(x) if operation.origins[0].may_be_infinite and not concrete(x) else None


def _div(operation: Operation) -> Array | None:
    x, y = operation.values
    if concrete(x) and concrete(y):
        return None
    zero = _marks(y, _zero) if operation.origins[1].varies else None
    infinite = (
        _marks(x, _infinite) if operation.origins[0].may_be_infinite and not concrete(y) else None
    )
    return _either(zero, infinite)


def _mul(operation: Operation) -> Array | None:
    bad = None
    for place, x in enumerate(operation.values):
        if operation.origins[place].may_be_infinite and not concrete(operation.values[1 - place]):
            bad = _either(bad, _marks(x, _infinite))
    return bad


def _pow(operation: Operation) -> Array | None:
    x, y = operation.values
    if not operation.varies or (concrete(x) and concrete(y)):
        return None
    if concrete(y) and (y >= 1).all():
        return _infinite(x) if operation.origins[0].may_be_infinite and not concrete(x) else None
    shape = common_shape((x, y))
    one = np.ones((), y.dtype)
    below = y < 1 if concrete(y) else lax.lt(y, lax.full_like(y, one))
    zero = x == 0 if concrete(x) else _zero(x)
    return lax.bitwise_and(expand(zero, shape), expand(below, shape))


def _integer_pow(operation: Operation) -> Array | None:
    if operation.params["y"] < 0:
        return _at(_zero)(operation)
    return _at_infinity(operation) if operation.params["y"] > 1 else None


_GUARDS: Mapping[str, Callable[[Operation], Array | None]] = {
    "log": _at(_zero),
    "log1p": _at(_minus_one),
    "sqrt": _at(_zero),
    "cbrt": _at(_zero),
    "rsqrt": _at(_zero),
    "lgamma": _at(_pole),
    "atanh": _at(_unit),
    "erf_inv": _at(_unit),
    "div": _div,
    "mul": _mul,
    "pow": _pow,
    "integer_pow": _integer_pow,
    "square": _at_infinity,
    "exp": _at_infinity,
    "expm1": _at_infinity,
}
