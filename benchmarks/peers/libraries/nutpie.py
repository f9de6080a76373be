"""nutpie on the PyMC models: compiled once, sampled from as often as one likes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.peers.case import Case, Data, Run
from benchmarks.peers.libraries import builder
from benchmarks.peers.libraries.pymc import read

SETTINGS = (
    "The PyMC models by `nutpie.compile_pymc_model` with its default backend, Numba, and "
    "`nutpie.sample` with its defaults, one thread a core. Compiled once; the sampling time is "
    "that of the whole call of `nutpie.sample`."
)
CHECKS = False


def VERSION() -> str:
    import nutpie

    return nutpie.__version__


def prepare(case: Case, data: Data) -> Callable[[int], Run]:
    import nutpie
    import pymc as pm

    from benchmarks.peers.libraries.pymc_models import MODELS

    build = builder(MODELS, case.name)
    assert build is not None
    with pm.Model() as model:
        build(data)
    jitter: dict[str, Any] = {"jitter_rvs": set()} if case.from_start else {}
    compiled = nutpie.compile_pymc_model(model, **jitter)
    settings: dict[str, Any] = {"chains": case.chains, "progress_bar": False}
    if case.tune is not None:
        settings["tune"] = case.tune
    if case.target_accept is not None:
        settings["target_accept"] = case.target_accept

    def sampler(seed: int) -> Run:
        began = time.perf_counter()
        tree = nutpie.sample(compiled, draws=case.draws, seed=seed, **settings)
        return read(case, tree, time.perf_counter() - began)

    return sampler


def prepare_sets(case: Case, data: Data) -> Callable[[int, np.ndarray], np.ndarray]:
    """Exchange the data of a compiled model by `with_data`."""
    import nutpie

    from benchmarks.peers.libraries.pymc import built_for_sets

    compiled = nutpie.compile_pymc_model(built_for_sets(data["y"][0]))

    def draw(seed: int, y: np.ndarray) -> np.ndarray:
        tree = nutpie.sample(
            compiled.with_data(values=y),
            draws=case.draws,
            chains=case.chains,
            seed=seed,
            progress_bar=False,
        )
        return np.asarray(tree.posterior["means"])

    return draw
