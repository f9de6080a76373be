"""From rows of repeats to medians, one summary for each case and library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf
from statistics import median
from typing import Any, NamedTuple

from benchmarks.peers.case import Case
from benchmarks.peers.cases import CASES
from benchmarks.peers.judge import WORTH
from benchmarks.peers.libraries import LIBRARIES, ours

Row = dict[str, Any]
MORE = ("rate", "sets", "per_gradient")
"""The measures of which more is better."""
OURS = "aliquot"


@dataclass(frozen=True)
class Summary:
    """Medians over the repeats of one library on one case; None where nothing was measured."""

    case: str
    library: str
    repeats: int
    version: str | None = None
    settings: str | None = None
    failed: str | None = None
    """Why it counts as failed: it did not finish, or its posterior is wrong in any repeat."""
    turns: dict[str, dict[str, float]] = field(default_factory=dict)
    """Each measure below by turn: what was measured of several libraries one after another."""
    cold: float | None = None
    """Seconds of a whole process with empty caches, to a posterior that has been checked."""
    second: float | None = None
    """The same with the caches that the first one filled."""
    sampling: float | None = None
    """Seconds of a call once compiled, as they count for `rate`."""
    again: float | None = None
    """Seconds of the whole call in which that happened."""
    ess: float | None = None
    rate: float | None = None
    """Least bulk ESS in a second of sampling."""
    sets: float | None = None
    """Data sets in a second, those whose posterior is right."""
    per_gradient: float | None = None
    """Least bulk ESS in 1,000 gradients, those of the warm-up left out."""
    gradient: float | None = None
    """Microseconds of one core for one gradient, all that goes with it included."""
    memory: float | None = None
    """Peak, in MB."""
    target: float | None = None
    """ADVI: seconds to the ELBO that is aimed at, once compiled."""
    cold_target: float | None = None
    """ADVI: the same from the start of a process with empty caches."""
    moments: float | None = None
    """Seconds to means and standard deviations within 2% of the latter, once compiled: of a sampler
    those of as many effective draws as that takes, of a fit all of them."""

    @property
    def right(self) -> bool:
        return self.failed is None


Found = dict[tuple[str, str], Summary]
"""By case and library."""


class Ratio(NamedTuple):
    """How many times better Aliquot is than a peer: median and range of the turns' ratios."""

    middle: float
    low: float
    high: float
    turns: int


def summarise(rows: list[Row]) -> Found:
    """Summarise all rows, by case and library."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["case"], row["library"]), []).append(row)
    return {key: _one(*key, group) for key, group in groups.items()}


def _one(case: str, library: str, rows: list[Row]) -> Summary:
    troubles = [row.get("failed") or row.get("wrong") for row in rows]
    turns = {
        name: {row["turn"]: value for row in rows if (value := measure(row)) is not None}
        for name, measure in MEASURES.items()
    }
    return Summary(
        case=case,
        library=library,
        repeats=len(rows),
        version=next((row["version"] for row in reversed(rows) if row.get("version")), None),
        settings=next((row["settings"] for row in reversed(rows) if row.get("settings")), None),
        failed=next((trouble for trouble in troubles if trouble), None),
        turns=turns,
        **{name: median(values.values()) for name, values in turns.items() if values},
    )


def _sampling(row: Row) -> float | None:
    """Give the sampling time of the second call; that of a cold one may have compiling in it."""
    return row.get("sampling_seconds") if "again_seconds" in row else None


def _moments(row: Row) -> float | None:
    if row["library"] in LIBRARIES["fit"]:
        return _sampling(row)
    return _ratio(_sampling(row), row.get("ess"), WORTH)


def _ratio(above: float | None, below: float | None, times: float = 1.0) -> float | None:
    return None if above is None or not below else times * above / below


def _drawn(row: Row) -> float | None:
    """Give the gradients of the draws alone, which all libraries tell."""
    told: float | None = row.get("extra", {}).get("gradients_of_draws")
    return row.get("gradients") if told is None and row.get("gradients_of") == "draws" else told


def _gradient(row: Row) -> float | None:
    """Give the time of one gradient, in rows that tell of all gradients."""
    seconds, case = _sampling(row), CASES.get(row["case"])
    if seconds is None or case is None or row.get("gradients_of") != "warm-up and draws":
        return None
    cores = min(case.chains, row["machine"]["cores"])
    seconds = row.get("chain_seconds") or seconds
    return _ratio(seconds * cores, row.get("gradients"), 1e6)


MEASURES: dict[str, Callable[[Row], float | None]] = {
    "cold": lambda row: row.get("cold_seconds"),
    "second": lambda row: row.get("second_seconds"),
    "sampling": _sampling,
    "again": lambda row: row.get("again_seconds"),
    "ess": lambda row: row.get("ess"),
    "rate": lambda row: _ratio(row.get("ess"), _sampling(row)),
    "sets": lambda row: _ratio(row.get("right_sets"), _sampling(row)),
    "per_gradient": lambda row: _ratio(row.get("ess"), _drawn(row), 1_000.0),
    "gradient": _gradient,
    "memory": lambda row: row.get("memory_mb"),
    "target": lambda row: row.get("target_seconds"),
    "cold_target": lambda row: row.get("cold_target_seconds"),
    "moments": _moments,
}


def sides(case: str, measure: str) -> tuple[list[str], list[str]]:
    """Name those of Aliquot that are measured, and what they are held against.

    Fits are held against all samplers, Aliquot's own among them.
    """
    if measure == "moments":
        return list(LIBRARIES["fit"]), list(LIBRARIES["nuts"])
    libraries = LIBRARIES[CASES[case].kind]
    return [x for x in libraries if ours(x)], [x for x in libraries if not ours(x)]


def best_of(found: Found, case: str, libraries: list[str], measure: str) -> Summary | None:
    """Find the library that is ahead of the others among those with the right posterior."""
    there = [
        summary
        for library in libraries
        if (summary := found.get((case, library))) is not None and summary.right
        if getattr(summary, measure) is not None
    ]
    chosen = max if measure in MORE else min
    return chosen(there, key=lambda summary: getattr(summary, measure), default=None)


def best_ours(found: Found, case: str, measure: str) -> Summary | None:
    """Find the best of Aliquot's."""
    return best_of(found, case, sides(case, measure)[0], measure)


def best_peer(found: Found, case: str, measure: str) -> Summary | None:
    """Find the best of what Aliquot is held against."""
    return best_of(found, case, sides(case, measure)[1], measure)


def ahead(
    found: Found, case: str, measure: str, peers: Sequence[str] | None = None
) -> Ratio | None:
    """Say how many times better Aliquot is than the best peer; None where that is not known.

    The best of all turns, and the ratios of those turns in which both were measured. Where all
    peers that were measured are wrong it is infinitely better, if it is right itself.
    """
    mine, theirs = sides(case, measure)
    theirs = [x for x in theirs if peers is None or x in peers]
    one, peer = best_of(found, case, mine, measure), best_of(found, case, theirs, measure)
    if one is None:
        return Ratio(0.0, 0.0, 0.0, 0) if _all_wrong(found, case, mine) else None
    if peer is None:
        return Ratio(inf, inf, inf, 0) if _all_wrong(found, case, theirs) else None
    ours_by, theirs_by = one.turns[measure], peer.turns[measure]
    ratios = [ours_by[turn] / theirs_by[turn] for turn in ours_by.keys() & theirs_by.keys()]
    if measure not in MORE:
        ratios = [1.0 / ratio for ratio in ratios]
    if not ratios:
        return None
    return Ratio(median(ratios), min(ratios), max(ratios), len(ratios))


def _all_wrong(found: Found, case: str, libraries: Sequence[str]) -> bool:
    """Say whether some were measured, and none of them is right."""
    there = [found[case, x] for x in libraries if (case, x) in found]
    return bool(there) and not any(summary.right for summary in there)


def headline(case: Case) -> str:
    """Name the measure that says how fast a case is."""
    return {"nuts": "rate", "sets": "sets", "advi": "target"}[case.kind]


def fastest(found: Found, case: Case, count: int = 3) -> list[str]:
    """Name the peers that are the fastest once compiled, of those that are right."""
    measure = headline(case)
    there = [
        summary
        for library in LIBRARIES[case.kind]
        if not ours(library) and (summary := found.get((case.name, library))) is not None
        if summary.right and getattr(summary, measure) is not None
    ]
    there.sort(key=lambda summary: getattr(summary, measure), reverse=measure in MORE)
    return [summary.library for summary in there[:count]]
