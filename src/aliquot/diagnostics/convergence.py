"""Findings about each variable: R-hat, effective sample sizes, values that are not usable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from aliquot.diagnostics import wording
from aliquot.diagnostics.quantity import Quantity
from aliquot.diagnostics.record import Kind, Record
from aliquot.diagnostics.screen import NUMBERS, in_blocks, most_at_risk
from aliquot.diagnostics.statistics import mixing
from aliquot.diagnostics.switching import guessed_switching

RHAT_MOST = 1.01
RHAT_HOPELESS = 1.1
# With as few as 100 draws a chain R-hat varies by a hundredth or two where chains do agree.
RHAT_MOST_THINNED = 1.05
ESS_PER_CHAIN = 100
FEWEST_DRAWS = 4


def quantity_records(
    quantities: Sequence[Quantity], max_elements: int, facts: dict[str, float], *, guess: bool
) -> Iterator[Record]:
    """Yield what the draws of variables show, one after another, and put extremes in `facts`.

    Of the elements of each that depend on labels and of the others at most `max_elements` are
    examined. ``rhat``, ``ess_bulk`` and ``ess_tail`` are brought up to date with the worst seen,
    likewise ``label_free_rhat`` and so on with the worst of what does not depend on labels. `guess`
    asks whether labels may have switched where sorting mends what is wrong.
    """
    for few in _together(quantities):
        usable = [_usable(quantity) for quantity in few]
        chosen = [
            _examined(quantity, moving, max_elements)
            for quantity, (_, moving) in zip(few, usable, strict=True)
        ]
        # In one go: of small variables each call costs more than what it computes.
        found = mixing(np.concatenate([q.draws[at] for q, at in zip(few, chosen, strict=True)]))
        ends = np.cumsum([len(at) for at in chosen])[:-1]
        parts = zip(*(np.split(values, ends) for values in found), strict=True)
        for quantity, known, at, values in zip(few, usable, chosen, parts, strict=True):
            if not quantity.derived:
                yield from _unusable(quantity, *known)
            if len(at):
                yield from _mixing(quantity, at, values[0], facts, guess)
                if not quantity.thinned:
                    yield from _precision(quantity, at, values[1:], facts)


def _together(quantities: Sequence[Quantity]) -> Iterator[list[Quantity]]:
    """Yield neighbours that have as many draws, as long as they are small together."""
    few: list[Quantity] = []
    for quantity in quantities:
        alike = few and few[0].draws.shape[1:] == quantity.draws.shape[1:]
        if few and not (alike and sum(q.draws.size for q in few) < NUMBERS):
            yield few
            few = []
        few.append(quantity)
    if few:
        yield few


def _usable(quantity: Quantity) -> tuple[np.ndarray, np.ndarray]:
    """Say which elements are finite in all draws, and which of them are not always the same."""
    draws = quantity.draws
    finite = in_blocks(lambda block: np.isfinite(block).all(axis=(1, 2)), draws)
    return finite, finite & (draws.max(axis=(1, 2)) > draws.min(axis=(1, 2)))


def _examined(quantity: Quantity, moving: np.ndarray, most: int) -> np.ndarray:
    """Choose the elements to examine, by position."""
    if quantity.draws.shape[2] < FEWEST_DRAWS:
        return np.flatnonzero(moving)[:0]
    # Apart, since where labels have switched nothing else would be among the worst.
    free = quantity.label_free
    kinds = [np.flatnonzero(moving & kind) for kind in (free, ~free)]
    return np.concatenate([most_at_risk(quantity.draws, kind, most) for kind in kinds])


def _mixing(
    quantity: Quantity,
    examined: np.ndarray,
    values: np.ndarray,
    facts: dict[str, float],
    guess: bool,
) -> Iterator[Record]:
    if quantity.draws.shape[1] < 2:
        return
    most = RHAT_MOST_THINNED if quantity.thinned else RHAT_MOST
    if not quantity.thinned:
        _note(quantity, "rhat", examined, values, facts, max)
    if not (values > most).any():
        return
    advice = wording.RHAT_ADVICE
    if guess and not quantity.derived:
        # Where every draw is in order already, nobody need be told to order the labels.
        if not (quantity.draws[1:] > quantity.draws[:-1]).all():
            advice = wording.RHAT_ADVICE_VECTOR
        found = guessed_switching(quantity, examined, values, RHAT_MOST, RHAT_HOPELESS)
        if found is not None:
            advice = wording.RHAT_ADVICE_GUESSED
            yield found
    yield from _out_of_bounds(quantity, "rhat", examined, values, most, advice)


def _precision(
    quantity: Quantity, examined: np.ndarray, sizes: Sequence[np.ndarray], facts: dict[str, float]
) -> Iterator[Record]:
    chains, draws = quantity.draws.shape[1:]
    least = ESS_PER_CHAIN * chains
    kinds: tuple[Kind, Kind] = ("ess_bulk", "ess_tail")
    for kind, values in zip(kinds, sizes, strict=True):
        _note(quantity, kind, examined, values, facts, min)
        if draws < ESS_PER_CHAIN:
            continue  # there could not be enough: the record "few_draws" says so once
        yield from _out_of_bounds(quantity, kind, examined, values, least, wording.ESS_ADVICE)


def _note(
    quantity: Quantity,
    kind: str,
    examined: np.ndarray,
    values: np.ndarray,
    facts: dict[str, float],
    worse: Callable[[float, float], float],
) -> None:
    """Keep the worst of `values`, and the worst of those that do not depend on labels."""
    best = 1.0 if worse is max else np.inf
    of = np.nanmax if worse is max else np.nanmin
    free = values[quantity.label_free[examined]]
    seen = [(f"label_free_{kind}", free)] if len(free) else []
    if not quantity.derived:
        seen.append((kind, values))
    for name, these in seen:
        facts[name] = worse(facts.get(name, best), float(of(these, initial=best)))


def _out_of_bounds(
    quantity: Quantity,
    kind: Kind,
    examined: np.ndarray,
    values: np.ndarray,
    threshold: float,
    advice: str,
) -> Iterator[Record]:
    """Yield a record for each element whose statistic is beyond the threshold."""
    name, bound, _ = wording.STATISTICS[kind]
    beyond = values > threshold if kind == "rhat" else values < threshold
    for element, value in zip(examined[beyond], values[beyond].tolist(), strict=True):
        yield _of_element(
            quantity,
            element,
            f"{name} is {wording.number(value)} for {{}}; it should be {bound} {threshold:,}.",
            kind=kind,
            value=value,
            threshold=threshold,
            severity="error" if kind == "rhat" and value > RHAT_HOPELESS else "warning",
            advice=advice,
            label_free=bool(quantity.label_free[element]),
        )


def _unusable(quantity: Quantity, finite: np.ndarray, moving: np.ndarray) -> Iterator[Record]:
    """Yield a record for each element that is not always finite, or that never changes."""
    total = quantity.draws.shape[1] * quantity.draws.shape[2]
    for element in np.flatnonzero(~finite):
        count = int(np.count_nonzero(~np.isfinite(quantity.draws[element])))
        yield _of_element(
            quantity,
            element,
            f"{count:,} of {total:,} draws of {{}} are not finite numbers.",
            kind="not_finite",
            value=count,
            threshold=0,
            severity="error",
            advice=wording.NOT_FINITE_ADVICE,
        )
    for element in np.flatnonzero(finite & ~moving) if total > 1 else ():
        value = float(quantity.draws[element, 0, 0])
        yield _of_element(
            quantity,
            element,
            f"{{}} is {value:g} in every draw, so it has no R-hat or ESS.",
            kind="constant",
            value=value,
            threshold=0,
            severity="info",
            advice="Nothing, if it is so by construction; otherwise look at the model.",
        )


def _of_element(quantity: Quantity, element: Any, message: str, **fields: Any) -> Record:
    """Make a record of one element, whose label comes in the place of the message's braces."""
    label = quantity.label(int(element))
    message = message.replace("{}", label)
    return Record(
        variable=quantity.name, label=label, element=int(element), message=message, **fields
    )
