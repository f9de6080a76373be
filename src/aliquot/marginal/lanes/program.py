"""What can be said of a program before it is evaluated: who makes what, and from what."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import jax
import numpy as np
from jax.extend.core import Literal

from aliquot.marginal.lanes.arrays import is_floating
from aliquot.marginal.lanes.singular import SOURCES, TAME


class Program:
    """A jaxpr with, for each of its variables, its equation and what it depends on.

    Parameters
    ----------
    jaxpr : jax.extend.core.Jaxpr
    consts : sequence of array
    discrete : collection of int
        Positions of the discrete inputs.
    linear : collection of int
        Positions of inputs that are tangents, of those discrete.
    wild : collection of int
        Positions of inputs that may be infinite.
    """

    def __init__(
        self,
        jaxpr: Any,
        consts: Any,
        discrete: Collection[int],
        linear: Collection[int] = (),
        wild: Collection[int] = (),
    ) -> None:
        self.jaxpr = jaxpr
        self._equations: dict[Any, int] = {}
        self._sources: dict[Any, frozenset[int]] = {}
        self._linear: set[Any] = set()
        self._wild: set[Any] = set()
        for var, const in zip(jaxpr.constvars, consts, strict=True):
            known = is_floating(var.aval.dtype) and not isinstance(const, jax.core.Tracer)
            if known and np.isinf(np.asarray(const)).any():
                self._wild.add(var)
        for position, var in enumerate(jaxpr.invars):
            if position in discrete:
                self._sources[var] = frozenset({position})
            if position in linear:
                self._linear.add(var)
            if position in wild:
                self._wild.add(var)
        for number, equation in enumerate(jaxpr.eqns):
            self._read(number, equation)

    def _read(self, number: int, equation: Any) -> None:
        sources = frozenset[int]().union(*(self.sources(atom) for atom in equation.invars))
        linear = any(self.linear(atom) for atom in equation.invars)
        name = equation.primitive.name
        wild = name not in TAME and (
            any(self.wild(atom) for atom in equation.invars)
            or (bool(sources) and (name in SOURCES or holds_program(equation.params)))
        )
        for var in equation.outvars:
            self._equations[var] = number
            if sources:
                self._sources[var] = sources
            if linear:
                self._linear.add(var)
            if wild and is_floating(var.aval.dtype):
                self._wild.add(var)

    def equation(self, atom: Any) -> int | None:
        """Give the number of the equation that makes a variable; None for what is given."""
        return None if is_literal(atom) else self._equations.get(atom)

    def sources(self, atom: Any) -> frozenset[int]:
        """Give the positions of the discrete inputs that an atom depends on."""
        return frozenset() if is_literal(atom) else self._sources.get(atom, frozenset())

    def linear(self, atom: Any) -> bool:
        """Say whether an atom depends on a tangent."""
        return not is_literal(atom) and atom in self._linear

    def wild(self, atom: Any) -> bool:
        """Say whether an atom may be infinite for some state."""
        if is_literal(atom):
            return is_floating(atom.aval.dtype) and bool(np.isinf(np.asarray(atom.val)).any())
        return atom in self._wild


def is_literal(atom: Any) -> bool:
    """Say whether an atom of a jaxpr is a number that stands in it."""
    return isinstance(atom, Literal)


def holds_program(params: Any) -> bool:
    """Say whether a primitive's parameters hold a jaxpr: a call, a loop, a branch."""
    return any(
        hasattr(entry, "eqns") or hasattr(entry, "jaxpr")
        for value in params.values()
        for entry in (value if isinstance(value, tuple | list) else (value,))
    )
