"""PyMC with its own NUTS."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.peers.case import Case, Data, Run
from benchmarks.peers.libraries.pymc import VERSION, prepare_with

__all__ = ["CHECKS", "SETTINGS", "VERSION", "prepare"]

SETTINGS = (
    '`pm.sample(nuts_sampler="pymc")`, otherwise its defaults: one process a core. It compiles in '
    "every call; the sampling time is the one that it reports."
)
CHECKS = True


def prepare(case: Case, data: Data) -> Callable[[int], Run]:
    return prepare_with("pymc", case, data)
