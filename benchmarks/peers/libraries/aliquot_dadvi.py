"""Aliquot's deterministic ADVI."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from benchmarks.peers.case import Case, Data, Run
from benchmarks.peers.libraries import snapshot
from benchmarks.peers.libraries.aliquot import LOGIT, VERSION, built

__all__ = ["CHECKS", "SETTINGS", "VERSION", "prepare"]

SETTINGS = (
    '`aq.fit(method="dadvi", check=False, restarts=0)`: from one start, as the others. It is the '
    "mean-field Gaussian that is looked at, once, at the end: its time is that of the whole call, "
    "with the covariance by linear response that is part of it."
)
CHECKS = True


def prepare(case: Case, data: Data) -> Callable[[int], Run]:
    import aliquot as aq

    model = built(case, data)

    def sampler(seed: int) -> Run:
        began = time.perf_counter()
        approx = aq.fit(
            method="dadvi",
            model=model,
            random_seed=seed,
            progressbar=False,
            check=False,
            restarts=0,
        )
        seconds = time.perf_counter() - began
        found = approx.mean_field
        assert found is not None
        drawn = approx.sample(case.draws, covariance="mean_field", random_seed=seed).posterior
        return Run(
            draws={name: np.asarray(drawn[name]) for name in case.quantities},
            sampling_seconds=seconds,
            extra={"path": [snapshot(case, seconds, found.mean, found.std, LOGIT)]},
        )

    return sampler
