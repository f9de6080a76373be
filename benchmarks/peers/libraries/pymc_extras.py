"""pymc-extras: deterministic ADVI on the PyMC models."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.peers.case import Case, Data, Run
from benchmarks.peers.libraries import snapshot
from benchmarks.peers.libraries.pymc import LOGIT, built

FIXED_DRAWS = {
    "advi-classic-100": 300,
    "advi-classic-100000": 300,
    "advi-hmm-example": 300,
    "advi-hierarchical-logistic": 1_500,
}
SETTINGS = (
    "`fit_dadvi` with its defaults, but 300 fixed draws, since with 100 it ends too far away for "
    "some seeds; on the logistic regression 1,500, since 300 are too few there. It compiles in "
    'every call; "once compiled" is the time of its optimisation alone.'
)
CHECKS = True


def VERSION() -> str:
    from importlib.metadata import version

    return version("pymc-extras")


def prepare(case: Case, data: Data) -> Callable[[int], Run]:
    from pymc_extras.inference import fit_dadvi
    from pymc_extras.inference.dadvi import dadvi as inside

    model = built(case, data)
    minimize = inside.minimize

    def sampler(seed: int) -> Run:
        called = time.perf_counter()
        points: list[tuple[float, np.ndarray]] = []
        began = ended = called

        def timed(f: Callable[..., Any], x0: np.ndarray, **settings: Any) -> Any:
            """Minimise, and note when each point had been evaluated."""
            nonlocal began, ended

            def noted(x: np.ndarray, *args: Any) -> Any:
                value = f(x, *args)
                points.append((time.perf_counter(), np.array(x)))
                return value

            # What is compiled when it is first called counts as compiling, too.
            f(x0)
            if settings.get("hessp") is not None:
                settings["hessp"](x0, x0)
            began = time.perf_counter()
            result = minimize(f=noted, x0=x0, **settings)
            ended = time.perf_counter()
            return result

        inside.minimize = timed
        try:
            tree = fit_dadvi(
                model,
                n_fixed_draws=FIXED_DRAWS[case.name],
                n_draws=case.draws,
                random_seed=seed,
                progressbar=False,
            )
        finally:
            inside.minimize = minimize
        path = []
        for at, point in points:
            mean, log_sd = np.split(point, 2)
            path.append(snapshot(case, at - called, mean, np.exp(log_sd), LOGIT))
        return Run(
            draws={name: np.asarray(tree.posterior[name], float) for name in case.quantities},
            sampling_seconds=ended - began,
            gradients=FIXED_DRAWS[case.name] * len(points),
            extra={"path": path, "compiling_seconds": began - called},
        )

    return sampler
