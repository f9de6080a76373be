"""All cases by name."""

from __future__ import annotations

from benchmarks.peers.case import Case
from benchmarks.peers.cases import chains, classic, continuous, mixtures

CASES: dict[str, Case] = {
    case.name: case
    for case in (
        *classic.CASES,
        *mixtures.CASES,
        *chains.CASES,
        *continuous.CASES,
        *classic.ADVI,
        *chains.ADVI,
        *continuous.ADVI,
    )
}

__all__ = ["CASES"]
