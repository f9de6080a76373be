"""Chains that start from an approximation: where, and with which metric."""

from __future__ import annotations

from typing import Any

import numpy as np

from aliquot.errors import ModelError, StartError
from aliquot.inference.approximation import Approximation
from aliquot.mcmc.settings import Metric
from aliquot.variational.heights import log_densities

# Starts are to be further apart than draws of the posterior, so that comparing chains says more.
TAILS = 4.0
# Points drawn for each chain, of which one with a finite log density is enough.
TRIED = 25


def refuse_other_model(approx: Approximation, density: Any, initvals: Any) -> None:
    """Refuse an approximation of another model, and start values besides it."""
    if list(approx.density.labels) != list(density.labels):
        raise ModelError(
            f"init: the approximation is of a model with the unconstrained coordinates "
            f"{_few(approx.density.labels)}; this one has {_few(density.labels)}. Give the fit of "
            "the model that is sampled"
        )
    if initvals is not None:
        raise ModelError("init: chains start at draws from the approximation: leave initvals= out")


def starts_from(approx: Approximation, density: Any, chains: int, seed: int) -> np.ndarray:
    """Give a start point (chains, d) for each chain where the log density is finite."""
    rng = np.random.default_rng([seed, 17])
    points, _ = approx.q.with_tails(TAILS).draw(TRIED * chains, rng)
    usable = points[np.isfinite(log_densities(density, points))]
    if len(usable) < chains:
        raise StartError(
            f"init: of {TRIED * chains} draws from the {approx.method} fit only {len(usable)} have "
            f"a finite log density, and {chains} chains have to start. Use init='auto'"
        )
    return usable[:chains]


def scale_from(approx: Approximation, metric: Metric) -> np.ndarray:
    """Give what the metric begins with: a lower factor (d, d), or standard deviations (d,)."""
    if metric != "adapt_full":
        return approx.std
    return np.linalg.cholesky(approx.covariance)


def _few(labels: Any) -> str:
    names = list(labels)
    return f"{', '.join(names[:5])}{', ...' if len(names) > 5 else ''} ({len(names)})"
