"""Evaluate a jaxpr with other functions in place of some of its primitives, at any depth."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from aliquot.kernel.products import by_columns, narrow
from aliquot.primitives import Walk, called, name_of, with_derivative
from aliquot.primitives.internals import bind, every_equation, size_of, struct

Functions = Mapping[str, Callable[[Any], Any]]

# Arrays of fewer numbers cost more to compile than they gain.
LEAST = 8
# What runs jaxprs in a way of its own, with the parameters that hold them.
BODIES = {"scan": ("jaxpr",), "while": ("cond_jaxpr", "body_jaxpr"), "cond": ("branches",)}


def evaluate(program: Any, functions: Functions, *inputs: Any) -> list[Any]:
    """Compute a closed jaxpr's outputs, inside a traced function.

    It is already differentiated: the functions need have no derivatives. Each goes by the name of
    the primitive that it replaces, which has one operand.
    """
    return Walk(
        program, inputs, lambda equation, values: apply(equation, functions, values)
    ).outputs


def apply(equation: Any, functions: Functions, operands: Sequence[Any]) -> list[Any]:
    """Compute one equation's outputs."""
    name = name_of(equation)
    program = called(equation) or with_derivative(equation)
    if program is not None:
        return evaluate(program, functions, *operands)
    if name in functions and _worthwhile(equation.invars[0]):
        # Kept as it is: XLA would compute so many cheap operations again for each use.
        return [jax.lax.optimization_barrier(_inlined(functions[name], operands[0]))]
    if narrow(equation):
        return [by_columns(equation, operands)]
    bodies = {
        key: _again(equation.params[key], functions)
        for key in BODIES.get(name, ())
        if key in equation.params
    }
    return bind(equation, operands, equation.params | bodies)


def _worthwhile(atom: Any) -> bool:
    return atom.aval.dtype == "float64" and size_of(atom) >= LEAST


def _inlined(function: Callable[[Any], Any], operand: Any) -> Any:
    shape = jax.ShapeDtypeStruct(np.shape(operand), np.result_type(operand))
    return evaluate(jax.make_jaxpr(function)(shape), {}, operand)[0]


def _again(program: Any, functions: Functions) -> Any:
    """Return the jaxpr of a loop's or branch's body with the functions in it."""
    if isinstance(program, Sequence):
        return tuple(_again(branch, functions) for branch in program)
    if not mentions(program, functions):
        return program
    shapes = [struct(var) for var in program.jaxpr.invars]
    return jax.make_jaxpr(lambda *inputs: evaluate(program, functions, *inputs))(*shapes)


def largest(program: Any) -> int:
    """Give the most numbers that an array made in a jaxpr has, at any depth."""
    made = (var for equation in every_equation(program) for var in equation.outvars)
    return max(map(size_of, made), default=1)


def mentions(program: Any, names: Collection[str]) -> bool:
    """Say whether a primitive of one of these names is in a jaxpr, at any depth."""
    return any(name_of(equation) in names for equation in every_equation(program))
