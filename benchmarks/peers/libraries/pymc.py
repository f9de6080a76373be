"""PyMC, with the sampler that it takes by default: nutpie's, compiled by Numba."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.peers.case import Case, Data, Run
from benchmarks.peers.libraries import builder, snapshot

SETTINGS = (
    "`pm.sample` with its defaults: nutpie's NUTS, the model compiled by Numba, one thread a core. "
    "It compiles in every call; the sampling time is the one that it reports. Its ADVI: `pm.fit` "
    "with Adam, which is faster than its default here: 10,000 iterations at a rate of 0.01, or of "
    "0.002 with n = 100,000; on the logistic regression 40,000 at 0.0005, since it stays too far "
    "away with larger steps. Its convergence checks are part of the call."
)
CHECKS = True
# PyMC's default for ADVI, Adagrad with a rate of 0.001, needs 18,000 iterations on the small case;
# Adam with this rate 2,000. Where the posterior is narrow, such large steps would not settle.
RATE = {
    "advi-classic-100": 0.01,
    "advi-classic-100000": 0.002,
    "advi-hmm-example": 0.01,
    "advi-hierarchical-logistic": 0.0005,
}
ITERATIONS = {"advi-hierarchical-logistic": 40_000}
"""Where they are not 10,000."""
LOGIT = 2.0
"""By what its coordinate of a simplex of two states is multiplied to be a logit."""
SAMPLER = "nutpie"


def VERSION() -> str:
    import pymc

    return pymc.__version__


def prepare(case: Case, data: Data) -> Callable[[int], Run]:
    return prepare_with(SAMPLER, case, data)


def prepare_with(sampler: str, case: Case, data: Data) -> Callable[[int], Run]:
    """Make a PyMC model, and what samples from it."""
    model = built(case, data)
    return _advi(case, model) if case.kind == "advi" else nuts(sampler, case, model)


def built(case: Case, data: Data) -> Any:
    """Make a case's model."""
    import pymc as pm

    from benchmarks.peers.libraries.pymc_models import MODELS

    logging.getLogger("pymc").setLevel(logging.ERROR)
    build = builder(MODELS, case.name)
    assert build is not None
    with pm.Model() as model:
        build(data)
    return model


def nuts(library: str, case: Case, model: Any) -> Callable[[int], Run]:
    import pymc as pm

    settings: dict[str, Any] = {"chains": case.chains, "progressbar": False}
    if case.tune is not None:
        settings["tune"] = case.tune
    if case.target_accept is not None:
        settings["target_accept"] = case.target_accept

    if case.from_start and library == "nutpie":
        settings["compile_kwargs"] = {"jitter_rvs": set()}
    elif case.from_start:
        settings["init"] = "adapt_diag"

    def sampler(seed: int) -> Run:
        tree = pm.sample(
            case.draws, model=model, random_seed=seed, nuts_sampler=library, **settings
        )
        return read(case, tree, tree.posterior.attrs.get("sampling_time", float("nan")))

    return sampler


def built_for_sets(y: np.ndarray) -> Any:
    """Make the model of the two Gaussians with data that can be exchanged."""
    import pymc as pm

    logging.getLogger("pymc").setLevel(logging.ERROR)
    with pm.Model() as model:
        values = pm.Data("values", y)
        order = pm.distributions.transforms.ordered
        means = pm.Normal("means", 0, 10, shape=2, transform=order, initval=[-1, 1])
        pm.NormalMixture("y", w=[0.5, 0.5], mu=means, sigma=1, observed=values)
    return model


def prepare_sets(case: Case, data: Data) -> Callable[[int, np.ndarray], np.ndarray]:
    """Exchange the data of one model by `set_data`; `pm.sample` compiles all the same."""
    import pymc as pm

    model = built_for_sets(data["y"][0])

    def draw(seed: int, y: np.ndarray) -> np.ndarray:
        pm.set_data({"values": y}, model=model)
        tree = pm.sample(
            case.draws, model=model, chains=case.chains, random_seed=seed, progressbar=False
        )
        return np.asarray(tree.posterior["means"])

    return draw


def read(case: Case, tree: Any, seconds: float) -> Run:
    """Take what is compared from a DataTree of PyMC's or nutpie's."""
    names = {"n_steps", "tree_size"}

    def steps(group: str) -> int | None:
        if group not in tree.children:
            return None
        found = sorted(names & set(tree[group].data_vars))
        return int(tree[group][found[0]].sum()) if found else None

    drawn, warm = steps("sample_stats"), steps("warmup_sample_stats")
    diverging = tree.sample_stats["diverging"].sum()
    return Run(
        draws={name: np.asarray(tree.posterior[name], float) for name in case.quantities},
        sampling_seconds=float(seconds),
        gradients=drawn if warm is None or drawn is None else drawn + warm,
        gradients_of="draws" if warm is None else "warm-up and draws",
        extra={"gradients_of_draws": drawn, "divergences": int(diverging)},
    )


def _advi(case: Case, model: Any) -> Callable[[int], Run]:
    import pymc as pm

    def sampler(seed: int) -> Run:
        began = time.perf_counter()
        path: list[Any] = []

        def look(approx: Any, losses: Any, i: int) -> None:
            if i % 250 == 0:
                seconds = time.perf_counter() - began
                at = {value.name: value.get_value() for value in approx.params}
                sd = np.log1p(np.exp(at["rho"]))
                path.append(snapshot(case, seconds, at["mu"], sd, LOGIT))

        approx = pm.fit(
            ITERATIONS.get(case.name, 10_000),
            method="advi",
            model=model,
            random_seed=seed,
            progressbar=False,
            callbacks=[look],
            obj_optimizer=pm.adam(learning_rate=RATE[case.name]),
        )
        seconds = time.perf_counter() - began
        drawn = approx.sample(case.draws, random_seed=seed).posterior
        return Run(
            draws={name: np.asarray(drawn[name], float) for name in case.quantities},
            sampling_seconds=seconds,
            gradients=len(approx.hist),
            extra={"path": path},
        )

    return sampler
