"""What is known of an array without its value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aliquot.distributions.constraints import (
    Constraint,
    Interval,
    LowerCholesky,
    OrderedVector,
    ProbabilityVector,
)
from aliquot.model.variables import FreeVariable
from aliquot.transforms import Ordered

# What holds along some axes of an array, by the name that it has here.
STRUCTURES: dict[type[Constraint], str] = {
    ProbabilityVector: "sums to one",
    OrderedVector: "increases",
    LowerCholesky: "triangular",
}
NONNEGATIVE, POSITIVE = 1, 2


@dataclass(frozen=True)
class Fact:
    """What is known of an array."""

    number: int  # equal for values that are computed alike
    shape: tuple[int, ...]
    sign: int = 0  # 2 where all are positive, 1 where none is negative, else 0
    unit: bool = False  # whether none is above one
    structures: frozenset[tuple[str, tuple[int, ...]]] = frozenset()  # what holds along which axes
    # "sum", or "log" of it: of the array of that number, along that axis, which has length one.
    total: tuple[str, int, int] | None = None
    squeezed: tuple[str, int, int] | None = None  # the same, the axis left out
    base: int = -1  # the number of the array that has the same elements, axes of length one aside
    known: np.ndarray | None = None  # the value of a constant


def of_leaf(leaf: Any, number: int) -> Fact:
    """Give what a variable's support says of it, where its transform cannot leave that."""
    plain = Fact(number, tuple(leaf.shape), base=number)
    if not isinstance(leaf, FreeVariable):
        return plain
    support = leaf.distribution.support
    structures: set[tuple[str, tuple[int, ...]]] = set()
    order = leaf.transform
    if isinstance(order, Ordered) and not order.at:
        axis = order.ordered_axis(leaf.shape)
        structures.add((STRUCTURES[OrderedVector], (axis,)))
    if not leaf.fits:
        return replace(plain, structures=frozenset(structures))
    kind = STRUCTURES.get(type(support))
    if kind is not None:
        last = tuple(range(leaf.ndim - support.event_dims, leaf.ndim))
        structures.add((kind, last))
    simplex = isinstance(support, ProbabilityVector)
    sign, unit = (NONNEGATIVE, True) if simplex else (0, False)
    if isinstance(support, Interval) and support.constant():
        if support.lower is not None and np.all(np.asarray(support.lower) >= 0):
            sign = POSITIVE
        unit = support.upper is not None and bool(np.all(np.asarray(support.upper) <= 1))
    return replace(plain, sign=sign, unit=unit, structures=frozenset(structures))
