"""What a rule is given: an equation of a program, and the values that it is applied to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aliquot.marginal.lanes.arrays import Array


@dataclass(frozen=True)
class Site:
    """An equation with its operands, each with `lanes` leading axes and then its own.

    Attributes
    ----------
    equation : jax.extend.core.JaxprEqn
    values : tuple of array
        Each axis has its full length, or 1 where the value is constant along it.
    lanes : int
    varies : tuple of bool
        Which operands depend on a discrete input.
    wild : tuple of bool
        Which operands may be infinite for some state.
    linear : tuple of bool
        Which operands are tangents, in the derivative rule of a function.
    """

    equation: Any
    values: tuple[Array, ...]
    lanes: int
    varies: tuple[bool, ...]
    wild: tuple[bool, ...]
    linear: tuple[bool, ...]

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of the equation's primitive."""
        return self.equation.params

    @property
    def name(self) -> str:
        """The name of the equation's primitive."""
        return self.equation.primitive.name

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The operands' own shapes, at full length."""
        return tuple(atom.aval.shape for atom in self.equation.invars)

    @property
    def results(self) -> tuple[tuple[int, ...], ...]:
        """The results' own shapes, at full length."""
        return tuple(var.aval.shape for var in self.equation.outvars)
