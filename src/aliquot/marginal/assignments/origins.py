"""What can be said of a program before it is evaluated: what each value is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from aliquot.marginal.assignments.arrays import is_floating
from aliquot.primitives import Walk, primitive
from aliquot.primitives.internals import is_literal, is_traced, programs


class Origin(NamedTuple):
    """What a value is computed from."""

    sources: frozenset[int] = frozenset()  # positions of the discrete inputs that it depends on
    tangent: bool = False  # whether it depends on a tangent, in the derivative rule of a function
    may_be_infinite: bool = False  # whether it may be infinite for some state

    @property
    def varies(self) -> bool:
        """Whether it depends on a discrete input."""
        return bool(self.sources)


class Origins:
    """A jaxpr with, for each of its atoms, its equation and what it is computed from.

    Of a discrete input, its own position is the source.
    """

    def __init__(self, program: Any, inputs: Sequence[Origin]) -> None:
        self.jaxpr = program.jaxpr
        self._equations = {
            var: equation for equation in self.jaxpr.eqns for var in equation.outvars
        }
        self._of = Walk(program, inputs, _results, _constant)

    def __getitem__(self, atom: Any) -> Origin:
        """Give what an atom is computed from."""
        return self._of[atom]

    def sources(self, atom: Any) -> frozenset[int]:
        """Give the positions of the discrete inputs that an atom depends on."""
        return self._of[atom].sources

    def equation(self, atom: Any) -> Any:
        """Give the equation that makes a variable; None for what is there from the beginning."""
        return None if is_literal(atom) else self._equations.get(atom)


def _constant(atom: Any, value: Any) -> Origin:
    known = is_floating(atom.aval.dtype) and not is_traced(value)
    return Origin(may_be_infinite=known and bool(np.isinf(np.asarray(value)).any()))


def _results(equation: Any, operands: Sequence[Origin]) -> list[Origin]:
    sources = frozenset[int]().union(*(operand.sources for operand in operands))
    tangent = any(operand.tangent for operand in operands)
    about = primitive(equation)
    infinite = not about.bounded and (
        any(operand.may_be_infinite for operand in operands)
        or (bool(sources) and (about.pole or bool(programs(equation))))
    )
    return [
        Origin(sources, tangent, infinite and is_floating(var.aval.dtype))
        for var in equation.outvars
    ]
