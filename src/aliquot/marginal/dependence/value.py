"""What is known about a value of the program before it runs, and how an operation is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from aliquot.marginal.dependence.lazy import Lazy
from aliquot.marginal.dependence.references import Dependence
from aliquot.primitives import in_words


@dataclass(frozen=True)
class Value:
    """A value of the program, as the rules see it."""

    shape: tuple[int, ...]
    dependence: Dependence
    known: Lazy | None = None  # the value itself, if it depends on known inputs alone
    # Of a value put together along its last axis from pieces of length 1: each piece's value.
    columns: tuple[Lazy | None, ...] | None = None

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)


Rule = Callable[[Any, Sequence[Value]], Sequence[Dependence]]
"""From an equation and its operands to what each of its results depends on."""


def reason(equation: Any, operands: Sequence[Value]) -> str:
    """Say in a user's words what an equation does, and to how many values."""
    count = max((prod(v.shape) for v in operands if v.dependence != ()), default=0)
    return f"{in_words(equation)} of {count} values"
