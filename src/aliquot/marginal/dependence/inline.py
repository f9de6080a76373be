"""A jaxpr without calls: what `jit` and the like wrap stands in the program itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, Var  # type: ignore[attr-defined]

from aliquot.precision import float64

# The name of each primitive that only calls a jaxpr, and the parameter that holds it.
_CALLS = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "remat": "jaxpr",
    "remat2": "jaxpr",
    "checkpoint": "jaxpr",
}


class Program:
    """Equations without calls, to which more can be added.

    Parameters
    ----------
    closed : ClosedJaxpr
        What the program computes; its inputs and their number stay.
    """

    def __init__(self, closed: Any) -> None:
        self._source = closed.jaxpr
        self.equations: list[Any] = []
        self.invars = [Var(var.aval) for var in closed.jaxpr.invars]
        self._consts: dict[int, tuple[Var, Any]] = {}
        self.outvars = self._splice(closed.jaxpr, closed.consts, self.invars)

    def append(self, function: Callable[..., Any], *atoms: Any) -> Any:
        """Add what a function computes from some of the program's values; return its atom."""
        with float64():
            shapes = [jax.ShapeDtypeStruct(atom.aval.shape, atom.aval.dtype) for atom in atoms]
            closed = jax.make_jaxpr(function)(*shapes)
        (result,) = self._splice(closed.jaxpr, closed.consts, atoms)
        return result

    def closed(self) -> ClosedJaxpr:
        """Return the program as it stands; the inputs and outputs are those of the source."""
        constvars = [var for var, _ in self._consts.values()]
        source = self._source
        jaxpr = Jaxpr(
            constvars,
            self.invars,
            self.outvars,
            self.equations,
            source.effects,
            source.debug_info,
        )
        return ClosedJaxpr(jaxpr, [value for _, value in self._consts.values()])

    def _constant(self, value: Any, aval: Any) -> Var:
        # The pair keeps the value alive, and so its identity taken.
        return self._consts.setdefault(id(value), (Var(aval), value))[0]

    def _splice(self, jaxpr: Any, consts: Sequence[Any], inputs: Sequence[Any]) -> list[Any]:
        """Add the equations of a jaxpr, which may be called in several places, under new names."""
        atoms: dict[Any, Any] = dict(zip(jaxpr.invars, inputs, strict=True))
        for var, value in zip(jaxpr.constvars, consts, strict=True):
            atoms[var] = self._constant(value, var.aval)

        def read(atom: Any) -> Any:
            return atom if isinstance(atom, Literal) else atoms[atom]

        for equation in jaxpr.eqns:
            operands = [read(atom) for atom in equation.invars]
            called = equation.params.get(_CALLS.get(equation.primitive.name, ""))
            if called is not None:
                inner = getattr(called, "jaxpr", called)
                results = self._splice(inner, getattr(called, "consts", ()), operands)
                atoms.update(zip(equation.outvars, results, strict=True))
                continue
            branch = only_branch(equation)
            if branch is not None:
                results = self._splice(branch.jaxpr, branch.consts, operands[1:])
                atoms.update(zip(equation.outvars, results, strict=True))
                continue
            if equation.primitive.name == "reshape" and equation.params["dimensions"] is not None:
                (out,) = equation.outvars
                atoms[out] = self.append(_in_order(equation.params), *operands)
                continue
            fresh = [
                Var(var.aval) if type(var) is Var else var  # what is dropped keeps its mark
                for var in equation.outvars
            ]
            atoms.update(zip(equation.outvars, fresh, strict=True))
            self.equations.append(equation.replace(invars=operands, outvars=fresh))
        return [read(atom) for atom in jaxpr.outvars]


def _in_order(params: Any) -> Callable[[Any], Any]:
    """Write a reshape that reads its operand's axes in another order as two plain operations."""
    axes, sizes = params["dimensions"], params["new_sizes"]
    return lambda x: jax.lax.reshape(jax.lax.transpose(x, axes), sizes)


def only_branch(equation: Any) -> Any:
    """Return the one branch that can be taken, where the platform decides between branches.

    `np.diagonal`, for one, has a branch for Pallas kernels, which is never taken by a program.
    """
    platforms = equation.params.get("branches_platforms")
    if equation.primitive.name != "cond" or platforms is None:
        return None
    branches = zip(equation.params["branches"], platforms, strict=True)
    possible = [branch for branch, names in branches if names is None or set(names) != {"mosaic"}]
    return possible[0] if len(possible) == 1 else None


def inline(closed: Any) -> ClosedJaxpr:
    """Return the same computation without calls.

    Parameters
    ----------
    closed : ClosedJaxpr
        Calls by `jit`, `checkpoint` and `closed_call` are replaced by what they call, at any depth.
        Loops, branches and functions with derivatives of their own stay, but of branches for
        different platforms those that no program here can take. A reshape that permutes axes, as
        of ``order="F"``, becomes a transpose and a reshape.

    Examples
    --------
    >>> import jax
    >>> import jax.numpy as jnp
    >>> closed = jax.make_jaxpr(lambda x: jax.jit(jnp.exp)(x) + 1.0)(1.0)
    >>> [equation.primitive.name for equation in inline(closed).jaxpr.eqns]
    ['exp', 'add']
    """
    return Program(closed).closed()
