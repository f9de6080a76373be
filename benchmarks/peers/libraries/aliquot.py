"""Aliquot: as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.peers.case import Case, Data, Run
from benchmarks.peers.libraries import builder, snapshot

SETTINGS = (
    "As it comes: `aq.sample` with its defaults, one thread a core. "
    "Its convergence checks are part of the call."
)
CHECKS = True
LOGIT = 2.0**0.5
"""By what its coordinate of a simplex of two states is multiplied to be a logit."""


def VERSION() -> str:
    import importlib.metadata

    return importlib.metadata.version("aliquot")


def prepare(case: Case, data: Data) -> Callable[[int], Run]:
    model = built(case, data)
    return _advi(case, model) if case.kind == "advi" else _nuts(case, model)


def built(case: Case, data: Data) -> Any:
    """Make a case's model."""
    import aliquot as aq
    from benchmarks.peers.libraries.aliquot_models import MODELS

    build = builder(MODELS, case.name)
    assert build is not None
    with aq.Model() as model:
        build(data)
    return model


def _nuts(case: Case, model: Any) -> Callable[[int], Run]:
    import aliquot as aq

    settings: dict[str, Any] = {"chains": case.chains, "progressbar": False}
    if case.tune is not None:
        settings["tune"] = case.tune
    if case.target_accept is not None:
        settings["target_accept"] = case.target_accept
    if case.from_start:
        settings["init"] = "adapt_full"  # as by default, without jitter
    calls = 0

    def sampler(seed: int) -> Run:
        nonlocal calls
        calls += 1
        # From the second call on the warm-up is kept, to count its steps; a first one is timed as
        # users make it.
        tree = aq.sample(
            case.draws, model=model, random_seed=seed, keep_warmup=calls > 1, **settings
        )
        groups = ["sample_stats", "warmup_sample_stats"][: 2 if calls > 1 else 1]
        return Run(
            draws={name: np.asarray(tree.posterior[name]) for name in case.quantities},
            sampling_seconds=tree.attrs["sampling_time"],
            gradients=int(sum(int(tree[group]["n_steps"].sum()) for group in groups)),
            gradients_of="warm-up and draws" if calls > 1 else "draws",
            extra={
                "gradients_of_draws": int(tree.sample_stats["n_steps"].sum()),
                "divergences": int(tree.sample_stats["diverging"].sum()),
                "compile_seconds": tree.attrs["compile_time"],
            },
        )

    return sampler


def _advi(case: Case, model: Any) -> Callable[[int], Run]:
    import aliquot as aq

    def sampler(seed: int) -> Run:
        began = time.perf_counter()
        path: list[Any] = []

        def look(approx: Any, hist: np.ndarray, i: int) -> None:
            seconds = time.perf_counter() - began
            path.append(snapshot(case, seconds, approx.mean, approx.std, LOGIT))

        approx = aq.ADVI(model=model, random_seed=seed).fit(
            progressbar=False, callbacks=[look], every=250
        )
        seconds = time.perf_counter() - began
        drawn = approx.sample(case.draws, random_seed=seed).posterior
        return Run(
            draws={name: np.asarray(drawn[name]) for name in case.quantities},
            sampling_seconds=seconds,
            gradients=len(approx.hist),
            extra={"path": path},
        )

    return sampler
