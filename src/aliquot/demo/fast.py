"""The ordered model once more, by a deterministic fit whose draws are corrected."""

from __future__ import annotations

import time
from dataclasses import dataclass

import aliquot as aq
from aliquot.demo.settings import Settings
from aliquot.demo.summary import Drawn, summarise
from aliquot.variational import Estimate

REPEATS = 5
# In the order in which they are tried: what is cheap first.
METHODS = ("laplace", "fullrank", "pathfinder")


@dataclass(frozen=True)
class Corrected(Drawn):
    """Draws of a fit, corrected by importance; `seconds` is the first time."""

    method: str  # as `aq.fit` takes it
    milliseconds: float  # fit and draws, once everything is compiled: the quickest of some times
    pareto_k: float  # of the corrected draws
    effective: float  # how many independent draws they were chosen from
    evidence: Estimate  # its logarithm, in nats, by the same weights


def corrected(model: aq.Model, settings: Settings) -> Corrected | None:
    """Fit a model and correct the draws, some times, to see how long it takes.

    By the first of some methods whose draws can be corrected; ``None`` where those of none can be.

    >>> from aliquot.demo.analysis import build_model
    >>> settings = Settings(draws=200)
    >>> found = corrected(build_model(settings.simulate()[0], ordered=True), settings)
    >>> found.draws.shape, found.pareto_k < 0.7
    ((1, 200, 2), True)
    """
    for method in METHODS:
        try:
            return _timed(model, settings, method)
        except aq.FitError:
            continue
    return None


def _timed(model: aq.Model, settings: Settings, method: str) -> Corrected:
    times = []
    for _ in range(1 + REPEATS):
        began = time.perf_counter()
        # The draws are checked when they are corrected.
        approx = aq.fit(
            method=method,
            model=model,
            random_seed=settings.seed,
            progressbar=False,
            check=False,
        )
        tree = approx.sample(settings.draws, corrected=True, random_seed=settings.seed)
        times.append(time.perf_counter() - began)
    return Corrected(
        key="corrected",
        tree=tree,
        summary=summarise(tree),
        warnings=(),
        seconds=times[0],
        method=method,
        milliseconds=1e3 * min(times[1:]),
        pareto_k=float(tree.attrs["pareto_k"]),
        effective=float(tree.attrs["importance_ess"]),
        evidence=Estimate(
            float(tree.attrs["log_evidence"]), float(tree.attrs["log_evidence_error"])
        ),
    )
