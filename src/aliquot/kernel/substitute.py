"""Evaluate a jaxpr with other functions in place of some of its primitives, at any depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jax.extend.core import Literal

Functions = Mapping[str, Callable[[Any], Any]]

# What only calls a jaxpr, by name, with the parameter that holds it. After differentiation a
# function with a derivative of its own is no more than what it calls.
CALLS = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "remat": "jaxpr",
    "remat2": "jaxpr",
    "checkpoint": "jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "custom_vjp_call_jaxpr": "fun_jaxpr",
}
# Arrays of fewer numbers cost more to compile than they gain.
LEAST = 8
# What runs jaxprs in a way of its own, with the parameters that hold them.
BODIES = {"scan": ("jaxpr",), "while": ("cond_jaxpr", "body_jaxpr"), "cond": ("branches",)}


def evaluate(closed: Any, functions: Functions, *inputs: Any) -> list[Any]:
    """Compute a jaxpr's outputs, inside a traced function.

    Parameters
    ----------
    closed : ClosedJaxpr
        Already differentiated: the functions need have no derivatives.
    functions : mapping from str
        By the name of the primitive of one operand that each replaces.
    inputs : array
    """
    return _run(getattr(closed, "jaxpr", closed), getattr(closed, "consts", ()), functions, inputs)


def _run(jaxpr: Any, consts: Sequence[Any], functions: Functions, inputs: Any) -> list[Any]:
    values: dict[Any, Any] = dict(zip(jaxpr.constvars, consts, strict=True))
    values.update(zip(jaxpr.invars, inputs, strict=True))

    def read(atom: Any) -> Any:
        return atom.val if isinstance(atom, Literal) else values[atom]

    for equation in jaxpr.eqns:
        operands = [read(atom) for atom in equation.invars]
        values.update(zip(equation.outvars, apply(equation, functions, operands), strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def apply(equation: Any, functions: Functions, operands: Sequence[Any]) -> list[Any]:
    """Compute one equation's outputs."""
    name = equation.primitive.name
    called = equation.params.get(CALLS.get(name, ""))
    if called is not None:
        return evaluate(called, functions, *operands)
    if name in functions and _worthwhile(equation.invars[0].aval):
        # Kept as it is: XLA would compute so many cheap operations again for each use.
        return [jax.lax.optimization_barrier(_inlined(functions[name], operands[0]))]
    params = equation.params
    if name in BODIES:
        params = params | {
            key: _again(params[key], functions) for key in BODIES[name] if key in params
        }
    results = equation.primitive.bind(*operands, **params)
    return list(results) if equation.primitive.multiple_results else [results]


def _worthwhile(value: Any) -> bool:
    return value.dtype == "float64" and int(np.prod(value.shape)) >= LEAST


def _inlined(function: Callable[[Any], Any], operand: Any) -> Any:
    shape = jax.ShapeDtypeStruct(np.shape(operand), np.result_type(operand))
    return evaluate(jax.make_jaxpr(function)(shape), {}, operand)[0]


def _again(closed: Any, functions: Functions) -> Any:
    """Return the jaxpr of a loop's or branch's body with the functions in it."""
    if isinstance(closed, Sequence):
        return tuple(_again(branch, functions) for branch in closed)
    if not mentions(closed.jaxpr, functions):
        return closed
    shapes = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in closed.jaxpr.invars]
    return jax.make_jaxpr(lambda *inputs: evaluate(closed, functions, *inputs))(*shapes)


def largest(jaxpr: Any) -> int:
    """Give the most numbers that an array made in a jaxpr has, at any depth."""
    sizes = [1]
    for equation in jaxpr.eqns:
        sizes += [int(np.prod(out.aval.shape)) for out in equation.outvars]
        sizes += [largest(inner) for inner in _inner(equation)]
    return max(sizes)


def mentions(jaxpr: Any, names: Any) -> bool:
    """Say whether a primitive of one of these names is in a jaxpr, at any depth."""
    return any(
        equation.primitive.name in names
        or any(mentions(inner, names) for inner in _inner(equation))
        for equation in jaxpr.eqns
    )


def _inner(equation: Any) -> Iterator[Any]:
    """List the jaxprs that an equation holds."""
    for value in equation.params.values():
        for inner in value if isinstance(value, tuple | list) else (value,):
            body = getattr(inner, "jaxpr", inner)
            if hasattr(body, "eqns"):
                yield body
