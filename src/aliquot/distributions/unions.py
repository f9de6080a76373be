"""The union of several supports: that of a mixture."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.constraints import (
    Constraint,
    CountsVector,
    IntegerInterval,
    Interval,
    Real,
)
from aliquot.expression import Expression, apply


class Union(Constraint):
    """Values that are in any of several sets of one kind."""

    def __init__(self, members: Sequence[Constraint]) -> None:
        self.members = tuple(members)
        self.event_dims = members[0].event_dims  # type: ignore[misc]
        self.discrete = members[0].discrete  # type: ignore[misc]

    @property
    def description(self) -> str:  # type: ignore[override]
        return " or ".join(dict.fromkeys(member.description for member in self.members))

    def check(self, x: Any, xp: Any = np) -> Any:
        inside = self.members[0].check(x, xp)
        for member in self.members[1:]:
            inside = inside | member.check(x, xp)
        return inside

    def feasible(self, x: Any, xp: Any = np) -> Any:
        return self.members[0].feasible(x, xp)

    def constant(self) -> bool:
        return all(member.constant() for member in self.members)


class IntervalUnion(Union, Interval):
    """A union of intervals, which is an `Interval` too: from its lowest to its highest bound."""

    def __init__(self, members: Sequence[Interval]) -> None:
        Union.__init__(self, members)
        self.lower = outermost([m.lower for m in members], jnp.minimum, np.minimum)
        self.upper = outermost([m.upper for m in members], jnp.maximum, np.maximum)
        self.closed = any(m.closed for m in members)


class IntegerIntervalUnion(IntervalUnion, IntegerInterval):
    """A union of intervals of integers."""


def union(members: Sequence[Constraint]) -> Constraint:
    """Give the union of supports of one kind: one of them, where it holds the others."""
    first = members[0]
    if all(member is first for member in members):
        return first
    for member in members:
        if isinstance(member, Real):
            return member
    if all(isinstance(member, IntegerInterval) for member in members):
        kind: type[IntervalUnion] = IntegerIntervalUnion
    elif all(isinstance(member, Interval) for member in members):
        kind = IntervalUnion
    else:
        return Union(members)
    intervals: list[Interval] = [m for m in members if isinstance(m, Interval)]
    if all(_same_bounds(m, intervals[0]) for m in intervals):
        return first
    return kind(intervals)


def along_last_axis(support: Constraint, size: int) -> list[Constraint]:
    """Split the support of a batched distribution along its last batch axis."""
    names = ("n",) if isinstance(support, CountsVector) else ("lower", "upper")
    bounds: dict[str, Any] = {name: getattr(support, name, None) for name in names}
    if isinstance(support, Union) or all(np.ndim(bound) == 0 for bound in bounds.values()):
        return [support]

    def part(k: int) -> Constraint:
        own = copy(support)
        vars(own).update({name: _entry(bound, k) for name, bound in bounds.items()})
        return own

    return [part(k) for k in range(size)]


def _entry(bound: Any, k: int) -> Any:
    if bound is None or np.ndim(bound) == 0:
        return bound
    return bound[..., 0 if bound.shape[-1] == 1 else k]


def _same_bounds(a: Interval, b: Interval) -> bool:
    pairs = ((a.lower, b.lower), (a.upper, b.upper))
    return a.closed == b.closed and all(same_bound(x, y) for x, y in pairs)


def same_bound(x: Any, y: Any) -> bool:
    """Say whether two bounds are known to be the same."""
    if x is y:
        return True
    numbers = int | float | np.ndarray | np.generic
    return isinstance(x, numbers) and isinstance(y, numbers) and np.array_equal(x, y)


def outermost(bounds: Sequence[Any], traced: Any, host: Any) -> Any:
    """Combine bounds by minimum or maximum, whatever they are; none where one is absent."""
    if any(bound is None for bound in bounds):
        return None
    result = bounds[0]
    for bound in bounds[1:]:
        if isinstance(result, Expression) or isinstance(bound, Expression):
            result = apply(traced, result, bound)
        elif isinstance(result, jax.Array) or isinstance(bound, jax.Array):
            result = traced(result, bound)
        else:
            result = host(result, bound)
    return result
