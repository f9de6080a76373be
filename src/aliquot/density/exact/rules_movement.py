"""What operations that move elements, or put several arrays together, leave of what is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aliquot.density.exact.joined import chosen, joined
from aliquot.density.exact.known import DEEPEST, Constant, Fact, Known, Repeated, gathered, moved
from aliquot.density.exact.site import Result, Rule, Site, number
from aliquot.primitives import PRIMITIVES, Kind, kind, name_of


def _move(site: Site) -> Result:
    fact = site.facts[0]
    if isinstance(fact, Known):
        gather = name_of(site.equation) == "gather"
        return site.first(site.values[0]), (gathered if gather else moved)(fact, site.first)
    if isinstance(fact, Repeated) or (isinstance(fact, Constant) and np.ndim(fact.value) == 0):
        return site.first(site.values[0]), fact
    if name_of(site.equation) == "broadcast_in_dim" and np.shape(site.values[0]) == ():
        return site.first(site.values[0]), Repeated(site.values[0])
    return None


def parts(site: Site) -> tuple[list[Any], list[Fact]] | None:
    """Say what is known of the pieces into which a primitive cuts its operand."""
    if kind(site.equation) is not Kind.CUTS:
        return None
    fact = site.facts[0]
    if not isinstance(fact, Known):
        return None
    results = site.bind(*site.values)

    def piece(k: int) -> Callable[[Any], Any]:
        return lambda whole: site.bind(whole)[k]

    return results, [moved(fact, piece(k)) for k in range(len(results))]


def _convert(site: Site) -> Result:
    """Keep what is known where a conversion changes nothing but the name of the dtype."""
    if site.equation.params["new_dtype"] != site.equation.invars[0].aval.dtype:
        known_number = number(site.facts[0])
        if known_number is None:
            return None
        return site.first(site.values[0]), site.facts[0]
    return _move(site)


def _concatenate(site: Site) -> Result:
    shapes = [np.shape(value) for value in site.values]
    fact = joined(site.facts, shapes, lambda parts: site.bind(*parts)[0])
    return None if fact is None else (site.bind(*site.values)[0], fact)


def _select(site: Site) -> Result:
    which, *cases = site.values
    certain = number(site.facts[0])
    if certain is not None:
        return cases[int(certain)], site.facts[1 + int(certain)]
    facts = site.facts[1:]
    if len(cases) != 2 or not any(isinstance(fact, Known) for fact in facts):
        return None

    def select(parts: Sequence[Any]) -> Any:
        return site.bind(which, *parts)[0]

    fact = joined(facts, [site.shape] * 2, select)
    if fact is None:
        place = next(i for i in (0, 1) if isinstance(facts[i], Known))
        if isinstance(facts[1 - place], Known):
            return None
        known_one = facts[place]
        assert isinstance(known_one, Known)
        fact = chosen(
            known_one, cases[1 - place], lambda parts: select(parts if place == 0 else parts[::-1])
        )
    return None if fact is None else (select(cases), fact)


def _overwritten(at: int) -> Rule:
    """Make the rule of putting elements of which all is known into an array; `at` is theirs."""

    def rule(site: Site) -> Result:
        base, new = site.facts[0], site.facts[at]
        value = site.bind(*site.values)[0]
        if not isinstance(new, Known) or new.depth >= DEEPEST:
            return None

        def put(parts: Sequence[Any]) -> Any:
            values = list(site.values)
            values[0], values[at] = parts
            return site.bind(*values)[0]

        shapes = [np.shape(site.values[0]), np.shape(site.values[at])]
        fact = joined([base, new], shapes, put)
        if fact is None and not isinstance(base, Known):
            fact = chosen(new, site.values[0], lambda parts: put(parts[::-1]))
        return None if fact is None else (value, fact)

    return rule


_MOVES = [name for name, about in PRIMITIVES.items() if about.kind is Kind.MOVES]
_MOVES += ["dynamic_slice", "gather", "copy", "copy_p"]

RULES: dict[str, Rule] = dict.fromkeys(_MOVES, _move) | {
    "convert_element_type": _convert,
    "concatenate": _concatenate,
    "stack": _concatenate,
    "select_n": _select,
    "scatter": _overwritten(2),
    "dynamic_update_slice": _overwritten(1),
}
