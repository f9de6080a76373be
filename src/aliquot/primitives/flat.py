"""A jaxpr without calls: what `jit` and the like wrap stands in the program itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax

from aliquot.precision import float64
from aliquot.primitives.calls import called, only_branch
from aliquot.primitives.internals import ClosedJaxpr, Var, assembled, is_literal, renewed, struct
from aliquot.primitives.table import name_of
from aliquot.primitives.walk import Walk


class FlatProgram:
    """Equations without calls, to which more can be added.

    They compute what the given `ClosedJaxpr` does, whose inputs and their number stay.
    """

    def __init__(self, program: Any) -> None:
        self._source = program.jaxpr
        self.equations: list[Any] = []
        self.invars = [Var(var.aval) for var in program.jaxpr.invars]
        self._constants: dict[int, tuple[Var, Any]] = {}
        self.outvars = self._splice(program, self.invars)

    def append(self, function: Callable[..., Any], *atoms: Any) -> Any:
        """Add what a function computes from some of the values; return its atom."""
        with float64():
            program = jax.make_jaxpr(function)(*map(struct, atoms))
        (result,) = self._splice(program, atoms)
        return result

    def closed(self) -> ClosedJaxpr:
        """Return the program as it stands; the inputs and outputs are those of the source."""
        constants = list(self._constants.values())
        return assembled(self._source, constants, self.invars, self.outvars, self.equations)

    def _splice(self, program: Any, inputs: Sequence[Any]) -> list[Any]:
        """Add the equations of a jaxpr, which may be called in several places, under new names."""
        return Walk(program, inputs, self._add, self._constant).outputs

    def _constant(self, atom: Any, value: Any) -> Any:
        if is_literal(atom):
            return atom
        # The pair keeps the value alive, and so its identity taken.
        return self._constants.setdefault(id(value), (Var(atom.aval), value))[0]

    def _add(self, equation: Any, operands: list[Any]) -> Sequence[Any]:
        """Add one equation, or what it calls; return the atoms of its results."""
        program = called(equation)
        if program is not None:
            return self._splice(program, operands)
        branch = only_branch(equation)
        if branch is not None:
            return self._splice(branch, operands[1:])
        if name_of(equation) == "reshape" and equation.params["dimensions"] is not None:
            return [self.append(_in_order(equation.params), *operands)]
        fresh = renewed(equation, operands, rename=True)
        self.equations.append(fresh)
        return fresh.outvars


def _in_order(params: Any) -> Callable[[Any], Any]:
    """Write a reshape that reads its operand's axes in another order as two plain operations."""
    axes, sizes = params["dimensions"], params["new_sizes"]
    return lambda x: jax.lax.reshape(jax.lax.transpose(x, axes), sizes)


def inline(program: Any) -> ClosedJaxpr:
    """Return the computation of a `ClosedJaxpr` without calls.

    Calls by `jit`, `checkpoint` and `closed_call` are replaced by what they call, at any depth.
    Loops, branches and functions with derivatives of their own stay, but of branches for
    different platforms those that no program here can take. A reshape that permutes axes, as
    of ``order="F"``, becomes a transpose and a reshape.

    >>> import jax
    >>> import jax.numpy as jnp
    >>> program = jax.make_jaxpr(lambda x: jax.jit(jnp.exp)(x) + 1.0)(1.0)
    >>> [equation.primitive.name for equation in inline(program).jaxpr.eqns]
    ['exp', 'add']
    """
    return FlatProgram(program).closed()
