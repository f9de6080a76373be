"""What is certain of a parameter by how it is computed, so that it need not be looked at again.

A softmax sums to one, whatever goes into it. The operations that lead to a parameter are followed
one by one, each with what it does to a few properties: signs, axes along which values sum to one,
triangular and increasing values. What no rule is known for has no properties, so that it is looked
at whenever the density is evaluated.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from jax.extend.core import Literal  # type: ignore[attr-defined]

from aliquot.distributions.constraints import (
    TOLERANCE,
    Constraint,
    Interval,
    LowerCholesky,
    OrderedVector,
    PositiveVector,
    Simplex,
)
from aliquot.expression import Evaluation, Expression, leaves
from aliquot.marginal.dependence import inline
from aliquot.model.variables import FreeVariable
from aliquot.precision import float64
from aliquot.transforms import Ordered

# What holds along some axes of an array, by the name that it has here.
STRUCTURES: dict[type[Constraint], str] = {
    Simplex: "sums to one",
    OrderedVector: "increases",
    LowerCholesky: "triangular",
}
NONNEGATIVE, POSITIVE = 1, 2
# Operations without a rule below that are told nothing but what to work on.
PLAIN = ("neg", "log1p", "expm1", "tanh", "sin", "cos", "erf", "lt", "le", "gt", "ge", "eq", "ne")


@dataclass(frozen=True)
class Fact:
    """What is known of an array.

    Attributes
    ----------
    number : int
        Equal for values that are computed alike.
    shape : tuple of int
    sign : int
        2 where all are positive, 1 where none is negative, else 0.
    unit : bool
        Whether none is above one.
    structures : frozenset of (str, tuple of int)
        What holds along which axes.
    total : (str, int, int) or None
        "sum", or "log" of it: of the array of that number, along that axis, which has length one.
    squeezed : (str, int, int) or None
        The same, the axis left out.
    base : int
        The number of the array that has the same elements, axes of length one aside.
    known : numpy.ndarray or None
        The value of a constant.
    """

    number: int
    shape: tuple[int, ...]
    sign: int = 0
    unit: bool = False
    structures: frozenset[tuple[str, tuple[int, ...]]] = frozenset()
    total: tuple[str, int, int] | None = None
    squeezed: tuple[str, int, int] | None = None
    base: int = -1
    known: np.ndarray | None = None


def certain(parameter: Expression, constraint: Constraint) -> bool:
    """Say whether a computed vector or matrix cannot but be in its set, or be NaN.

    Parameters
    ----------
    parameter : Expression
    constraint : Constraint
        With `event_dims` of 1 or 2.

    Examples
    --------
    >>> import aliquot as aq
    >>> from aliquot.distributions.constraints import simplex
    >>> with aq.Model():
    ...     x = aq.Normal("x", shape=3)
    ...     p = aq.Beta("p", 1, 1, shape=3)
    >>> certain(aq.math.softmax(x), simplex), certain(p, simplex), certain(p / p.sum(), simplex)
    (True, False, True)
    """
    wanted = STRUCTURES.get(type(constraint))
    if wanted is None and not isinstance(constraint, PositiveVector):
        return False
    fact = _fact_of(parameter)
    if wanted is None:
        return fact.sign == POSITIVE
    axes = tuple(range(len(fact.shape) - constraint.event_dims, len(fact.shape)))
    return (wanted, axes) in fact.structures


_FACTS: dict[int, tuple[Any, tuple[int, ...], Fact]] = {}


def _fact_of(parameter: Expression) -> Fact:
    """Give what is known of an expression, worked out once."""
    found = _FACTS.get(id(parameter))
    if found is not None and found[0]() is parameter and found[1] == parameter.shape:
        return found[2]
    fact = _worked_out(parameter)
    key = id(parameter)
    _FACTS[key] = weakref.ref(parameter, lambda _: _FACTS.pop(key, None)), parameter.shape, fact
    return fact


def _worked_out(parameter: Expression) -> Fact:
    if isinstance(parameter, FreeVariable):
        return _of_leaf(parameter, 0)
    below = leaves(parameter)

    def compute(*values: Any) -> Any:
        return Evaluation(dict(zip(below, values, strict=True)))(parameter)

    with float64():
        structs = [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in below]
        closed = inline(jax.make_jaxpr(compute)(*structs))
    trace = _Trace()
    facts = [_of_leaf(leaf, trace.new()) for leaf in below]
    return trace.run(closed.jaxpr, closed.consts, facts)[0]


def _of_leaf(leaf: Any, number: int) -> Fact:
    """Give what a variable's support says of it, where its transform cannot leave that."""
    plain = Fact(number, tuple(leaf.shape), base=number)
    if not isinstance(leaf, FreeVariable):
        return plain
    support = leaf.distribution.support
    structures = set()
    order = leaf.transform
    if isinstance(order, Ordered) and not order.at:
        axis = order.ordered_axis(leaf.shape)
        structures.add((STRUCTURES[OrderedVector], (axis,)))
    if not leaf.fits:
        return replace(plain, structures=frozenset(structures))
    kind = STRUCTURES.get(type(support))
    if kind is not None:
        last = tuple(range(leaf.ndim - support.event_dims, leaf.ndim))
        structures.add((kind, last))
    simplex = isinstance(support, Simplex)
    sign, unit = (NONNEGATIVE, True) if simplex else (0, False)
    if isinstance(support, Interval) and support.constant():
        if support.lower is not None and np.all(np.asarray(support.lower) >= 0):
            sign = POSITIVE
        unit = support.upper is not None and bool(np.all(np.asarray(support.upper) <= 1))
    return replace(plain, sign=sign, unit=unit, structures=frozenset(structures))


class _Trace:
    """Goes through a computation, and gives equal numbers to what is computed alike."""

    def __init__(self) -> None:
        self.count = 0
        self.numbers: dict[Any, int] = {}
        self.exponent_of: dict[int, int] = {}
        self.one_minus: dict[int, int] = {}

    def new(self) -> int:
        self.count += 1
        return self.count

    def run(self, jaxpr: Any, consts: Sequence[Any], inputs: Sequence[Fact]) -> list[Fact]:
        facts: dict[Any, Fact] = dict(zip(jaxpr.invars, inputs, strict=True))
        facts |= {v: self.constant(c) for v, c in zip(jaxpr.constvars, consts, strict=True)}

        def read(atom: Any) -> Fact:
            return self.constant(atom.val) if isinstance(atom, Literal) else facts[atom]

        for equation in jaxpr.eqns:
            operands = [read(atom) for atom in equation.invars]
            inner = equation.params.get("call_jaxpr") or equation.params.get("fun_jaxpr")
            name = equation.primitive.name
            if name.startswith("custom_") and hasattr(inner, "jaxpr"):
                results = self.run(inner.jaxpr, inner.consts, operands)
            else:
                results = self.outputs(equation, operands)
            facts.update(zip(equation.outvars, results, strict=True))
        return [read(atom) for atom in jaxpr.outvars]

    def constant(self, value: Any) -> Fact:
        array = np.asarray(value)
        key = ("constant", array.shape, array.tobytes()) if array.size <= 8 else ("at", id(value))
        number = self.numbers.setdefault(key, self.new())
        fact = Fact(number, array.shape, base=number, known=array)
        if array.dtype.kind not in "bif":
            return fact
        sign = POSITIVE if np.all(array > 0) else NONNEGATIVE if np.all(array >= 0) else 0
        structures = frozenset(
            (STRUCTURES[Simplex], (axis,))
            for axis in range(array.ndim)
            if sign and np.all(np.abs(np.sum(array, axis=axis) - 1) < TOLERANCE)
        )
        return replace(fact, sign=sign, unit=bool(np.all(array <= 1)), structures=structures)

    def outputs(self, equation: Any, operands: list[Fact]) -> list[Fact]:
        name = equation.primitive.name
        numbers = tuple(fact.number for fact in operands)
        results = []
        for place, var in enumerate(equation.outvars):
            shape = tuple(getattr(var.aval, "shape", ()))
            key = (name, place, numbers, shape, str(equation.params))
            # What other operations are told may be too long to be compared as text.
            alike = name in RULES or name in PLAIN
            number = self.numbers.setdefault(key, self.new()) if alike else self.new()
            results.append(Fact(number, shape, base=number))
        rule = RULES.get(name)
        if rule is not None and len(results) == 1:
            results[0] = rule(self, results[0], operands, equation.params)
        return results


Rule = Callable[[_Trace, Fact, list[Fact], Mapping[str, Any]], Fact]
RULES: dict[str, Rule] = {}


def _rule(*names: str) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, rule))
        return rule

    return register


@_rule("copy", "copy_p", "stop_gradient", "optimization_barrier", "reduce_precision")
def _same(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    return replace(ins[0], number=out.number)


@_rule("convert_element_type")
def _converted(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    if np.dtype(params["new_dtype"]) != np.float64:
        return out
    return replace(ins[0], known=None)


def _moved(out: Fact, x: Fact, axes: Mapping[int, int]) -> Fact:
    """Carry properties over to an array of the same elements, whose axes are at other places.

    Parameters
    ----------
    axes : mapping from int to int
        Where axes are that are there as a whole.
    """
    structures = frozenset(
        (kind, tuple(axes[axis] for axis in along))
        for kind, along in x.structures
        if all(axis in axes for axis in along)
    )
    total = x.total
    if total is not None:
        total = (total[0], total[1], axes[total[2]]) if len(axes) == len(x.shape) else None
    return replace(out, sign=x.sign, unit=x.unit, structures=structures, total=total)


@_rule("broadcast_in_dim")
def _broadcast(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    x, dims = ins[0], tuple(params["broadcast_dimensions"])
    whole = {a: d for a, d in enumerate(dims) if x.shape[a] == out.shape[d]}
    result = _moved(out, x, whole)
    if np.prod(x.shape, dtype=int) == np.prod(out.shape, dtype=int):
        result = replace(result, base=x.base)
    return _with_axis(result, x, tuple(d for d in range(len(out.shape)) if d not in dims))


def _with_axis(result: Fact, x: Fact, new: tuple[int, ...]) -> Fact:
    """Take up a total along an axis that was left out, where it alone is put back."""
    if x.squeezed is None or len(result.shape) != len(x.shape) + 1 or new != (x.squeezed[2],):
        return result
    if result.shape[new[0]] != 1 or result.base != x.base:
        return result
    return replace(result, total=x.squeezed)


@_rule("reshape", "squeeze", "expand_dims")
def _reshaped(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    x = ins[0]
    axes = {}
    for a, size in enumerate(x.shape):
        before = np.prod(x.shape[:a], dtype=int)
        for d, length in enumerate(out.shape):
            if length == size and np.prod(out.shape[:d], dtype=int) == before:
                axes[a] = d
                if size != 1:
                    break
    plain = [n for n in x.shape if n != 1] == [n for n in out.shape if n != 1]
    result = _moved(replace(out, base=x.base if plain else out.base), x, axes)
    result = replace(result, total=None)
    new = () if x.squeezed is None else (x.squeezed[2],)
    if new and out.shape == (*x.shape[: new[0]], 1, *x.shape[new[0] :]):
        return _with_axis(result, x, new)
    return result


@_rule("transpose")
def _transposed(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    order = [int(a) for a in params["permutation"]]
    return _moved(out, ins[0], {a: order.index(a) for a in range(len(order))})


@_rule("slice")
def _sliced(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    x = ins[0]
    whole = {a: a for a in range(len(x.shape)) if x.shape[a] == out.shape[a]}
    return replace(_moved(out, x, whole), total=None)


@_rule("dynamic_slice")
def _dynamically_sliced(
    trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]
) -> Fact:
    return _sliced(trace, out, ins, params)


@_rule("gather")
def _gathered(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    x, how = ins[0], params["dimension_numbers"]
    if params.get("fill_value") not in (None, np.nan) and x.sign:
        return out
    gone = {*how.collapsed_slice_dims, *how.operand_batching_dims}
    kept = [a for a in range(len(x.shape)) if a not in gone]
    whole = {
        a: d
        for a, d in zip(kept, how.offset_dims, strict=True)
        if params["slice_sizes"][a] == x.shape[a]
    }
    return replace(_moved(out, x, whole), total=None)


@_rule("select_n")
def _selected(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    which, cases = ins[0], ins[1:]
    # Along an axis where the choice varies, what is chosen is made of several.
    varies = {a for a, size in enumerate(which.shape) if size > 1}
    return _common(out, cases, varies)


def _common(out: Fact, cases: Sequence[Fact], mixed: set[int]) -> Fact:
    """Give what all of several arrays have in common, along axes that are not mixed."""
    cases = [case for case in cases if case.shape == out.shape] or [out]
    structures = frozenset.intersection(*(case.structures for case in cases))
    return replace(
        out,
        sign=min(case.sign for case in cases),
        unit=all(case.unit for case in cases),
        structures=frozenset((k, axes) for k, axes in structures if not mixed & set(axes)),
    )


@_rule("concatenate")
def _joined(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    axis = params["dimension"]
    as_out = [replace(fact, shape=out.shape) for fact in ins]
    result = _common(out, as_out, {axis})
    if all(fact.shape[axis] == 1 for fact in ins):
        return _complementary(trace, result, ins, axis)
    return result


@_rule("stack")
def _stacked(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    axis = params["axis"] % len(out.shape)
    places = [d for d in range(len(out.shape)) if d != axis]
    moved = [_moved(out, fact, dict(enumerate(places))) for fact in ins]
    return _complementary(trace, _common(out, moved, {axis}), ins, axis)


def _complementary(trace: _Trace, out: Fact, ins: Sequence[Fact], axis: int) -> Fact:
    """See that two parts along an axis, p and 1 - p, sum to one."""
    if len(ins) != 2 or not out.sign:
        return out
    a, b = (fact.base for fact in ins)
    if trace.one_minus.get(b) != a and trace.one_minus.get(a) != b:
        return out
    return replace(out, structures=out.structures | {(STRUCTURES[Simplex], (axis,))})


@_rule("exp", "exp2")
def _exponential(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    trace.exponent_of[out.number] = ins[0].number
    sums = {(STRUCTURES[Simplex], axes) for kind, axes in ins[0].structures if kind == "log"}
    return replace(out, sign=POSITIVE, unit=bool(sums), structures=frozenset(sums))


@_rule("log")
def _logarithm(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    def of_log(total: tuple[str, int, int] | None) -> tuple[str, int, int] | None:
        if total is None or total[0] != "sum" or total[1] not in trace.exponent_of:
            return None
        return "log", trace.exponent_of[total[1]], total[2]

    return replace(out, total=of_log(ins[0].total), squeezed=of_log(ins[0].squeezed))


@_rule("reduce_sum")
def _summed(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    x, axes = ins[0], tuple(params["axes"])
    squeezed = ("sum", x.number, axes[0]) if len(axes) == 1 else None
    return replace(out, sign=x.sign, squeezed=squeezed)


@_rule("reduce_max", "reduce_min", "cummax", "cummin")
def _extreme(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    return replace(out, sign=ins[0].sign, unit=ins[0].unit)


@_rule("reduce_prod", "cumprod")
def _product(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    return replace(out, sign=ins[0].sign, unit=ins[0].unit and ins[0].sign > 0)


@_rule("cumsum", "sqrt", "abs", "rsqrt")
def _keeps_sign(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    return replace(out, sign=ins[0].sign)


@_rule("square")
def _squared(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    return replace(out, sign=max(ins[0].sign, NONNEGATIVE))


@_rule("integer_pow")
def _power(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    even = params["y"] % 2 == 0
    return replace(out, sign=max(ins[0].sign, NONNEGATIVE) if even else ins[0].sign)


@_rule("pow")
def _real_power(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    return replace(out, sign=ins[0].sign)


@_rule("logistic")
def _logistic(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    return replace(out, sign=POSITIVE, unit=True)


@_rule("clamp")
def _clamped(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    return replace(out, sign=ins[0].sign, unit=ins[2].unit)


@_rule("max")
def _larger(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    unit = all(fact.unit for fact in ins)
    return replace(out, sign=max(fact.sign for fact in ins), unit=unit)


@_rule("min")
def _smaller(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    unit = any(fact.unit for fact in ins)
    return replace(out, sign=min(fact.sign for fact in ins), unit=unit)


@_rule("mul")
def _times(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    sign = min(fact.sign for fact in ins)
    if ins[0].number == ins[1].number:
        sign = max(sign, NONNEGATIVE)
    return replace(out, sign=sign, unit=sign > 0 and all(fact.unit for fact in ins))


@_rule("add")
def _plus(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    signs = [fact.sign for fact in ins]
    return replace(out, sign=max(signs) if min(signs) else 0)


@_rule("sub")
def _minus(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    x, y = ins
    if y.total is not None and y.total[:2] == ("log", x.number):
        return replace(out, structures=frozenset({("log", (y.total[2],))}))
    if x.known is not None and np.all(x.known == 1) and out.shape == y.shape:
        trace.one_minus[out.number] = y.base
        return replace(out, sign=NONNEGATIVE if y.unit else 0, unit=y.sign > 0)
    return out


@_rule("div")
def _over(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    x, y = ins
    result = replace(out, sign=min(x.sign, y.sign))
    total = y.squeezed if y.shape == () and len(x.shape) == 1 else y.total
    if not x.sign or total is None or total[:2] != ("sum", x.number):
        return result
    sums = frozenset({(STRUCTURES[Simplex], (total[2],))})
    return replace(result, unit=True, structures=sums)


@_rule("dot_general")
def _contracted(trace: _Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    """See that probabilities times rows of probabilities are probabilities."""
    (contracting, batch) = params["dimension_numbers"]
    result = replace(out, sign=min(fact.sign for fact in ins) and NONNEGATIVE)
    free = [
        [a for a in range(len(fact.shape)) if a not in contracting[i] and a not in batch[i]]
        for i, fact in enumerate(ins)
    ]
    places = len(batch[0]) + np.arange(len(free[0]) + len(free[1]))
    found = set()
    for i, weights in enumerate(ins):
        along = [(STRUCTURES[Simplex], (a,)) for a in contracting[i]]
        if len(along) != 1 or along[0] not in weights.structures:
            continue
        first = len(free[0]) if i == 0 else 0
        for j, axis in enumerate(free[1 - i]):
            if (STRUCTURES[Simplex], (axis,)) in ins[1 - i].structures:
                found.add((STRUCTURES[Simplex], (int(places[first + j]),)))
    return replace(result, structures=frozenset(found))
