"""The walk through a program that finds what each of its values depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from jax.extend.core import Literal

from aliquot.marginal.dependence import (
    rules_convolution,
    rules_elementwise,
    rules_indexing,
    rules_movement,
    rules_reduction,
)
from aliquot.marginal.dependence.evaluate import evaluate
from aliquot.marginal.dependence.inline import inline
from aliquot.marginal.dependence.lazy import Lazy
from aliquot.marginal.dependence.slots import Dependence, everything, lift, union
from aliquot.marginal.dependence.value import Rule, Value, reason

RULES: Mapping[str, Rule] = (
    rules_convolution.RULES
    | rules_elementwise.RULES
    | rules_indexing.RULES
    | rules_movement.RULES
    | rules_reduction.RULES
)

_WITH_OWN_DERIVATIVES = {"custom_jvp_call", "custom_vjp_call"}


class Interpretation:
    """What each value of a jaxpr is known to be and to depend on.

    Parameters
    ----------
    jaxpr : Jaxpr
        Without calls, see :func:`~aliquot.marginal.dependence.inline.inline`; calls inside
        functions with derivatives of their own and branches are followed, too.
    consts : sequence of array
    inputs : sequence of Value
    """

    def __init__(self, jaxpr: Any, consts: Sequence[Any], inputs: Sequence[Value]) -> None:
        self._values: dict[Any, Value] = {}
        for var, const in zip(jaxpr.constvars, consts, strict=True):
            self._values[var] = Value(var.aval.shape, (), Lazy(lambda const=const: const))
        self._values.update(zip(jaxpr.invars, inputs, strict=True))
        for equation in jaxpr.eqns:
            self._follow(equation)
        self.outputs = [self[atom] for atom in jaxpr.outvars]

    def __getitem__(self, atom: Any) -> Value:
        """Return what is known of a variable of the jaxpr or a literal."""
        if isinstance(atom, Literal):
            value = atom.val
            return Value(np.shape(value), (), Lazy(lambda: value))
        return self._values[atom]

    def _follow(self, equation: Any) -> None:
        operands = [self[atom] for atom in equation.invars]
        known = _known(equation, operands)
        columns = _columns(equation, operands)
        for var, dependence, value in zip(
            equation.outvars, dependences(equation, operands), known, strict=True
        ):
            shape = tuple(getattr(var.aval, "shape", ()))
            empty = prod(shape) == 0
            self._values[var] = Value(shape, () if empty else dependence, value, columns)


def dependences(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Return what each result of an equation depends on.

    An operation that is not understood makes each element of its results depend on all elements
    that any of its operands depends on.
    """
    if all(value.dependence == () for value in operands):
        return [()] * len(equation.outvars)
    name = equation.primitive.name
    if all(prod(getattr(var.aval, "shape", ())) == 0 for var in equation.outvars):
        found = None
    elif name in RULES:
        found = RULES[name](equation, operands)
    elif name in _WITH_OWN_DERIVATIVES and "call_jaxpr" in equation.params:
        found = _inside(equation.params["call_jaxpr"], operands)
    elif name == "cond":
        found = _branches(equation, operands)
    else:
        found = None
    if found is not None:
        return found
    why = reason(equation, operands)
    parts = [value.dependence for value in operands]
    return [everything(parts, len(getattr(var.aval, "shape", ())), why) for var in equation.outvars]


def _inside(called: Any, operands: Sequence[Value]) -> list[Dependence]:
    flat = inline(called)
    outputs = Interpretation(flat.jaxpr, flat.consts, operands).outputs
    return [value.dependence for value in outputs]


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
    together = Lazy(lambda *given: evaluate(equation, *given), parents)
    return [Lazy(lambda results, k=k: results[k], [together]) for k in range(len(equation.outvars))]


def _columns(equation: Any, operands: Sequence[Value]) -> tuple[Lazy | None, ...] | None:
    """Return the known columns of an array of index vectors that is put together from them."""
    if equation.primitive.name != "concatenate":
        return None
    last = len(equation.outvars[0].aval.shape) - 1
    if equation.params["dimension"] != last or any(v.shape[last] != 1 for v in operands):
        return None
    return tuple(value.known for value in operands)
