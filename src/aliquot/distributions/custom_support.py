"""The support of a family of the user's own, from how it is written."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np

from aliquot.distributions import constraints
from aliquot.distributions.constraints import Constraint, IntegerInterval, Interval, Real
from aliquot.errors import ParameterError

_NAMED: dict[str, Constraint] = {
    "real": constraints.real,
    "positive": constraints.positive,
    "nonnegative": constraints.nonnegative,
    "circular": constraints.circular,
    "simplex": constraints.simplex,
    "ordered": constraints.ordered_vector,
}


class SupportKind:
    """A support whose bounds may be parameters, of values with so many axes."""

    def __init__(self, base: Constraint, axes: int) -> None:
        self.base = base
        self.axes = axes

    def between(self, lower: Any, upper: Any) -> Constraint:
        """Give the support with these bounds in place of its own."""
        base = self.base
        if lower is not None or upper is not None:
            base = copy(base)
            vars(base).update(lower=lower, upper=upper)
        missing = self.axes - base.event_dims
        if not missing:
            return base
        kinds: dict[type[Constraint], Any] = {
            Real: EveryReal,
            Interval: EveryNumber,
            IntegerInterval: EveryInteger,
        }
        every: Constraint = kinds[type(base)](base, self.axes)
        return every

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SupportKind) and (self.base, self.axes) == (other.base, other.axes)

    def __hash__(self) -> int:
        return hash((id(self.base), self.axes))


class _Every(Constraint):
    """Arrays whose elements are each in a set of numbers."""

    def __init__(self, each: Constraint, axes: int) -> None:
        vars(self).update(vars(each))
        self.each = each
        self.event_dims = axes  # type: ignore[misc]

    def check(self, x: Any, xp: Any = np) -> Any:
        return xp.all(self.each.check(x, xp), axis=tuple(range(-self.event_dims, 0)))

    def elementwise(self) -> Constraint:
        return self.each

    def with_bounds(self) -> Any:
        return type(self)(self.each.with_bounds(), self.event_dims)


class EveryReal(_Every, Real):
    """Arrays of finite numbers."""


class EveryNumber(_Every, Interval):
    """Arrays of numbers between two bounds."""


class EveryInteger(_Every, IntegerInterval):
    """Arrays of integers between two bounds."""


def given_support(given: Any, discrete: bool, axes: int) -> tuple[SupportKind, tuple[Any, Any]]:
    """Read a support: its kind, and the bounds that are to be parameters."""
    if isinstance(given, Constraint):
        return SupportKind(_fitting(given, given, discrete, axes), axes), (None, None)
    if given is None or isinstance(given, str):
        name = given or "real"
        if name not in _NAMED:
            raise ParameterError(
                f"CustomDist: support must be one of {', '.join(map(repr, _NAMED))}, or two bounds "
                f"such as (0, 1) or (0, None); got {given!r}"
            )
        base = _NAMED[name]
        if discrete and type(base) in (Real, Interval):
            lower = {"real": None, "positive": 1, "nonnegative": 0}[name]
            base = IntegerInterval(lower, None)
        return SupportKind(_fitting(given, base, discrete, axes), axes), (None, None)
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise ParameterError(
            "CustomDist: support must be two bounds, such as (0, 1) or (0, None), or a name such "
            f"as 'positive'; got {given!r:.80}"
        )
    lower, upper = given
    if lower is None and upper is None:
        return given_support(None, discrete, axes)
    for bound in (lower, upper):
        if np.ndim(bound) == 0 and isinstance(bound, int | float) and not np.isfinite(bound):
            raise ParameterError(
                f"CustomDist: support has the bound {bound}: write None where there is none"
            )
    numbers = all(np.ndim(b) == 0 and not hasattr(b, "text") for b in given if b is not None)
    if numbers and None not in given and lower >= upper + discrete:
        raise ParameterError(
            f"CustomDist: support must have its lower bound first, and below the other; got {given}"
        )
    if numbers:
        base = IntegerInterval(lower, upper) if discrete else Interval(lower, upper, closed=True)
        return SupportKind(base, axes), (None, None)
    empty = IntegerInterval() if discrete else Interval(closed=True)
    return SupportKind(empty, axes), (lower, upper)


def _fitting(given: Any, base: Constraint, discrete: bool, axes: int) -> Constraint:
    said = repr(given) if isinstance(given, str) else f"values that are {base.description}"
    if base.discrete != discrete:
        kind = "integers" if base.discrete else "real numbers"
        raise ParameterError(
            f"CustomDist: support {said} is of {kind}, but discrete={discrete} was given"
        )
    if base.event_dims > axes or (
        base.event_dims != axes and type(base) not in (Real, Interval, IntegerInterval)
    ):
        raise ParameterError(
            f"CustomDist: support {said} is of values with {base.event_dims} axes, but "
            f"ndim_supp={axes}: give ndim_supp={base.event_dims}"
        )
    return base
