"""An equation of a trace, with the values of its operands and what is known of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aliquot.density.exact.known import Constant, Fact
from aliquot.primitives.internals import bind


@dataclass
class Site:
    """An equation with the values of its operands and what is known of them."""

    equation: Any
    values: Sequence[Any]
    facts: Sequence[Fact]

    def bind(self, *values: Any) -> list[Any]:
        """Compute the equation's results at values."""
        return bind(self.equation, values)

    def first(self, value: Any) -> Any:
        """Compute the equation's result with another first operand."""
        return self.bind(value, *self.values[1:])[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the result."""
        return tuple(self.equation.outvars[0].aval.shape)


Result = tuple[Any, Fact] | None
Rule = Callable[[Site], Result]


def number(fact: Fact) -> float | None:
    """Give the number that a value is throughout, if it is known."""
    if isinstance(fact, Constant) and np.ndim(fact.value) == 0:
        return float(fact.value)
    return None
