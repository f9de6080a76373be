"""Findings about each variable: R-hat, effective sample sizes, values that are not usable."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from aliquot.diagnostics import wording
from aliquot.diagnostics.quantity import Quantity
from aliquot.diagnostics.record import Kind, Record, Severity
from aliquot.diagnostics.screen import in_blocks, most_at_risk
from aliquot.diagnostics.statistics import ess_bulk, ess_tail, rhat
from aliquot.diagnostics.switching import guessed_switching

RHAT_MOST = 1.01
RHAT_HOPELESS = 1.1
# With as few as 100 draws a chain R-hat varies by a hundredth or two where chains do agree.
RHAT_MOST_THINNED = 1.05
ESS_PER_CHAIN = 100
FEWEST_DRAWS = 4


def quantity_records(
    quantity: Quantity, max_elements: int, facts: dict[str, float], *, guess: bool
) -> Iterator[Record]:
    """Yield what the draws of one variable show, and put the extremes in `facts`.

    Of those elements that depend on labels and of the others at most `max_elements` are examined.
    ``rhat``, ``ess_bulk`` and ``ess_tail`` are brought up to date with the worst seen, likewise
    ``label_free_rhat`` and so on with the worst of what does not depend on labels. `guess` asks
    whether labels may have switched where sorting mends what is wrong.
    """
    draws = quantity.draws
    finite = in_blocks(lambda block: np.isfinite(block).all(axis=(1, 2)), draws)
    moving = finite & (draws.max(axis=(1, 2)) > draws.min(axis=(1, 2)))
    if not quantity.derived:
        yield from _not_finite(quantity, finite)
        yield from _constant(quantity, finite & ~moving)
    if draws.shape[2] < FEWEST_DRAWS or not moving.any():
        return
    # Apart, since where labels have switched nothing else would be among the worst.
    free = quantity.label_free
    kinds = [np.flatnonzero(moving & kind) for kind in (free, ~free)]
    examined = np.concatenate([most_at_risk(draws, kind, max_elements) for kind in kinds])
    yield from _mixing(quantity, examined, facts, guess)
    if not quantity.thinned:
        yield from _precision(quantity, examined, facts)


def _mixing(
    quantity: Quantity, examined: np.ndarray, facts: dict[str, float], guess: bool
) -> Iterator[Record]:
    if quantity.draws.shape[1] < 2:
        return
    values = rhat(quantity.draws[examined])
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
    for element, value in zip(examined, values, strict=True):
        if value > most:
            severity: Severity = "error" if value > RHAT_HOPELESS else "warning"
            yield _record(quantity, "rhat", element, value, most, severity, advice)


def _precision(
    quantity: Quantity, examined: np.ndarray, facts: dict[str, float]
) -> Iterator[Record]:
    chains, draws = quantity.draws.shape[1:]
    least = ESS_PER_CHAIN * chains
    kinds: tuple[tuple[Kind, Callable[[np.ndarray], np.ndarray]], ...] = (
        ("ess_bulk", ess_bulk),
        ("ess_tail", ess_tail),
    )
    for kind, statistic in kinds:
        values = statistic(quantity.draws[examined])
        _note(quantity, kind, examined, values, facts, min)
        if draws < ESS_PER_CHAIN:
            continue  # there could not be enough: the record "few_draws" says so once
        for element, value in zip(examined, values, strict=True):
            if value < least:
                yield _record(quantity, kind, element, value, least, "warning", wording.ESS_ADVICE)


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


def _record(
    quantity: Quantity,
    kind: Kind,
    element: int,
    value: float,
    threshold: float,
    severity: Severity,
    advice: str,
) -> Record:
    label = quantity.label(int(element))
    name, bound, _ = wording.STATISTICS[kind]
    return Record(
        kind=kind,
        variable=quantity.name,
        label=label,
        value=float(value),
        threshold=threshold,
        severity=severity,
        message=(
            f"{name} is {wording.number(value)} for {label}; it should be {bound} {threshold:,}."
        ),
        advice=advice,
        element=int(element),
        label_free=bool(quantity.label_free[element]),
    )


def _not_finite(quantity: Quantity, finite: np.ndarray) -> Iterator[Record]:
    chains, draws = quantity.draws.shape[1:]
    for element in np.flatnonzero(~finite):
        count = int(np.count_nonzero(~np.isfinite(quantity.draws[element])))
        label = quantity.label(int(element))
        yield Record(
            kind="not_finite",
            variable=quantity.name,
            label=label,
            value=count,
            threshold=0,
            severity="error",
            message=f"{count:,} of {chains * draws:,} draws of {label} are not finite numbers.",
            advice=wording.NOT_FINITE_ADVICE,
            element=int(element),
        )


def _constant(quantity: Quantity, constant: np.ndarray) -> Iterator[Record]:
    if quantity.draws.shape[1] * quantity.draws.shape[2] < 2:
        return
    for element in np.flatnonzero(constant):
        label = quantity.label(int(element))
        value = float(quantity.draws[element, 0, 0])
        yield Record(
            kind="constant",
            variable=quantity.name,
            label=label,
            value=value,
            threshold=0,
            severity="info",
            message=f"{label} is {value:g} in every draw, so it has no R-hat or ESS.",
            advice="Nothing, if it is so by construction; otherwise look at the model.",
            element=int(element),
        )
