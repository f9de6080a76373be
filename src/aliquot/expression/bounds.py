"""Between which numbers an expression lies, whatever its unknowns are: by interval arithmetic.

An index that stays in range need not be looked at when the density is evaluated. What has no rule
here may be anything.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import jax.numpy as jnp
import numpy as np

if TYPE_CHECKING:
    from aliquot.expression.node import Expression

Bounds = tuple[Any, Any]
# Beyond these, integers go round.
LARGEST = 2**63 - 1


class Span(NamedTuple):
    """An operand: between which numbers it lies (``None`` where not known), and its shape."""

    bounds: Bounds | None
    shape: tuple[int, ...]


Rule = Callable[..., Bounds | None]


def span_of(operand: Any) -> Any:
    """Give the span of a number or array; anything else as it is."""
    if not isinstance(operand, bool | int | float | np.generic | np.ndarray):
        return operand
    array = np.asarray(operand)
    if array.dtype.kind not in "biuf" or not array.size:
        return Span(None, array.shape)
    low, high = array.min().item(), array.max().item()
    return Span(None if math.isnan(low) or math.isnan(high) else (low, high), array.shape)


def bounds_of(node: Expression) -> Bounds | None:
    """Give the smallest and the largest number that an expression can be, where they are known."""
    found: dict[int, Bounds | None] = {}
    stack: list[tuple[Expression, bool]] = [(node, False)]
    while stack:
        each, ready = stack.pop()
        if id(each) in found:
            continue
        if not ready and each.rule is not None:
            stack.append((each, True))
            stack.extend((up, False) for up in each.inputs)
        elif each.rule is not None:
            spans = [Span(found[id(up)], up.shape) for up in each.inputs]
            found[id(each)] = _sane(each.rule(spans, each.shape))
        elif (value := each.value_now()) is not None:
            found[id(each)] = span_of(np.asarray(value)).bounds
        else:
            found[id(each)] = (0, 1) if each.dtype.kind == "b" else each.state_bounds
    return found[id(node)]


def _sane(bounds: Bounds | None) -> Bounds | None:
    """Leave out what is not known, and integers that go round; an end may be infinite."""
    if bounds is None or any(math.isnan(end) for end in bounds) or bounds == (-math.inf, math.inf):
        return None
    return None if any(LARGEST < abs(end) < math.inf for end in bounds) else bounds


def _of_bounds(rule: Callable[..., Bounds | None]) -> Rule:
    """Make a rule of the operands' bounds: nothing is known of the result where one has none."""

    def of_spans(_shape: tuple[int, ...], *spans: Any) -> Bounds | None:
        bounds = [span.bounds for span in spans if isinstance(span, Span)]
        all_known = len(bounds) == len(spans) > 0 and None not in bounds
        return rule(*bounds) if all_known else None

    return of_spans


def _corners(function: Callable[[Any, Any], Any]) -> Rule:
    """Make the rule of an operation on integers that goes one way in each operand."""

    @_of_bounds
    def rule(a: Bounds, b: Bounds) -> Bounds | None:
        ends = [function(x, y) for x in a for y in b]
        # The rounding of fractions is not followed.
        return (min(ends), max(ends)) if all(isinstance(end, int) for end in ends) else None

    return rule


def _floordiv(shape: tuple[int, ...], a: Any, b: Any) -> Bounds | None:
    positive = isinstance(b, Span) and b.bounds is not None and b.bounds[0] > 0
    return _corners(operator.floordiv)(shape, a, b) if positive else None


def _mod(_shape: tuple[int, ...], a: Any, b: Any) -> Bounds | None:
    if not isinstance(b, Span) or b.bounds is None or not isinstance(b.bounds[0], int):
        return None
    if b.bounds[0] <= 0 or not isinstance(a, Span):
        return None
    most = b.bounds[1] - 1
    if a.bounds is not None and a.bounds[0] >= 0:
        return 0, min(most, a.bounds[1])
    return 0, most


@_of_bounds
def _power(a: Bounds, b: Bounds) -> Bounds | None:
    if not 0 <= b[0] <= b[1] < 64:
        return None
    if a[0] >= 0:
        return _corners(operator.pow)((), Span(a, ()), Span(b, ()))
    largest = max(map(abs, a)) ** b[1]
    return (-largest, largest) if isinstance(largest, int) else None


@_of_bounds
def _negative(a: Bounds) -> Bounds:
    return -a[1], -a[0]


@_of_bounds
def _absolute(a: Bounds) -> Bounds:
    sizes = abs(a[0]), abs(a[1])
    return (0 if a[0] <= 0 <= a[1] else min(sizes)), max(sizes)


def first(_shape: tuple[int, ...], a: Any, *_: Any, **__: Any) -> Bounds | None:
    """Give the bounds of the first operand: nothing but its elements is in the result."""
    return a.bounds if isinstance(a, Span) else None


def _rounded(how: Callable[[Any], Any]) -> Rule:
    @_of_bounds
    def rule(a: Bounds) -> Bounds | None:
        return None if any(math.isinf(end) for end in a) else (how(a[0]), how(a[1]))

    return rule


def _minimum(_shape: tuple[int, ...], a: Any, b: Any) -> Bounds | None:
    if not isinstance(a, Span) or not isinstance(b, Span):
        return None
    highs = [each.bounds[1] for each in (a, b) if each.bounds is not None]
    lows = [-math.inf if each.bounds is None else each.bounds[0] for each in (a, b)]
    return (min(lows), min(highs)) if highs else None


def _maximum(shape: tuple[int, ...], a: Any, b: Any) -> Bounds | None:
    if not isinstance(a, Span) or not isinstance(b, Span):
        return None
    mirrored = _minimum(shape, *(Span(_negative((), each), ()) for each in (a, b)))
    return _negative((), Span(mirrored, ()))


def _clip(
    shape: tuple[int, ...], a: Any, low: Any = None, high: Any = None, **named: Any
) -> Bounds | None:
    low = named.get("min", named.get("a_min", low))
    high = named.get("max", named.get("a_max", high))
    bounds: Bounds | None = a.bounds
    for limit, rule in ((low, _maximum), (high, _minimum)):
        if isinstance(limit, Span):
            if limit.bounds is None:
                return None
            bounds = rule(shape, Span(bounds, ()), limit)
    return bounds


@_of_bounds
def _hull(*all_bounds: Bounds) -> Bounds:
    return min(each[0] for each in all_bounds), max(each[1] for each in all_bounds)


def _where(shape: tuple[int, ...], _condition: Any, a: Any, b: Any) -> Bounds | None:
    return _hull(shape, a, b)


def joined(shape: tuple[int, ...], arrays: Any, *_: Any, **__: Any) -> Bounds | None:
    """Give the bounds of what is put together of an array or of several, or taken from them."""
    return arrays.bounds if isinstance(arrays, Span) else _hull(shape, *arrays)


def _position(
    _shape: tuple[int, ...], a: Any, axis: Any = None, *_: Any, **__: Any
) -> Bounds | None:
    """Give the places along an axis, of the flattened array by default."""
    if isinstance(axis, Span):
        axis = None if axis.bounds is None else axis.bounds[0]
    along = math.prod(a.shape) if axis is None else a.shape[axis]
    return (0, along - 1) if along else None


def _are_integers(bounds: Bounds | None) -> bool:
    return bounds is not None and all(isinstance(end, int) for end in bounds)


def _sum(shape: tuple[int, ...], a: Any, *_: Any, **named: Any) -> Bounds | None:
    other = named.get("where") is not None or named.get("initial") is not None
    if other or not _are_integers(a.bounds):
        return None
    count = math.prod(a.shape) // max(math.prod(shape), 1)
    return a.bounds[0] * count, a.bounds[1] * count


def _cumsum(_shape: tuple[int, ...], a: Any, *_: Any, **__: Any) -> Bounds | None:
    if not _are_integers(a.bounds):
        return None
    count = math.prod(a.shape)
    return min(a.bounds[0], a.bounds[0] * count), max(a.bounds[1], a.bounds[1] * count)


def _digitize(_shape: tuple[int, ...], _a: Any, bins: Any, *_: Any, **__: Any) -> Bounds | None:
    return (0, bins.shape[0]) if isinstance(bins, Span) and bins.shape else None


def converted(dtype: Any) -> Rule:
    """Make the rule of a conversion: towards zero, to integers."""

    def rule(shape: tuple[int, ...], a: Any) -> Bounds | None:
        if np.dtype(dtype).kind == "b":
            return 0, 1
        if np.dtype(dtype).itemsize < 8:  # they go round earlier
            return None
        return _rounded(math.trunc)(shape, a) if np.dtype(dtype).kind in "iu" else a.bounds

    return rule


RULES: dict[Any, Rule] = {}


def _register(rule: Rule, *functions: Any) -> None:
    RULES.update(dict.fromkeys(functions, rule))


_register(_corners(operator.add), operator.add, jnp.add)
_register(_corners(operator.sub), operator.sub, jnp.subtract)
_register(_corners(operator.mul), operator.mul, jnp.multiply)
_register(_floordiv, operator.floordiv, jnp.floor_divide)
_register(_mod, operator.mod, jnp.remainder, jnp.mod)
_register(_power, operator.pow, jnp.power, jnp.pow)
_register(_negative, operator.neg, jnp.negative)
_register(_absolute, jnp.abs, jnp.absolute)
_register(_rounded(math.floor), jnp.floor)
_register(_rounded(math.ceil), jnp.ceil)
_register(_rounded(round), jnp.rint)
_register(_rounded(math.trunc), jnp.trunc)
_register(_minimum, jnp.minimum)
_register(_maximum, jnp.maximum)
_register(_clip, jnp.clip)
_register(_where, jnp.where)
_register(joined, jnp.stack, jnp.concatenate, jnp.concat, jnp.hstack, jnp.vstack)
_register(_position, jnp.argmax, jnp.argmin)
_register(lambda shape, a, axis=-1, *_, **__: _position(shape, a, axis), jnp.argsort)
_register(_sum, jnp.sum)
_register(_cumsum, jnp.cumsum)
_register(_digitize, jnp.digitize)
_register(lambda shape, a, v, *_, **__: _digitize(shape, v, a), jnp.searchsorted)
_register(lambda *_, **__: (0, 1), jnp.all, jnp.any, jnp.isin, jnp.isfinite, jnp.isnan)
_register(
    first,
    *(operator.pos, jnp.positive, jnp.max, jnp.min, jnp.sort, jnp.flip, jnp.roll, jnp.repeat),
    *(jnp.tile, jnp.ravel, jnp.reshape, jnp.squeeze, jnp.expand_dims, jnp.transpose, jnp.moveaxis),
    *(jnp.swapaxes, jnp.broadcast_to, jnp.diagonal, jnp.atleast_1d, jnp.atleast_2d, jnp.copy),
)
