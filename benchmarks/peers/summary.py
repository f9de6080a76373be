"""From rows of repeats to medians, one summary for each case and library."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.peers.cases import CASES
from benchmarks.peers.judge import WORTH
from benchmarks.peers.libraries import LIBRARIES, ours

Row = dict[str, Any]
MORE = ("rate", "per_gradient")
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
    cold: float | None = None
    """Seconds of a whole process with empty caches, to a posterior that has been checked."""
    second: float | None = None
    """The same with the caches that the first one filled."""
    sampling: float | None = None
    """Seconds of sampling once compiled."""
    again: float | None = None
    """Seconds of the whole call in which that happened."""
    before_sampling: float | None = None
    """Seconds of the cold process that were not sampling."""
    ess: float | None = None
    rate: float | None = None
    """Least bulk ESS in a second of sampling."""
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


def middle(values: Iterable[float | None]) -> float | None:
    """Give the median of those that are there."""
    there = [value for value in values if value is not None]
    return median(there) if there else None


def summarise(rows: list[Row]) -> Found:
    """Summarise all rows, by case and library."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["case"], row["library"]), []).append(row)
    return {key: _one(*key, group) for key, group in groups.items()}


def _one(case: str, library: str, rows: list[Row]) -> Summary:
    troubles = [row.get("failed") or row.get("wrong") for row in rows]
    return Summary(
        case=case,
        library=library,
        repeats=len(rows),
        version=next((row["version"] for row in reversed(rows) if row.get("version")), None),
        settings=next((row["settings"] for row in reversed(rows) if row.get("settings")), None),
        failed=next((trouble for trouble in troubles if trouble), None),
        cold=middle(row.get("cold_seconds") for row in rows if row.get("only") != "warm"),
        second=middle(row.get("second_seconds") for row in rows),
        sampling=middle(_sampling(row) for row in rows),
        again=middle(row.get("again_seconds") for row in rows),
        before_sampling=middle(row.get("before_call_seconds") for row in rows),
        ess=middle(row.get("ess") for row in rows),
        rate=middle(_ratio(row.get("ess"), _sampling(row)) for row in rows),
        per_gradient=middle(_ratio(row.get("ess"), _drawn(row), 1_000.0) for row in rows),
        gradient=middle(_gradient(row) for row in rows),
        memory=middle(row.get("memory_mb") for row in rows),
        target=middle(row.get("target_seconds") for row in rows),
        cold_target=middle(row.get("cold_target_seconds") for row in rows),
        moments=middle(_moments(row) for row in rows),
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
    return _ratio(seconds * cores, row.get("gradients"), 1e6)


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


def ahead(found: Found, case: str, measure: str) -> float | None:
    """Say how many times better Aliquot is than the best peer; None where that is not known."""
    mine, peer = best_ours(found, case, measure), best_peer(found, case, measure)
    if peer is None:
        return None
    if mine is None:
        names = sides(case, measure)[0]
        failed = any((case, x) in found and not found[case, x].right for x in names)
        return 0.0 if failed else None
    ratio: float = getattr(mine, measure) / getattr(peer, measure)
    return ratio if measure in MORE else 1.0 / ratio
