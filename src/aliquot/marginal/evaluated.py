"""What can be asked of a model's discrete unknowns, at given values of everything continuous."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from aliquot.marginal.elimination import Table
from aliquot.marginal.pointwise import pointwise
from aliquot.marginal.tables import SummandValues

if TYPE_CHECKING:
    from aliquot.marginal.plan import Plan


@dataclass(frozen=True)
class Evaluated:
    """The terms of a sum in all states, at given values of everything that is not summed out.

    It belongs to the traced function in which it was made, as do the answers.
    """

    plan: Plan
    summands: SummandValues
    constants: dict[int, Any]  # of each term, by its number: what depends on no unknown, a scalar
    tables: list[Table]  # one for each factor

    def log_sum(self) -> Any:
        """Compute the log of the sum, a scalar."""
        return self._constant() + self.plan.elimination.log_sum(self.tables)

    def log_sum_by_part(self, number: int) -> Any:
        """Compute the log of the sum of what hangs together, for each element of an unknown."""
        found = self.plan.elimination.log_sum_by_part(self.tables, number)
        return found.reshape(self.plan.unknowns[number].shape)

    def probabilities(self) -> list[Any]:
        """Compute each unknown's posterior probabilities, shape (*shape, states)."""
        found = self.plan.elimination.probabilities(self.tables)
        pairs = zip(found, self.plan.unknowns, strict=True)
        return [p.reshape((*unknown.shape, unknown.states)) for p, unknown in pairs]

    def draw(self, key: Any) -> list[Any]:
        """Draw all unknowns from their joint posterior, each of its shape, in its own values."""
        return self._as_values(self.plan.elimination.draw(self.tables, key))

    def most_probable(self) -> tuple[list[Any], Any]:
        """Find the joint state of greatest probability, and its log density with all terms."""
        found, best = self.plan.elimination.most_probable(self.tables)
        return self._as_values(found), self._constant() + best

    def pointwise(self, gone: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Compute log p(y_i | everything continuous, all other y) for each observation.

        What is `gone` is no part of the other y (see `left_out.without`). There is an array for
        each observed variable that depends on an unknown. A `ModelError` is raised for events that
        depend on many unknowns in one number, several of them in one variable.
        """
        return pointwise(self, gone)

    def _constant(self) -> Any:
        return sum(self.constants.values(), jnp.zeros(()))

    def _as_values(self, states: Sequence[Any]) -> list[Any]:
        return [
            (state.reshape(u.shape) + u.lowest).astype(u.distribution.dtype)
            for state, u in zip(states, self.plan.unknowns, strict=True)
        ]
