"""Aliquot's deterministic ADVI."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks.peers.case import Case, Data, Run, Snapshot
from benchmarks.peers.libraries import snapshot
from benchmarks.peers.libraries.aliquot import LOGIT, VERSION, built

__all__ = ["CHECKS", "SETTINGS", "VERSION", "prepare"]

SETTINGS = (
    '`aq.fit(method="dadvi", check=False, restarts=0)`: from one start, as the others. The '
    "mean-field Gaussian is looked at where climbs over few draws begin and end, after each step "
    "over many, and at the end of the call, which the covariance by linear response is part of."
)
CHECKS = True


@contextmanager
def watched(saw: Callable[[np.ndarray], None]) -> Iterator[None]:
    """Tell of the parameters that a fit has come to, (means, logs of standard deviations)."""
    from aliquot.variational.fixed_draws.few_draws import FewDraws
    from aliquot.variational.fixed_draws.many_draws import ManyDraws

    climbed, higher = FewDraws.climbed, ManyDraws._higher

    def few(self: Any, params: np.ndarray, noise: np.ndarray) -> Any:
        saw(params)
        climb = climbed(self, params, noise)
        saw(climb.position)
        return climb

    def many(self: Any, *args: Any) -> Any:
        place = higher(self, *args)
        if place is not None:
            saw(place.params)
        return place

    FewDraws.climbed, ManyDraws._higher = few, many  # type: ignore[method-assign]
    try:
        yield
    finally:
        FewDraws.climbed, ManyDraws._higher = climbed, higher  # type: ignore[method-assign]


def prepare(case: Case, data: Data) -> Callable[[int], Run]:
    import aliquot as aq

    model = built(case, data)

    def sampler(seed: int) -> Run:
        began = time.perf_counter()
        path: list[Snapshot] = []

        def saw(params: np.ndarray) -> None:
            seconds = time.perf_counter() - began
            mean, log_sd = np.split(params, 2)
            path.append(snapshot(case, seconds, mean, np.exp(log_sd), LOGIT))

        with watched(saw):
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
            extra={"path": [*path, snapshot(case, seconds, found.mean, found.std, LOGIT)]},
        )

    return sampler
