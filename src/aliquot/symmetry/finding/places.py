"""The places in a model's variables at which components can stand, and so be exchanged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from aliquot.density.layout import Slot
from aliquot.distributions.constraints import OrderedVector
from aliquot.model.variables import FreeVariable
from aliquot.symmetry.role import Role
from aliquot.transforms import Simplex, Transform, ZeroSum, default_transform

# Exchanges that are one: of one variable along one or several axes, or of two variables.
Move = tuple[Role, ...]

# Longer axes are data, time or groups, and looking at each element would take long.
LONGEST = 200
# More variables of one kind than this are not compared pair by pair.
MOST_ALIKE = 24


@dataclass(frozen=True)
class Mover:
    """An axis of a variable, along which slices can trade places."""

    variable: str
    axis: int
    length: int

    def swap(self, i: int, j: int) -> Role:
        """Give the exchange of two slices."""
        return Role((self.variable,), self.axis, (i, j))


def ordering_axis(slot: Slot) -> int | None:
    """Give the axis along which a variable is kept in order; ``None`` where it is not."""
    if isinstance(slot.variable.distribution.support, OrderedVector):
        return None
    return slot.transform.ordered_axis(slot.variable.shape)


def natural_transform(slot: Slot) -> Transform:
    """Give the transform that a variable has, or would have if it were not kept in order."""
    if ordering_axis(slot) is None:
        return slot.transform
    return default_transform(slot.variable.distribution.support)


def movers_by_length(slots: Sequence[Slot]) -> tuple[dict[int, list[Mover]], list[str]]:
    """List the axes along which elements can trade places, by length; name what is too long.

    The axes of one matrix, such as a Cholesky factor, are not among them: its entries do not
    stand for components one by one.
    """
    found: dict[int, list[Mover]] = {}
    long: dict[str, None] = {}
    for slot in slots:
        variable, transform = slot.variable, natural_transform(slot)
        event = 0 if isinstance(transform, Simplex | ZeroSum) else transform.event_dims
        for axis in range(len(variable.shape) - event):
            length = variable.shape[axis]
            if length > LONGEST:
                long[variable.name] = None
            elif length > 1:
                found.setdefault(length, []).append(Mover(variable.name, axis, length))
    return found, list(long)


def pairs_of_variables(slots: Sequence[Slot]) -> list[Role]:
    """List the exchanges of one whole variable for another of the same family and shape."""
    alike: dict[Any, list[str]] = {}
    for slot in slots:
        variable = slot.variable
        if isinstance(variable, FreeVariable):
            transform = natural_transform(slot)
            kind = (type(variable.distribution), variable.shape, type(transform))
            alike.setdefault((*kind, transform.event_dims), []).append(variable.name)
    return [
        Role(pair)
        for names in alike.values()
        if len(names) <= MOST_ALIKE
        for pair in combinations(names, 2)
    ]


def overlap(one: Move, other: Move) -> bool:
    """Say whether two exchanges cannot both be part of one symmetry of two components."""
    return any(_overlap(a, b) for a in one for b in other)


def _overlap(one: Role, other: Role) -> bool:
    if one.axis is None or other.axis is None:
        return bool(set(one.variables) & set(other.variables))
    same = one.variables == other.variables and one.axis == other.axis
    return same and one.within == other.within and one.positions != other.positions
