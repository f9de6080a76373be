"""Priors with much of their mass nearer to a bound than numbers can say, and what is exact."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

import aliquot as aq


def model() -> aq.Model:
    """Write a model of independent priors that go to their bounds."""
    with aq.Model() as written:
        aq.Beta("both", 0.03, 0.03)
        aq.Beta("further", 0.01, 0.01)
        aq.Beta("one", 1.0, 0.01)
        aq.Beta("zero", 0.02, 1.0)
        aq.Dirichlet("shares", np.full(3, 0.01))
        aq.Dirichlet("two", [0.03, 0.03])
        aq.Beta("pair", 0.02, 0.02, shape=2, transform=aq.transforms.ordered)
    return written


def events(draws: Any) -> dict[str, tuple[Any, float]]:
    """Say where events happen in draws, each with its exact probability."""
    least = stats.beta(0.02, 0.02)
    return {
        "both": (draws["both"] < 0.5, 0.5),
        "further": (draws["further"] < 0.999, stats.beta.cdf(0.999, 0.01, 0.01)),
        "one": (draws["one"] < 0.999, stats.beta.cdf(0.999, 1.0, 0.01)),
        "zero": (draws["zero"] < 1e-30, 1e-30**0.02),
        "shares": (draws["shares"][..., 0] < 0.5, stats.beta.cdf(0.5, 0.01, 0.02)),
        "two": (draws["two"][..., 0] < 1e-5, stats.beta.cdf(1e-5, 0.03, 0.03)),
        "pair, both low": (draws["pair"][..., 1] < 0.5, 0.25),
        "pair, first at 1e-12": (draws["pair"][..., 0] < 1e-12, 1 - least.sf(1e-12) ** 2),
        "pair, second at 1e-12": (draws["pair"][..., 1] < 1e-12, least.cdf(1e-12) ** 2),
    }


def deviations(draws: Any) -> dict[str, float]:
    """Compute how many Monte Carlo errors the shares of draws are from the probabilities."""
    import arviz_stats as azs
    import xarray

    result = {}
    for name, (happened, probability) in events(draws).items():
        array = xarray.Dataset({"x": (("chain", "draw"), happened.astype(float))})
        size = float(azs.ess(array, method="mean")["x"])
        error = np.sqrt(probability * (1 - probability) / size)
        result[name] = float((happened.mean() - probability) / error)
    return result
