"""Calls of operations that work element by element: conversions that cut off, cases, integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax
from jax._src.ad_util import add_any_p  # type: ignore[attr-defined]  # has no public name

from tests.marginal.edges.call import Call, makes
from tests.marginal.edges.operands import Draw, Operand

# The ends of what an int8 holds, and what overflows or divides by zero.
NARROW = -128, -127, -7, -2, -1, 0, 1, 2, 3, 7, 126, 127
# On both sides of whole numbers, and on them.
CUT_OFF = -2.0, -1.7, -1.0, -0.6, -0.5, -0.0, 0.0, 0.4, 0.5, 0.6, 1.0, 1.5, 1.9, 2.0, 2.5, 5.3

ANYWHERE = [
    *("asinh", "atan", "bessel_i0e", "bessel_i1e", "cbrt", "cos", "cosh", "erf", "erfc", "exp"),
    *("exp2", "expm1", "logistic", "neg", "one_minus_square", "sin", "sinh", "square", "tan"),
    "tanh",
]
POSITIVE = ["digamma", "lgamma", "log", "log1p", "log2", "rsqrt", "sqrt"]
INSIDE = ["acos", "asin", "atanh", "erf_inv"]
STEPS = ["abs", "ceil", "floor", "is_finite", "sign"]


def _unary(name: str) -> Callable[[Any], Any]:
    return getattr(lax, name)


@makes(*ANYWHERE)
def _anywhere(draw: Draw, name: str) -> Call:
    return Call(_unary(name), (draw.reals(*draw.shape(0)),), exact=True)


@makes(*POSITIVE)
def _positive(draw: Draw, name: str) -> Call:
    return Call(_unary(name), (draw.between(0.1, 4.0, *draw.shape(0)),), exact=True)


@makes(*INSIDE)
def _inside(draw: Draw, name: str) -> Call:
    return Call(_unary(name), (draw.between(-0.45, 0.45, *draw.shape(0)),), exact=True)


@makes("acosh")
def _acosh(draw: Draw, _: str) -> Call:
    return Call(lax.acosh, (draw.between(1.1, 2.0, *draw.shape(0)),), exact=True)


@makes(*STEPS)
def _steps(draw: Draw, name: str) -> Call:
    numbers = (*CUT_OFF, np.inf, np.nan) if name == "is_finite" else CUT_OFF
    x = draw.among(numbers, float, *draw.shape(0))
    if name in ("abs", "sign") and draw.chance():
        x = draw.among(NARROW, np.int8, *draw.shape(0))
    return Call(_unary(name), (x,), smooth=False)


@makes("round")
def _round(draw: Draw, _: str) -> Call:
    way = draw.each(lax.RoundingMethod.TO_NEAREST_EVEN, lax.RoundingMethod.AWAY_FROM_ZERO)
    x = draw.among(CUT_OFF, float, 4, 3)
    return Call(lambda x: lax.round(x, way), (x,), str(way), smooth=False)


@makes("convert_element_type")
def _convert(draw: Draw, _: str) -> Call:
    kinds = [(float, np.int64), (np.int64, np.int8), (float, bool), (np.int8, np.uint8)]
    kinds += [(float, np.uint8), (np.int64, float), (float, np.float32), (bool, np.int64)]
    old, new = draw.each(*kinds)
    numbers = CUT_OFF if old is float else NARROW
    if old is float and new is np.uint8:
        numbers = tuple(x for x in CUT_OFF if x > -1)  # what is below has no meaning
    x = draw.among(numbers, old, *draw.shape(0))
    return Call(lambda x: lax.convert_element_type(x, new), (x,), f"to {new}", smooth=False)


@makes("bitcast_convert_type")
def _bits(draw: Draw, _: str) -> Call:
    """Elementwise where the numbers are as wide; else a number becomes several shorter ones."""
    new = draw.each(np.int64, np.int32)
    x = draw.among(CUT_OFF, float, *draw.shape(0))
    return Call(lambda x: lax.bitcast_convert_type(x, new), (x,), f"to {new}", smooth=False)


@makes("copy")
def _copy(draw: Draw, _: str) -> Call:
    return Call(jnp.copy, (draw.reals(*draw.shape(0)),), exact=True)


@makes("stop_gradient")
def _stopped(draw: Draw, _: str) -> Call:
    return Call(lax.stop_gradient, (draw.reals(*draw.shape(0)),), exact=True)


@makes("reduce_precision")
def _precision(draw: Draw, _: str) -> Call:
    x = draw.reals(*draw.shape(0))
    return Call(lambda x: lax.reduce_precision(x, 5, 10), (x,), smooth=False)


@makes("integer_pow")
def _integer_pow(draw: Draw, _: str) -> Call:
    power = draw.each(-2, 3, -1, 2)
    return Call(
        lambda x: lax.integer_pow(x, power), (draw.between(0.5, 2, *draw.shape(0)),), f"{power}"
    )


@makes("polynomial")
def _polynomial(draw: Draw, _: str) -> Call:
    shape = draw.shape(1)
    short = tuple(n if draw.chance() else 1 for n in shape)
    parts = draw.reals(*shape), draw.reals(*shape), draw.reals(*short), draw.reals(*shape)
    return Call(lambda x, *c: lax.polynomial(x, c), parts, f"{short}", exact=True)


def _alike(draw: Draw, one: Callable[..., Operand], count: int) -> tuple[Operand, ...]:
    """Draw operands of one shape, or some without axes."""
    shape = draw.shape(0)
    return tuple(one(*(shape if k == 0 or draw.chance(0.7) else ())) for k in range(count))


@makes("add", "sub", "mul", "max", "min", "atan2")
def _of_two(draw: Draw, name: str) -> Call:
    if name != "atan2" and draw.each(False, True):
        operands = _alike(draw, lambda *s: draw.among(NARROW, np.int8, *s), 2)
    else:
        operands = _alike(draw, draw.reals, 2)
    function = {"add": jnp.add, "sub": jnp.subtract, "mul": jnp.multiply}
    function |= {"max": jnp.maximum, "min": jnp.minimum, "atan2": lambda x, y: jnp.arctan2(x, y)}
    return Call(function[name], operands)


@makes("add_any")
def _add_any(draw: Draw, _: str) -> Call:
    shape = draw.shape(0)
    return Call(add_any_p.bind, (draw.reals(*shape), draw.reals(*shape)), exact=True)


@makes("div", "rem")
def _quotients(draw: Draw, name: str) -> Call:
    """Whole numbers are cut off towards zero; by zero, and the smallest by -1, is an edge."""
    function = getattr(lax, name)
    dtype, with_zero = draw.each(np.int8, float, np.int64, np.uint8), draw.each(False, True)
    if dtype is float:
        return Call(function, _floats(draw, lambda *s: draw.between(0.6, 3.0, *s)))
    ends = np.iinfo(dtype)
    numbers = (*(n for n in NARROW if n >= ends.min), ends.min, ends.max)
    by = numbers if with_zero else tuple(n for n in numbers if n)
    shape = draw.one((), (3,), (4, 3), (2, 4, 3))
    operands = draw.among(numbers, dtype, *shape), draw.among(by, dtype, *shape)
    return Call(function, operands, f"{np.dtype(dtype)}")


def _floats(draw: Draw, one: Callable[..., Operand], count: int = 2) -> tuple[Operand, ...]:
    shape = draw.shape(0)
    return tuple(one(*shape) for _ in range(count))


@makes("pow")
def _pow(draw: Draw, _: str) -> Call:
    return Call(lax.pow, _floats(draw, lambda *s: draw.between(0.3, 3.0, *s)), exact=True)


@makes("nextafter")
def _nextafter(draw: Draw, _: str) -> Call:
    return Call(lax.nextafter, _floats(draw, draw.reals), smooth=False)


@makes("eq", "ne", "lt", "le", "gt", "ge")
def _compared(draw: Draw, name: str) -> Call:
    operands = _floats(draw, lambda *s: draw.among(CUT_OFF[4:9], float, *s))
    if draw.chance():
        operands = _floats(draw, lambda *s: draw.among(NARROW[3:8], np.int8, *s))
    return Call(getattr(lax, name), operands, smooth=False)


@makes("eq_to", "le_to", "lt_to")
def _compared_in_order(draw: Draw, name: str) -> Call:
    operands = _floats(draw, lambda *s: draw.among((*CUT_OFF[4:9], np.nan), float, *s))
    return Call(getattr(lax, f"{name}_p").bind, operands, smooth=False)


@makes("and", "or", "xor")
def _bits(draw: Draw, name: str) -> Call:
    dtype = draw.each(np.int8, bool)
    function = {"and": lax.bitwise_and, "or": lax.bitwise_or, "xor": lax.bitwise_xor}[name]
    return Call(function, _floats(draw, lambda *s: draw.among(NARROW, dtype, *s)))


@makes("not")
def _not(draw: Draw, _: str) -> Call:
    return Call(lax.bitwise_not, (draw.among(NARROW, draw.one(np.int8, bool), *draw.shape(0)),))


@makes("clz", "population_count")
def _counted(draw: Draw, name: str) -> Call:
    return Call(getattr(lax, name), (draw.among(NARROW, np.int8, *draw.shape(0)),))


@makes("shift_left", "shift_right_arithmetic", "shift_right_logical")
def _shifted(draw: Draw, name: str) -> Call:
    shape = draw.shape(0)
    by = draw.whole(0, 9, *shape, dtype=np.int8)  # past all bits, too
    return Call(getattr(lax, name), (draw.among(NARROW, np.int8, *shape), by))


@makes("mulhi")
def _mulhi(draw: Draw, _: str) -> Call:
    shape = draw.shape(0)
    large = (-(2**31), 2**31 - 1, 7, -(2**20), 2**16 + 3)
    operands = [draw.among(large, np.int32, *shape) for _ in range(2)]
    return Call(lax.mulhi, tuple(operands))


@makes("clamp")
def _clamp(draw: Draw, _: str) -> Call:
    """Bounds with or without axes, also with the lower above the upper."""
    shape = draw.shape(0)
    ends = shape if draw.chance() else ()
    if draw.each(False, True):
        low, high = (draw.whole(*draw.one((-1, 1), (0, 2)), *ends) for _ in range(2))
        return Call(lax.clamp, (low, draw.whole(-3, 3, *shape), high), smooth=False)
    low, high = draw.between(-1, 0.3, *ends), draw.between(-0.3, 1, *ends)
    return Call(lax.clamp, (low, draw.reals(*shape), high))


@makes("select_n")
def _select(draw: Draw, _: str) -> Call:
    """Two cases or several; what chooses has all axes or none."""
    count, source = draw.each(2, 3), draw.each("known", "discrete", "input")
    shape = draw.one((), (4,), (3, 4), (2, 3), (4, 1, 2))
    of_which = shape if draw.chance(0.8) else ()
    if count == 2:
        which = draw.among((False, True), bool, *of_which, source=source)
    else:
        which = draw.whole(0, count - 1, *of_which, dtype=np.int32, sums=False, source=source)
    cases = [draw.reals(*shape) for _ in range(count)]
    if draw.sums or draw.chance(0.3):  # one of them that depends on nothing
        cases[draw.integer(0, count - 1)] = draw.reals(*shape, source="input")
    return Call(lax.select_n, (which, *cases), f"{count} cases")


@makes("igamma", "igammac", "zeta")
def _incomplete(draw: Draw, name: str) -> Call:
    """Differentiable by their second argument."""
    shape = draw.shape(0)
    first = draw.between(1.5, 4, *shape, source=draw.one("discrete", "known"))
    return Call(
        lambda a, x: getattr(lax, name)(lax.stop_gradient(a), x),
        (first, draw.between(0.5, 3, *shape)),
        exact=True,
    )


@makes("igamma_grad_a")
def _gradient(draw: Draw, name: str) -> Call:
    shape = draw.shape(0)
    operands = draw.between(1.5, 4, *shape), draw.between(0.5, 3, *shape)
    function = getattr(lax, name)
    return Call(lambda a, x: lax.stop_gradient(function(a, x)), operands, exact=True, smooth=False)


@makes("polygamma")
def _polygamma(draw: Draw, _: str) -> Call:
    shape = draw.shape(0)
    order = draw.among((1.0, 2.0, 3.0), float, *shape)
    return Call(
        lambda n, x: lax.polygamma(lax.stop_gradient(n), x), (order, draw.between(0.5, 3, *shape))
    )


@makes("regularized_incomplete_beta")
def _betainc(draw: Draw, _: str) -> Call:
    shape = draw.shape(0)
    a, b = (draw.between(0.5, 2, *shape) for _ in range(2))
    return Call(
        lambda a, b, x: lax.betainc(*map(lax.stop_gradient, (a, b)), x),
        (a, b, draw.between(0.1, 0.45, *shape)),
        exact=True,
    )


@makes("complex", "real", "imag", "conj")
def _complex(draw: Draw, name: str) -> Call:
    def apply(x: Any, y: Any) -> Any:
        both = lax.complex(x, y)
        if name == "real":
            return lax.real(both)
        return lax.imag(lax.conj(both) if name == "conj" else both)

    shape = draw.shape(0)
    return Call(apply, (draw.reals(*shape), draw.reals(*shape)))


@makes("optimization_barrier")
def _barrier(draw: Draw, _: str) -> Call:
    operands = [draw.reals(*draw.shape(0), source="discrete") for _ in range(2)]
    return Call(lambda x, y: lax.optimization_barrier((x, y)), tuple(operands), exact=True)
