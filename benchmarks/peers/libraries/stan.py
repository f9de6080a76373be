"""Stan, by PyStan 3."""

from __future__ import annotations

import dataclasses
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.case import Case, Data, Run
from benchmarks.peers.libraries import builder

SETTINGS = (
    "PyStan 3 with its defaults: diagonal metric, 1,000 steps of warm-up and acceptance 0.8 unless "
    "the case says otherwise, one process a core. Building is compiling C++; it is cached for a "
    "second process, what was drawn is not. The sampling time is that of the whole call of "
    "`sample`, in which draws come back as text; `inside_seconds` is Stan's own, of the slowest "
    "chain."
)
CHECKS = False
PROGRAMS = Path(__file__).parent / "stan"
Given = tuple[str, dict[str, Any], dict[str, Any]]
"""A program's name, its data, and initial values of some parameters."""


def VERSION() -> str:
    from importlib.metadata import version

    return f"PyStan {version('pystan')}, httpstan {version('httpstan')}"


def _of_rows(program: str) -> Callable[[Data], Given]:
    """Make a model whose data are `y`."""
    return lambda data: (program, {"n": len(data["y"]), "y": data["y"]}, {})


def _mixture_10(data: Data) -> Given:
    return "mixture_10", {"n": len(data["y"]), **data}, {"means": data["centres"]}


def _mixture_5d(data: Data) -> Given:
    start = data["start"]
    begin = {"first": start[:, 0], "rest": start[:, 1:], "scales": np.ones((4, 5))}
    begin["factor"] = np.stack([np.eye(5)] * 4)
    return "mixture_5d", {"n": len(data["y"]), "y": data["y"].T}, begin


def _hmm_3x2000(data: Data) -> Given:
    return "hmm_3x2000", {"n": len(data["y"]), "y": data["y"]}, {"means": data["start"]}


def _dawid_skene(data: Data) -> Given:
    counts = np.zeros((data["item"].max() + 1, 5, 4))
    np.add.at(counts, (data["item"], data["annotator"], data["label"]), 1.0)
    given = {"items": len(counts), "counts": counts.reshape(len(counts), -1)}
    # From random ones a chain may end with its labels switched.
    return "dawid_skene", given, {"theta": np.stack([(1.0 + 2.0 * np.eye(4)) / 6.0] * 5)}


def _eight_schools(data: Data) -> Given:
    return "eight_schools", {"n": len(data["y"]), **data}, {}


def _hierarchical_logistic(data: Data) -> Given:
    given = {"n": len(data["y"]), **data, "group": data["group"] + 1}
    return "hierarchical_logistic", given, {}


def _gaussian_100(data: Data) -> Given:
    given = {"mean": data["mean"], "precision": np.linalg.inv(data["covariance"])}
    return "gaussian_100", given, {}


MODELS: dict[str, Callable[[Data], Given]] = {
    "classic": _of_rows("classic"),
    "low-dim-gauss-mix": _of_rows("low_dim_gauss_mix"),
    "mixture-10": _mixture_10,
    "mixture-5d": _mixture_5d,
    "hmm-example": _of_rows("hmm_example"),
    "hmm-3x2000": _hmm_3x2000,
    "dawid-skene": _dawid_skene,
    "eight-schools": _eight_schools,
    "hierarchical-logistic": _hierarchical_logistic,
    "gaussian-100": _gaussian_100,
}


def prepare(case: Case, data: Data) -> Callable[[int], Run]:
    import httpstan.cache
    import stan

    build = builder(MODELS, case.name)
    assert build is not None
    program, given, start = build(data)
    model = stan.build((PROGRAMS / f"{program}.stan").read_text(), data=given, random_seed=1)
    fits = httpstan.cache.cache_directory() / model.model_name / "fits"
    settings: dict[str, Any] = {"num_chains": case.chains, "num_samples": case.draws}
    if case.tune is not None:
        settings["num_warmup"] = case.tune
    if case.target_accept is not None:
        settings["delta"] = case.target_accept

    def sampler(seed: int) -> Run:
        # A fit with the same seed would be read from the cache instead of drawn.
        shutil.rmtree(fits, ignore_errors=True)
        seeded = dataclasses.replace(model, random_seed=seed)
        begin = {"init": [dict(start) for _ in range(case.chains)]} if start else {}
        began = time.perf_counter()
        fit = seeded.sample(**settings, **begin)
        draws = {name: _by_chain(fit[name], case) for name in case.quantities}
        seconds = time.perf_counter() - began
        return Run(
            draws=draws,
            sampling_seconds=seconds,
            gradients=int(fit["n_leapfrog__"].sum()),
            gradients_of="draws",
            extra={
                "divergences": int(fit["divergent__"].sum()),
                "inside_seconds": max(map(_elapsed, fit.stan_outputs), default=None),
            },
        )

    return sampler


def _by_chain(values: np.ndarray, case: Case) -> np.ndarray:
    """Turn (..., draws * chains) into (chain, draw, ...)."""
    values = np.asarray(values, float)
    if values.shape[0] == 1 and values.ndim == 2:  # a number has an axis as well
        values = values[0]
    values = values.reshape(*values.shape[:-1], case.draws, case.chains)
    return np.moveaxis(values, (-1, -2), (0, 1))


def _elapsed(output: bytes) -> float:
    """Read how long a chain took, by Stan's own clock, from near the end of what it wrote."""
    at = output.rfind(b" seconds (Total)")
    found = re.search(rb"[0-9.]+$", output[max(0, at - 30) : at])
    return float(found.group()) if found else float("nan")
