"""Aliquot: as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.peers.case import Case, Data, Run
from benchmarks.peers.libraries import builder, snapshot

SETTINGS = (
    "As it comes: `aq.sample` with its defaults, one thread a core. The sampling time is all that "
    "the call takes to its draws: symmetries, exploring, warm-up and the tree; not its convergence "
    "checks, since the others' sampling times have none."
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

    def draw(seed: int, **more: Any) -> Any:
        return aq.sample(case.draws, model=model, random_seed=seed, **settings, **more)

    def sampler(seed: int) -> Run:
        tree = draw(seed)
        steps = int(tree.sample_stats["n_steps"].sum())
        # An independence step evaluates the density once, and no gradient.
        steps += int(tree.sample_stats.get("independence", np.zeros(1)).sum())

        def count() -> dict[str, Any]:
            """Draw once more by NUTS alone, to time all of its steps."""
            again = draw(seed, moves="nuts", keep_warmup=True, compute_convergence_checks=False)
            groups = again.sample_stats, again.warmup_sample_stats
            return {
                "gradients": sum(int(stats["n_steps"].sum()) for stats in groups),
                "gradients_of": "warm-up and draws",
                "chain_seconds": again.attrs["sampling_time"],
            }

        return Run(
            draws={name: np.asarray(tree.posterior[name]) for name in case.quantities},
            sampling_seconds=tree.attrs["total_time"],
            gradients=steps,
            gradients_of="draws",
            count=count,
            extra={
                "gradients_of_draws": steps,
                "divergences": int(tree.sample_stats["diverging"].sum()),
                "compile_seconds": tree.attrs["compile_time"],
            },
        )

    return sampler


def prepare_sets(case: Case, data: Data) -> Callable[[int, np.ndarray], np.ndarray]:
    """Exchange the data of one model by `set_data`."""
    import aliquot as aq

    with aq.Model() as model:
        values = aq.Data("values", data["y"][0])
        means = aq.Normal("means", 0, 10, shape=2, transform=aq.transforms.ordered)
        aq.NormalMixture("y", w=[0.5, 0.5], mu=means, sigma=1, observed=values)

    def draw(seed: int, y: np.ndarray) -> np.ndarray:
        model.set_data({"values": y})
        tree = aq.sample(
            case.draws, model=model, chains=case.chains, random_seed=seed, progressbar=False
        )
        return np.asarray(tree.posterior["means"])

    return draw


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
