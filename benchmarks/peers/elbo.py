"""The exact ELBO of a mean-field fit of the classic model, and the best there is.

The coordinates are (means[0], log(means[1] - means[0])). Constants of the density are left out, the
same ones everywhere, so that differences are what counts.
"""

from __future__ import annotations

import json
from functools import cache

import numpy as np

from benchmarks.peers.case import Case, Snapshot
from benchmarks.peers.cases.classic import log_density
from benchmarks.peers.judge import REFERENCES

WITHIN = 0.05
"""Nats from the best."""


def elbo(y: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> float:
    """Compute the ELBO of independent Gaussians by Gauss and Hermite's rule."""
    count = 24 if len(y) <= 1_000 else 8
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    weights = weights / weights.sum()
    points = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 2)
    flat = mean + sd * points
    means = np.stack([flat[:, 0], flat[:, 0] + np.exp(flat[:, 1])], axis=1)
    values = log_density(y, means) + flat[:, 1]  # the Jacobian
    return float(np.outer(weights, weights).ravel() @ values + np.log(sd).sum())


@cache
def best(name: str) -> float:
    """Give the committed best ELBO of a case."""
    return float(json.loads((REFERENCES / f"{name}.json").read_text())["elbo"])


def optimum(case: Case) -> dict[str, object]:
    """Find the best mean-field fit by direct optimisation."""
    from scipy.optimize import minimize

    y = case.data()["y"]
    low, high = np.quantile(y, [0.2, 0.8])
    start = np.array([low, np.log(high - low), *np.log([2.0 / np.sqrt(len(y))] * 2)])
    options = {"xatol": 1e-7, "fatol": 1e-9, "maxiter": 4_000}
    found = minimize(
        lambda at: -elbo(y, at[:2], np.exp(at[2:])), start, method="Nelder-Mead", options=options
    )
    return {
        "elbo": -float(found.fun),
        "mean": found.x[:2].tolist(),
        "sd": np.exp(found.x[2:]).tolist(),
        "source": "direct optimisation of the ELBO by quadrature",
    }


def reached(case: Case, path: list[Snapshot]) -> tuple[float | None, float]:
    """Give the time at which a fit was first within reach of the best, and how far it ended."""
    y = case.data()["y"]
    target = best(case.name)
    gaps = []
    time = None
    for seconds, mean, sd in path:
        gaps.append(target - elbo(y, np.asarray(mean), np.asarray(sd)))
        if gaps[-1] <= WITHIN:
            time = seconds
            break
    if time is not None and len(path) > len(gaps):
        _, mean, sd = path[-1]
        gaps.append(target - elbo(y, np.asarray(mean), np.asarray(sd)))
    return time, gaps[-1] if gaps else float("inf")
