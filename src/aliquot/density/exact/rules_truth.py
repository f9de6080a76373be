"""Comparisons with a bound, decided by what is known; what follows of truth values."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from aliquot.density.exact.known import Constant, Fact, Known, same_throughout
from aliquot.density.exact.site import Result, Rule, Site, number


def _above(fact: Fact, value: Any, other: Fact) -> bool | None:
    """Say whether what is known is above another value (true), below (false), or neither."""
    if not isinstance(fact, Known):
        return None
    constant = number(other)
    for side, above in ((fact.lower, True), (fact.upper, False)):
        if side is None or not side.certain:
            continue
        if same_throughout(side.bound, value, other):
            return above
        if constant is None or not isinstance(side.bound, float):
            continue
        if (side.bound >= constant) if above else (side.bound <= constant):
            return above
    return None


def _comparison(if_above: bool, if_below: bool) -> Rule:
    def rule(site: Site) -> Result:
        (a, b), (x, y) = site.facts, site.values
        answer = _above(a, y, b)
        if answer is None:
            reverse = _above(b, x, a)
            answer = None if reverse is None else not reverse
        if answer is None:
            return None
        return _truth(if_above if answer else if_below, site.shape)

    return rule


def _truth(answer: bool, shape: tuple[int, ...]) -> tuple[Any, Fact]:
    return jax.lax.full(shape, answer, bool), Constant(answer)


def _is_finite(site: Site) -> Result:
    fact = site.facts[0]
    if not isinstance(fact, Known) or not fact.certain:
        return None
    finite = all(
        side is not None and isinstance(side.bound, float) and np.isfinite(side.bound)
        for side in (fact.lower, fact.upper)
    )
    return _truth(True, site.shape) if finite else None


def _logic(decided: bool) -> Rule:
    """Make the rule of `and` (decided by false) and of `or` (decided by true)."""

    def rule(site: Site) -> Result:
        for at in (0, 1):
            answer = number(site.facts[at])
            if answer is not None and site.equation.outvars[0].aval.dtype == bool:
                if bool(answer) is decided:
                    return _truth(decided, site.shape)
                return site.values[1 - at], site.facts[1 - at]
        return None

    return rule


def _not(site: Site) -> Result:
    answer = number(site.facts[0])
    if answer is None or site.equation.outvars[0].aval.dtype != bool:
        return None
    return _truth(not answer, site.shape)


def _all_alike(site: Site) -> Result:
    """Reduce truth values that are all the same, of which there is one at least."""
    answer = number(site.facts[0])
    if answer is None or 0 in np.shape(site.values[0]):
        return None
    return _truth(bool(answer), site.shape)


RULES: dict[str, Rule] = {
    "eq": _comparison(False, False),
    "ne": _comparison(True, True),
    "gt": _comparison(True, False),
    "ge": _comparison(True, False),
    "lt": _comparison(False, True),
    "le": _comparison(False, True),
    "is_finite": _is_finite,
    "and": _logic(False),
    "or": _logic(True),
    "not": _not,
    "reduce_and": _all_alike,
    "reduce_or": _all_alike,
}
