"""A log density that is part of a model."""

from __future__ import annotations

from typing import Any

from aliquot.expression import Expression


class LogProb(Expression):
    """A log density as an expression, which knows the distribution that it is of."""

    __slots__ = ("distribution_of",)

    def __init__(self, value: Expression, distribution: Any) -> None:
        super().__init__(lambda x: x, (value,), value.shape, value.dtype, value.text)
        self.distribution_of = distribution
