"""All cases by name."""

from __future__ import annotations

from benchmarks.peers.case import Case
from benchmarks.peers.cases import (
    chains,
    classic,
    continuous,
    counts,
    mixtures,
    sequences,
    sets,
    sticks,
)

CASES: dict[str, Case] = {
    case.name: case
    for case in (
        *classic.CASES,
        *mixtures.CASES,
        *chains.CASES,
        *continuous.CASES,
        *counts.CASES,
        *sequences.CASES,
        *sticks.CASES,
        *sets.CASES,
        *classic.ADVI,
        *chains.ADVI,
        *continuous.ADVI,
    )
}

__all__ = ["CASES"]
