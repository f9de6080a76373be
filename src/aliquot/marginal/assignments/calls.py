"""Programs within a program: branches, and functions with a derivative rule of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from aliquot.marginal.assignments.arrays import Array, common_shape, expand, is_floating
from aliquot.marginal.assignments.elementwise import uniform
from aliquot.marginal.assignments.operation import Operation
from aliquot.marginal.assignments.origins import Origin
from aliquot.primitives import Kind, called, kind, name_of, with_derivative
from aliquot.primitives.internals import closed, derivative_rule, shape_of

# Evaluates the results of a program at operands: (program, values, their origins, batch).
Run = Callable[..., list[Array]]


def branch(operation: Operation) -> Any:
    """Give the branch that a `cond` takes, where that is known and the same for all assignments."""
    if operation.name != "cond":
        return None
    chosen = uniform(operation.values[0])
    branches = operation.params["branches"]
    if chosen is None:
        return None
    return closed(branches[int(np.clip(chosen, 0, len(branches) - 1))])


def is_pointwise(program: Any, shape: tuple[int, ...]) -> bool:
    """Say whether a program works on each element of arrays of one shape by itself."""

    def fits(equation: Any) -> bool:
        inner = called(equation) or with_derivative(equation)
        if inner is not None:
            return is_pointwise(inner, shape)
        operand = [shape_of(atom) for atom in equation.invars[:1]]
        expands = name_of(equation) == "broadcast_in_dim" and operand[0] in ((), shape)
        return kind(equation) is Kind.ELEMENTWISE or expands

    return all(
        fits(equation)
        and all(shape_of(atom) in ((), shape) for atom in (*equation.invars, *equation.outvars))
        for equation in program.jaxpr.eqns
    )


def custom_jvp(operation: Operation, run: Run) -> list[Array] | None:
    """Evaluate a pointwise function with a derivative rule at its operands' compact shape.

    Both the function and its rule are evaluated again, by the same rules as all else, so that the
    derivative stays the one that its author wrote. None where the function is not pointwise.
    """
    rule, program = derivative_rule(operation.equation), with_derivative(operation.equation)
    shapes = {*operation.shapes, *operation.results} - {()}
    if rule is None or program is None or len(shapes) > 1:
        return None
    floats = all(is_floating(atom.aval.dtype) for atom in operation.equation.invars)
    own = next(iter(shapes), ())
    if not floats or program.consts or not is_pointwise(program, own):
        return None
    batch = operation.batch

    def expand_together(values: Sequence[Array]) -> list[Array]:
        wide = [
            value
            if value.ndim == batch + len(own)
            else value.reshape(value.shape[:batch] + (1,) * len(own))
            for value in values
        ]
        shape = common_shape(wide)
        return [expand(value, shape) for value in wide]

    def compute(*operands: Array) -> list[Array]:
        return run(program, operands, operation.origins, batch)

    # The results of a function with a rule have the shape that all operands have together, as do
    # their tangents.
    shape = common_shape(expand_together(operation.values))

    def reshaped(results: Sequence[Array]) -> tuple[Array, ...]:
        return tuple(
            expand(expand_together([result])[0], shape)
            if var.aval.shape == own
            else expand(result, (*shape[:batch], *((1,) * len(var.aval.shape))))
            for result, var in zip(results, operation.equation.outvars, strict=True)
        )

    @jax.custom_jvp
    def function(*operands: Array) -> tuple[Array, ...]:
        return reshaped(compute(*operands))

    @function.defjvp
    def derivative(primals: Any, tangents: Any) -> Any:
        derivative, nonzero = rule(len(primals))
        of_values = [origin._replace(tangent=False) for origin in operation.origins]
        of_tangents = [Origin(origin.sources, tangent=True) for origin in operation.origins]
        both = run(derivative, (*primals, *tangents), [*of_values, *of_tangents], batch)
        results = len(operation.results)
        given = iter(both[results:])
        out = reshaped(both[:results])
        moved = reshaped(
            [
                np.zeros((1,) * (batch + len(var.aval.shape)), var.aval.dtype)
                if not there
                else next(given)
                for there, var in zip(nonzero, operation.equation.outvars, strict=True)
            ]
        )
        return out, moved

    return list(function(*(jax.numpy.asarray(value) for value in operation.values)))
