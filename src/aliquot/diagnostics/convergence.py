"""Findings about each variable: R-hat, effective sample sizes, values that are not usable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from aliquot.diagnostics import wording
from aliquot.diagnostics.labels import element_label
from aliquot.diagnostics.record import Kind, Record, Severity
from aliquot.diagnostics.screen import in_blocks, most_at_risk
from aliquot.diagnostics.statistics import ess_bulk, ess_tail, rhat
from aliquot.diagnostics.switching import once_sorted

if TYPE_CHECKING:
    import xarray

RHAT_MOST = 1.01
RHAT_HOPELESS = 1.1
# Between the two thresholds labels are named as the cause only where sorting multiplies the
# effective sample size by this much: slow mixing of another kind gains little.
ESS_GAIN = 10.0
ESS_PER_CHAIN = 100
FEWEST_DRAWS = 4


@dataclass(frozen=True)
class _Variable:
    """The draws of one variable, flattened to ``(elements, chain, draw)``."""

    name: str
    draws: np.ndarray
    shape: tuple[int, ...]
    label: Callable[[int], str]


def variable_records(
    array: xarray.DataArray, max_elements: int, facts: dict[str, float]
) -> Iterator[Record]:
    """Yield what the draws of one variable show, and put the extremes in `facts`.

    Parameters
    ----------
    array
        Draws with the dims ``chain`` and ``draw``.
    max_elements
        How many elements of the variable to examine in full.
    facts
        ``rhat``, ``ess_bulk`` and ``ess_tail`` are brought up to date with the worst seen.
    """
    dims = [str(dim) for dim in array.dims if dim not in ("chain", "draw")]
    values = array.transpose(*dims, "chain", "draw").values
    shape = values.shape[:-2]
    draws = values.reshape(-1, *values.shape[-2:]).astype(float, copy=False)
    variable = _Variable(str(array.name), draws, shape, partial(element_label, array, dims))

    finite = in_blocks(lambda block: np.isfinite(block).all(axis=(1, 2)), draws)
    yield from _not_finite(variable, finite)
    moving = finite & (draws.max(axis=(1, 2)) > draws.min(axis=(1, 2)))
    yield from _constant(variable, finite & ~moving)
    if draws.shape[2] < FEWEST_DRAWS or not moving.any():
        return
    examined = most_at_risk(draws, np.flatnonzero(moving), max_elements)
    yield from _mixing(variable, examined, facts)
    yield from _precision(variable, examined, facts)


def _mixing(variable: _Variable, examined: np.ndarray, facts: dict[str, float]) -> Iterator[Record]:
    if variable.draws.shape[1] < 2:
        return
    values = rhat(variable.draws[examined])
    facts["rhat"] = max(facts.get("rhat", 1.0), float(np.nanmax(values, initial=1.0)))
    if not (values > RHAT_MOST).any():
        return
    # Where every draw is in order already, nobody need be told to order the labels.
    ordered = bool((variable.draws[1:] > variable.draws[:-1]).all())
    advice = wording.RHAT_ADVICE if ordered else wording.RHAT_ADVICE_VECTOR
    if variable.shape:
        grid = variable.draws.reshape(*variable.shape, *variable.draws.shape[1:])
        known = np.full(len(variable.draws), np.nan)
        known[examined] = values
        mended = once_sorted(grid, known.reshape(variable.shape), RHAT_MOST)
        if mended is not None and (
            float(np.nanmax(values)) > RHAT_HOPELESS
            or mended.ess > ESS_GAIN * float(np.nanmin(ess_bulk(variable.draws[examined])))
        ):
            advice = wording.RHAT_ADVICE_SWITCHED
            yield Record(
                kind="label_switching",
                variable=variable.name,
                label=None,
                chain=None,
                value=mended.rhat,
                threshold=RHAT_MOST,
                severity="error",
                message=(
                    f"The labels of {variable.name} have switched: its R-hat is "
                    f"{wording.number(float(np.nanmax(values)))} as drawn, but "
                    f"{wording.number(mended.rhat)} once each draw is sorted. The chains agree on "
                    "the components and not on which is which."
                ),
                advice=wording.SWITCHING_ADVICE,
            )
    for element, value in zip(examined, values, strict=True):
        if value > RHAT_MOST:
            severity: Severity = "error" if value > RHAT_HOPELESS else "warning"
            yield _record(variable, "rhat", element, value, RHAT_MOST, severity, advice)


def _precision(
    variable: _Variable, examined: np.ndarray, facts: dict[str, float]
) -> Iterator[Record]:
    chains, draws = variable.draws.shape[1:]
    least = ESS_PER_CHAIN * chains
    kinds: tuple[tuple[Kind, Callable[[np.ndarray], np.ndarray]], ...] = (
        ("ess_bulk", ess_bulk),
        ("ess_tail", ess_tail),
    )
    for kind, statistic in kinds:
        values = statistic(variable.draws[examined])
        facts[kind] = min(facts.get(kind, np.inf), float(np.nanmin(values, initial=np.inf)))
        if draws < ESS_PER_CHAIN:
            continue  # there could not be enough: the record "few_draws" says so once
        for element, value in zip(examined, values, strict=True):
            if value < least:
                yield _record(variable, kind, element, value, least, "warning", wording.ESS_ADVICE)


def _record(
    variable: _Variable,
    kind: Kind,
    element: int,
    value: float,
    threshold: float,
    severity: Severity,
    advice: str,
) -> Record:
    label = variable.label(int(element))
    name, bound = {
        "rhat": ("R-hat", "below"),
        "ess_bulk": ("The bulk effective sample size (ESS)", "at least"),
        "ess_tail": ("The tail effective sample size (ESS)", "at least"),
    }[kind]
    return Record(
        kind=kind,
        variable=variable.name,
        label=label,
        chain=None,
        value=float(value),
        threshold=threshold,
        severity=severity,
        message=(
            f"{name} is {wording.number(value)} for {label}; it should be {bound} {threshold:,}."
        ),
        advice=advice,
    )


def _not_finite(variable: _Variable, finite: np.ndarray) -> Iterator[Record]:
    chains, draws = variable.draws.shape[1:]
    for element in np.flatnonzero(~finite):
        count = int(np.count_nonzero(~np.isfinite(variable.draws[element])))
        label = variable.label(int(element))
        yield Record(
            kind="not_finite",
            variable=variable.name,
            label=label,
            chain=None,
            value=count,
            threshold=0,
            severity="error",
            message=f"{count:,} of {chains * draws:,} draws of {label} are not finite numbers.",
            advice=wording.NOT_FINITE_ADVICE,
        )


def _constant(variable: _Variable, constant: np.ndarray) -> Iterator[Record]:
    if variable.draws.shape[1] * variable.draws.shape[2] < 2:
        return
    for element in np.flatnonzero(constant):
        label = variable.label(int(element))
        value = float(variable.draws[element, 0, 0])
        yield Record(
            kind="constant",
            variable=variable.name,
            label=label,
            chain=None,
            value=value,
            threshold=0,
            severity="info",
            message=f"{label} is {value:g} in every draw, so it has no R-hat or ESS.",
            advice="Nothing, if it is so by construction; otherwise look at the model.",
        )
