"""What a rule is told: an equation of a program, and the values that it is applied to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from aliquot.marginal.assignments.arrays import Array
from aliquot.marginal.assignments.origins import Origin
from aliquot.primitives import name_of
from aliquot.primitives.internals import shape_of


@dataclass(frozen=True)
class Operation:
    """An equation with its operands, each with `batch` axes of assignments and then its own."""

    equation: Any
    # Each axis has its full length, or 1 where the value is constant along it.
    values: tuple[Array, ...]
    batch: int  # how many axes of assignments there are
    origins: tuple[Origin, ...]  # what each operand is computed from

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of the equation's primitive."""
        return self.equation.params

    @property
    def name(self) -> str:
        """The name of the equation's primitive."""
        return name_of(self.equation)

    @property
    def varies(self) -> bool:
        """Whether an operand depends on a discrete input."""
        return any(origin.varies for origin in self.origins)

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The operands' own shapes, at full length."""
        return tuple(map(shape_of, self.equation.invars))

    @property
    def results(self) -> tuple[tuple[int, ...], ...]:
        """The results' own shapes, at full length."""
        return tuple(map(shape_of, self.equation.outvars))

    def with_values(self, values: tuple[Array, ...]) -> Operation:
        """Apply the same equation to other values."""
        return replace(self, values=values)

    def without_first(self) -> Operation:
        """Leave the first operand out: what chooses among branches is no operand of theirs."""
        return replace(self, values=self.values[1:], origins=self.origins[1:])
