"""From rows of repeats to medians, one summary for each case and library."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.peers.cases import CASES

Row = dict[str, Any]
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

    @property
    def right(self) -> bool:
        return self.failed is None


def middle(values: Iterable[float | None]) -> float | None:
    """Give the median of those that are there."""
    there = [value for value in values if value is not None]
    return median(there) if there else None


def summarise(rows: list[Row]) -> dict[tuple[str, str], Summary]:
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
    )


def _sampling(row: Row) -> float | None:
    """Give the sampling time of the second call; that of a cold one may have compiling in it."""
    return row.get("sampling_seconds") if "again_seconds" in row else None


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


def best_peer(found: dict[tuple[str, str], Summary], case: str, measure: str) -> Summary | None:
    """Find the peer that is ahead of the others among those with the right posterior.

    More is better in `rate` and `per_gradient`, less in all others.
    """
    there = [
        summary
        for (name, library), summary in found.items()
        if name == case and library != OURS and summary.right
        if getattr(summary, measure) is not None
    ]
    chosen = max if measure in ("rate", "per_gradient") else min
    return chosen(there, key=lambda summary: getattr(summary, measure), default=None)


def ahead(found: dict[tuple[str, str], Summary], case: str, measure: str) -> float | None:
    """Say how many times better Aliquot is than the best peer; None where that is not known."""
    ours, peer = found.get((case, OURS)), best_peer(found, case, measure)
    if ours is None or peer is None or getattr(ours, measure) is None:
        return None
    if not ours.right:
        return 0.0
    ratio: float = getattr(ours, measure) / getattr(peer, measure)
    return ratio if measure in ("rate", "per_gradient") else 1.0 / ratio
