"""Aliquot's fits in the place of a posterior: no chains, draws corrected by importance."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from benchmarks.peers.case import Case, Data, Run
from benchmarks.peers.libraries.aliquot import VERSION, built

__all__ = ["CHECKS", "SETTINGS", "VERSION", "prepare"]

SETTINGS = (
    '`aq.fit(method="laplace", restarts=0, check=False)`: one start, as in the samplers, then '
    "`sample(3_000, corrected=True)`, which checks itself; its time is that of both."
)
CHECKS = True
DRAWS = 3_000


def prepare(case: Case, data: Data) -> Callable[[int], Run]:
    import aliquot as aq

    model = built(case, data)

    def sampler(seed: int) -> Run:
        began = time.perf_counter()
        approx = aq.fit(
            method="laplace",
            model=model,
            restarts=0,
            check=False,
            random_seed=seed,
            progressbar=False,
        )
        fitted = time.perf_counter() - began
        tree = approx.sample(DRAWS, corrected=True, random_seed=seed)
        draws = {name: np.asarray(tree.posterior[name]) for name in case.quantities}
        seconds = time.perf_counter() - began
        return Run(
            draws=draws,
            sampling_seconds=seconds,
            extra={
                "fit_seconds": fitted,
                "pareto_k": tree.attrs["pareto_k"],
                "importance_ess": tree.attrs["importance_ess"],
            },
        )

    return sampler
