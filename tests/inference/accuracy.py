"""Comparing draws with exact moments, by their own Monte Carlo errors."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats


def errors(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Monte Carlo standard errors of mean and sd, for draws (chain, draw, *shape)."""
    import arviz_stats as azs
    import xarray

    names = [f"dim_{i}" for i in range(draws.ndim - 2)]
    array = xarray.Dataset({"x": (("chain", "draw", *names), draws)})
    return tuple(np.asarray(azs.mcse(array, method=kind)["x"]) for kind in ("mean", "sd"))


# The chance that a comparison of moments fails where nothing is wrong, all elements together.
FAILURE = 1e-5


def assert_moments(draws: Any, mean: Any, sd: Any, *, times: float | None = None) -> None:
    """Mean and sd are within so many Monte Carlo standard errors of what they should be.

    By default as many as leave the chance of a false alarm at `FAILURE`.
    """
    draws = np.asarray(draws)
    if times is None:
        times = float(stats.norm.isf(FAILURE / (4 * max(np.prod(draws.shape[2:], dtype=int), 1))))
    mean_error, sd_error = errors(draws)
    found = draws.mean((0, 1)), draws.std((0, 1))
    assert np.all(np.abs(found[0] - mean) < times * mean_error), (found[0], mean, mean_error)
    assert np.all(np.abs(found[1] - sd) < times * sd_error), (found[1], sd, sd_error)
