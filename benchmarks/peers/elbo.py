"""How far mean-field fits are from the best one, by the exact ELBO of each case."""

from __future__ import annotations

import json
from functools import cache

import numpy as np

from benchmarks.peers.case import Case, Snapshot
from benchmarks.peers.judge import REFERENCES

WITHIN = 0.05
"""Nats from the best."""


@cache
def best(name: str) -> float:
    """Give the committed best ELBO of a case."""
    return float(json.loads((REFERENCES / f"{name}.json").read_text())["elbo"])


def optimum(case: Case) -> dict[str, object]:
    """Find the best mean-field fit by direct optimisation, and see that it is one."""
    from scipy.optimize import minimize

    elbo, start = case.elbo, case.elbo_start
    assert elbo is not None and start is not None
    data = case.data()
    centre, scale = start(data)

    def fit(at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        shift, log_scale = np.split(at, 2)
        return centre + scale * shift, scale * np.exp(log_scale)

    def loss(at: np.ndarray) -> float:
        return -elbo(data, *fit(at))

    def gradient(at: np.ndarray) -> np.ndarray:
        steps = 1e-4 * np.eye(len(at))
        return np.array([(loss(at + step) - loss(at - step)) / 2e-4 for step in steps])

    options = {"gtol": 1e-5, "ftol": 1e-14, "maxiter": 2_000}
    found = minimize(
        loss, np.zeros(2 * len(centre)), jac=gradient, method="L-BFGS-B", options=options
    )
    rng = np.random.default_rng(1)
    around = 0.02 * rng.normal(size=(50, len(found.x)))
    if min(loss(found.x + step) for step in around) <= found.fun:
        raise RuntimeError(f"{case.name}: no maximum of the ELBO: {found.message}")
    mean, sd = fit(found.x)
    return {
        "elbo": -float(found.fun),
        "mean": mean.tolist(),
        "sd": sd.tolist(),
        "source": "direct optimisation of the ELBO by quadrature",
    }


def reached(case: Case, path: list[Snapshot]) -> tuple[float | None, float]:
    """Give the time at which a fit was first within reach of the best, and how far it ended."""
    elbo, data = case.elbo, case.data()
    assert elbo is not None
    target = best(case.name)

    def gap(at: Snapshot) -> float:
        return target - elbo(data, np.asarray(at[1]), np.asarray(at[2]))

    time = next((at[0] for at in path if gap(at) <= WITHIN), None)
    return time, gap(path[-1]) if path else float("inf")
