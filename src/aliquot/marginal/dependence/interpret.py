"""The walk through a program that finds what each of its values depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from aliquot.marginal.dependence import (
    rules_convolution,
    rules_elementwise,
    rules_indexing,
    rules_movement,
    rules_reduction,
)
from aliquot.marginal.dependence.lazy import Lazy
from aliquot.marginal.dependence.references import Dependence, everything, lift, union
from aliquot.marginal.dependence.value import Rule, Value, reason
from aliquot.primitives import Kind, Walk, evaluate, inline, kind, name_of, with_derivative
from aliquot.primitives.internals import shape_of

# By kind of operation, and for those that have a rule of their own by name.
OF_KINDS: Mapping[Kind, Rule] = {
    Kind.ELEMENTWISE: rules_elementwise.elementwise,
    Kind.REDUCES: rules_reduction.reduction,
    Kind.RUNS: rules_reduction.running,
    Kind.MIXES: rules_reduction.mixing,
    Kind.MATRICES: rules_reduction.matrices,
}
RULES: Mapping[str, Rule] = (
    rules_convolution.RULES
    | rules_elementwise.RULES
    | rules_indexing.RULES
    | rules_movement.RULES
    | rules_reduction.RULES
)


def interpret(program: Any, inputs: Sequence[Value]) -> Walk:
    """Find what each value of a jaxpr is known to be and to depend on: a `Value` each.

    The program is one without calls, see `aliquot.primitives.inline`; calls inside functions with
    derivatives of their own and branches are followed, too.
    """
    return Walk(program, inputs, _results, _constant)


def _constant(_atom: Any, value: Any) -> Value:
    return Value(np.shape(value), (), Lazy(lambda: value))


def _results(equation: Any, operands: Sequence[Value]) -> list[Value]:
    known = _known(equation, operands)
    columns = _columns(equation, operands)
    found = []
    for var, dependence, value in zip(
        equation.outvars, dependences(equation, operands), known, strict=True
    ):
        shape = shape_of(var)
        found.append(Value(shape, () if prod(shape) == 0 else dependence, value, columns))
    return found


def dependences(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Return what each result of an equation depends on.

    An operation that is not understood makes each element of its results depend on all elements
    that any of its operands depends on.
    """
    if all(value.dependence == () for value in operands):
        return [()] * len(equation.outvars)
    found = None
    if any(prod(shape_of(var)) for var in equation.outvars):
        found = _by_rule(equation, operands)
    if found is not None:
        return found
    why = reason(equation, operands)
    parts = [value.dependence for value in operands]
    return [everything(parts, len(shape_of(var)), why) for var in equation.outvars]


def _by_rule(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence] | None:
    rule = RULES.get(name_of(equation)) or OF_KINDS.get(kind(equation))
    if rule is not None:
        return rule(equation, operands)
    function = with_derivative(equation)
    if function is not None:
        return _inside(function, operands)
    return _branches(equation, operands) if name_of(equation) == "cond" else None


def _inside(program: Any, operands: Sequence[Value]) -> list[Dependence]:
    return [value.dependence for value in interpret(inline(program), operands).outputs]


def _branches(equation: Any, operands: Sequence[Value]) -> list[Dependence]:
    """Return the union of what the branches depend on, and of what chooses between them."""
    which, *rest = operands
    why = reason(equation, operands)
    results = [_inside(branch, rest) for branch in equation.params["branches"]]
    return [
        union([*each, lift(which.dependence, len(var.aval.shape))], why)
        for var, *each in zip(equation.outvars, *results, strict=True)
    ]


def _known(equation: Any, operands: Sequence[Value]) -> list[Lazy | None]:
    """Return how the results are worked out, if they follow from known values alone."""
    parents = [value.known for value in operands if value.known is not None]
    if len(parents) < len(operands) or equation.effects:
        return [None] * len(equation.outvars)
    together = Lazy(lambda *numbers: evaluate(equation, *numbers), parents)
    return [Lazy(lambda results, k=k: results[k], [together]) for k in range(len(equation.outvars))]


def _columns(equation: Any, operands: Sequence[Value]) -> tuple[Lazy | None, ...] | None:
    """Return the known columns of an array of index vectors that is put together from them."""
    if name_of(equation) != "concatenate":
        return None
    last = len(shape_of(equation.outvars[0])) - 1
    if equation.params["dimension"] != last or any(v.shape[last] != 1 for v in operands):
        return None
    return tuple(value.known for value in operands)
