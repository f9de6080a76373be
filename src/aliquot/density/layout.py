"""Where each free variable's unconstrained coordinates lie in the flat vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aliquot.density.integrated import Integrated
from aliquot.errors import ModelError
from aliquot.expression import Evaluation
from aliquot.marginal import Unknown, refusal
from aliquot.marginal.terms import depends_on
from aliquot.transforms import Identity, Ordered, Transform


@dataclass(frozen=True)
class Slot:
    """A free variable's place in the flat vector."""

    variable: Any  # FreeVariable or MissingValues
    transform: Transform
    start: int  # its coordinates are flat[start:stop]
    stop: int
    shape: tuple[int, ...]  # of the unconstrained coordinates
    # Where the variable is only a part of some missing values: what becomes of the others.
    integrated: Integrated | None = None

    @property
    def unconstrained_name(self) -> str:
        """The name of the unconstrained coordinates: ``sigma_log__``."""
        if isinstance(self.transform, Identity):
            return str(self.variable.name)
        return f"{self.variable.name}_{self.transform.name}__"

    @property
    def labels(self) -> list[str]:
        """One name for each coordinate: ``means[0]``."""
        if not self.shape:
            return [self.unconstrained_name]
        return [
            f"{self.unconstrained_name}[{', '.join(map(str, index))}]"
            for index in np.ndindex(self.shape)
        ]

    @property
    def outside(self) -> str:
        """What a value that has no finite unconstrained coordinates lacks, in words."""
        description = self.variable.distribution.support.description
        if isinstance(self.transform, Ordered):
            description += f", {self.transform.describe(self.variable.shape)}"
        return f"outside its support or at its edge: it must be {description}"

    def give(self, values: Evaluation, value: Any) -> None:
        """Give the variable its value in an evaluation."""
        values.set(self.variable, value)
        if self.integrated is not None:
            values.set(self.integrated.latent, self.integrated.fill(value))


def lay_out(
    model: Any, unknowns: Sequence[Unknown] = (), integrated: Sequence[Integrated] = ()
) -> tuple[Slot, ...]:
    """Give each continuous free variable its coordinates, in the order in which they were written.

    The discrete `unknowns` have none: they are summed out. The missing values that are `integrated`
    out have none either. It is a `ModelError` where there is nothing to infer, or the range of a
    continuous variable depends on a discrete one.
    """
    slots: list[Slot] = []
    position = 0
    parts = {id(found.latent): found for found in integrated}
    for variable in model.free:
        if variable.distribution.discrete:
            continue
        part = parts.get(id(variable))
        if part is not None:
            if part.held is None:
                continue
            variable = part.held
        if variable.distribution.support.mixed:
            family = variable.distribution.family
            raise ModelError(
                f"{variable.name}: something else in the model depends on missing values of "
                f"{family}, which have no coordinates, since some have a probability and others a "
                f"density. Let it depend on a variable that is not {family}, or leave the rows out"
            )
        transform = variable.transform or Identity()
        parents = [u for u in unknowns if depends_on(transform, [u.node])]
        if parents:
            raise refusal.transform_depends(variable.name, [u.name for u in parents])
        shape = transform.unconstrained_shape(variable.shape)
        size = int(np.prod(shape, dtype=int))
        slots.append(Slot(variable, transform, position, position + size, shape, part))
        position += size
    if position == 0 and not unknowns and not integrated:
        raise ModelError(
            "the model has no free variables, so there is nothing to infer: a variable without "
            "observed= is free"
        )
    return tuple(slots)
