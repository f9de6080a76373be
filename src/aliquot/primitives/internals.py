"""All contact with the insides of JAX: what a jaxpr is made of, and how an equation is run.

A jaxpr is a list of equations: each applies a primitive, with its parameters, to *atoms* (variables
or literals) and names the results. Nothing else in Aliquot imports ``jax.extend`` or relies on how
these objects are built, so that another version of JAX is met here, and by this file's tests.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any

import jax
import numpy as np
from jax.extend.core import (  # type: ignore[attr-defined]
    ClosedJaxpr,
    Jaxpr,
    Literal,
    Primitive,
    Var,
    jaxpr_as_fun,
    primitives,
)

from aliquot.precision import float64, refuse_after_fork

__all__ = ["ClosedJaxpr", "Jaxpr", "Literal", "Primitive", "Var", "jaxpr_as_fun"]


def is_literal(atom: Any) -> bool:
    """Say whether an atom is a number that stands in the jaxpr."""
    return isinstance(atom, Literal)


def is_traced(value: Any) -> bool:
    """Say whether a value is one of a function that is being traced, not a number."""
    return isinstance(value, jax.core.Tracer)


def literal(value: Any, dtype: Any) -> Literal:
    """Make a number that stands in a jaxpr."""
    return Literal(np.dtype(dtype).type(value), jax.core.ShapedArray((), np.dtype(dtype)))


def variables(atoms: Iterable[Any]) -> list[Any]:
    """Leave the literals out."""
    return [atom for atom in atoms if not isinstance(atom, Literal)]


def used(jaxpr: Any) -> set[Any]:
    """Collect the variables that an equation reads, or that are outputs."""
    read = [atom for equation in jaxpr.eqns for atom in equation.invars]
    return set(variables([*read, *jaxpr.outvars]))


def shape_of(atom: Any) -> tuple[int, ...]:
    """Give an atom's shape; that of what is no array is ()."""
    return tuple(getattr(atom.aval, "shape", ()))


def size_of(atom: Any) -> int:
    """Count an atom's numbers."""
    return int(np.prod(shape_of(atom), dtype=int))


def struct(atom: Any) -> jax.ShapeDtypeStruct:
    """Give what a trace needs to know of an atom, or of anything with a shape and a dtype."""
    about = getattr(atom, "aval", atom)
    return jax.ShapeDtypeStruct(about.shape, about.dtype)


def closed(program: Any) -> ClosedJaxpr:
    """Give a jaxpr with its constants, of which a plain one has none."""
    return program if hasattr(program, "consts") else ClosedJaxpr(program, [])


def programs(equation: Any) -> list[ClosedJaxpr]:
    """List the jaxprs among an equation's parameters: what it calls, repeats or chooses from."""
    return [
        closed(entry)
        for value in equation.params.values()
        for entry in (value if isinstance(value, tuple | list) else (value,))
        if hasattr(entry, "eqns") or hasattr(entry, "jaxpr")
    ]


def every_equation(jaxpr: Any) -> Iterator[Any]:
    """Yield the equations of a jaxpr and of all jaxprs in it, at any depth."""
    for equation in getattr(jaxpr, "jaxpr", jaxpr).eqns:
        yield equation
        for inner in programs(equation):
            yield from every_equation(inner)


def scan_parts(equation: Any) -> tuple[int, int]:
    """Give how many operands of a scan are the same in all turns, and how many it carries along.

    The others are taken apart, a piece for each turn.
    """
    params = equation.params
    if "num_consts" in params:
        return params["num_consts"], params["num_carry"]
    same, carried, _ = params["ft_in"].unpack()
    return len(same), len(carried)


def context_of(equation: Any) -> list[tuple[str, Any]]:
    """List the settings, by name, that an equation was traced under and is lowered with."""
    context = equation.ctx
    names = [name for name in context.__slots__ if not name.startswith("_")]
    return [(name, getattr(context, name)) for name in names if hasattr(context, name)]


def key_name(dtype: Any) -> str | None:
    """Give the name of a kind of random keys that is JAX's own."""
    return next((name for name, known in _keys().items() if known == dtype), None)


def is_jaxs(primitive: Any) -> bool:
    """Say whether a primitive is one of JAX's own, as far as they are named or found."""
    return primitive in _named() or primitive in _found()


@lru_cache(maxsize=1)
def _named() -> frozenset[Any]:
    values = [value for module in (primitives, jax.lax) for value in vars(module).values()]
    return frozenset(value for value in values if isinstance(value, Primitive))


@lru_cache(maxsize=1)
def _found() -> frozenset[Any]:
    """List the primitives that JAX names nowhere: of random keys, and of choices by platform."""

    def calls(x: Any) -> Any:
        key = jax.random.key_data(jax.random.wrap_key_data(x))
        return jax.lax.platform_dependent(key, cpu=lambda x: x, default=lambda x: x + 1)

    program = jax.make_jaxpr(calls)(np.zeros(2, np.uint32))
    return frozenset(equation.primitive for equation in program.eqns)


@lru_cache(maxsize=1)
def _keys() -> dict[str, Any]:
    names = ("threefry2x32", "rbg", "unsafe_rbg")
    return {n: jax.eval_shape(partial(jax.random.key, impl=n), 0).dtype for n in names}


def bind(equation: Any, values: Sequence[Any], params: dict[str, Any] | None = None) -> list[Any]:
    """Apply an equation's primitive to values, inside a traced function.

    `params` stand in place of the equation's own.
    """
    primitive = equation.primitive
    params = equation.params if params is None else params
    results = primitive.bind(*values, **primitive.get_bind_params(params))
    return list(results) if primitive.multiple_results else [results]


def run(equation: Any, values: Sequence[Any]) -> list[np.ndarray]:
    """Compute an equation's results now, from numbers: it is compiled by itself."""
    inputs = [Var(atom.aval) for atom in equation.invars]
    outputs = [Var(var.aval) for var in equation.outvars]
    only = equation.replace(invars=inputs, outvars=outputs)
    with float64(), jax.ensure_compile_time_eval():
        about = jax.make_jaxpr(lambda: ())().jaxpr.debug_info
        program = ClosedJaxpr(Jaxpr([], inputs, outputs, [only], debug_info=about), [])
        return [np.asarray(each) for each in jaxpr_as_fun(program)(*values)]


def renewed(equation: Any, operands: Sequence[Any], *, rename: bool = False) -> Any:
    """Give an equation other operands, and with `rename` results of new names."""
    if not rename:
        return equation.replace(invars=list(operands))
    # A result that is marked as dropped keeps its mark.
    results = [Var(var.aval) if type(var) is Var else var for var in equation.outvars]
    return equation.replace(invars=list(operands), outvars=results)


def assembled(
    like: Any,
    constants: Sequence[tuple[Any, Any]],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    equations: Sequence[Any],
) -> ClosedJaxpr:
    """Put a jaxpr together, with the effects of `like` and its names for error messages.

    Each constant is a variable and its value.
    """
    jaxpr = Jaxpr(
        [var for var, _ in constants],
        list(inputs),
        list(outputs),
        list(equations),
        like.effects,
        like.debug_info,
    )
    return ClosedJaxpr(jaxpr, [value for _, value in constants])


def replayed(program: ClosedJaxpr, constants: Sequence[Any], inputs: Sequence[Any]) -> list[Any]:
    """Compute a jaxpr's outputs with other constants, inside a traced function."""
    return jax.core.eval_jaxpr(program.jaxpr, constants, *inputs)


def written_name(program: ClosedJaxpr) -> str:
    """Give the name that a jaxpr's function has where it is written."""
    return program.jaxpr.debug_info.func_name


def derivative_rule(equation: Any) -> Callable[[int], tuple[ClosedJaxpr, list[bool]]] | None:
    """Give the rule of a function with a derivative of its own, where it is of the usual kind.

    ``rule(operands)`` gives a jaxpr and a list. The jaxpr computes, from values and tangents of so
    many operands, the results and those of their tangents that are not zero. The list says of each
    tangent whether it is one of these.
    """
    rule = equation.params.get("jvp_jaxpr_fun")
    if rule is None or equation.params.get("symbolic_zeros"):
        return None

    def made(operands: int) -> tuple[ClosedJaxpr, list[bool]]:
        jaxpr, consts, zeros = rule.call_wrapped(*(False for _ in range(operands)))
        return ClosedJaxpr(jaxpr, consts), [not zero for zero in zeros]

    return made


def has_backends() -> bool:
    """Say whether JAX has begun to use a device, after which no other process can be joined."""
    from jax._src import xla_bridge

    return bool(xla_bridge.backends_are_initialized())


def cluster(seconds: int) -> tuple[str | None, int | None, int | None, Sequence[int] | None]:
    """Return what JAX finds out about the cluster that this process was started in.

    The coordinator's address, how many processes there are, which of them this is, and which of the
    machine's devices are its own: each None where JAX knows nothing of it.
    """
    from jax._src import clusters

    find = clusters.ClusterEnv.auto_detect_unset_distributed_params
    return find(None, None, None, None, None, seconds)


def _look_after_fork() -> None:
    """Refuse to compute in a process that was forked while JAX had threads.

    A fork before that is harmless, also after models were written: to trace takes no threads.
    """
    # Read without the lock, which a thread that is not here may have held. Of a JAX that keeps its
    # backends elsewhere, it is taken for granted that there are some.
    backends = getattr(sys.modules.get("jax._src.xla_bridge"), "_backends", None)
    if backends is None or backends:
        refuse_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_look_after_fork)
