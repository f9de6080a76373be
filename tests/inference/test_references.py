"""Whole models against posteriors that are known: posteriordb's references, and quadrature."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from tests.inference.accuracy import assert_moments, errors
from tests.seeds import fixed

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[1] / "data"
REFERENCES = json.loads((DATA / "references.json").read_text())


def read(name: str) -> dict[str, np.ndarray]:
    values = json.loads((DATA / f"{name}.data.json").read_text())
    return {key: np.asarray(value) for key, value in values.items()}


def reference(model: str, name: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Means of a vector of parameters, and their Monte Carlo errors."""
    rows = REFERENCES[model]["parameters"]
    rows = [rows[f"{name}[{i + 1}]"] for i in range(count)] if count else rows[name]
    if not count:
        return rows["mean"], rows["mcse_mean"]
    return np.array([r["mean"] for r in rows]), np.array([r["mcse_mean"] for r in rows])


def assert_means(trace: Any, model: str, sizes: dict[str, int]) -> None:
    assert int(trace.sample_stats["diverging"].sum()) == 0
    for name, count in sizes.items():
        draws = trace.posterior[name].values
        mean, error = reference(model, name, count)
        bound = 4 * np.hypot(errors(draws)[0], error)
        assert np.all(np.abs(draws.mean((0, 1)) - mean) < bound), name


def test_eight_schools() -> None:
    data = read("eight_schools")
    with aq.Model(coords={"school": 8}):
        mu = aq.Normal("mu", 0, 5)
        tau = aq.HalfCauchy("tau", 5)
        shifts = aq.Normal("theta_trans", 0, 1, dims="school")
        theta = aq.Deterministic("theta", mu + tau * shifts, dims="school")
        aq.Normal("y", theta, data["sigma"], dims="school", observed=data["y"])
        trace = aq.sample(
            4000, tune=1000, chains=4, target_accept=0.95, random_seed=1, progressbar=False
        )
    assert_means(trace, "eight_schools", {"mu": 0, "tau": 0, "theta": 8})


def test_low_dim_gauss_mix() -> None:
    data = read("low_dim_gauss_mix")
    with aq.Model():
        mu = aq.Normal("mu", 0, 2, shape=2, transform=aq.transforms.ordered)
        sigma = aq.HalfNormal("sigma", 2, shape=2)
        theta = aq.Beta("theta", 5, 5)
        aq.NormalMixture("y", w=[theta, 1 - theta], mu=mu, sigma=sigma, observed=data["y"])
        trace = aq.sample(
            1500, tune=500, chains=4, target_accept=0.95, random_seed=1, progressbar=False
        )
    assert_means(trace, "low_dim_gauss_mix", {"mu": 2, "sigma": 2, "theta": 0})


def test_arma() -> None:
    y = read("arma11")["y"]
    with aq.Model():
        mu, phi, theta = aq.Normal("mu", 0, 10), aq.Normal("phi", 0, 2), aq.Normal("theta", 0, 2)
        sigma = aq.HalfCauchy("sigma", 2.5)
        first = mu + phi * mu

        def step(carry: Any, now: Any) -> Any:
            past, error = carry
            mean = mu + phi * past + theta * error
            return (now, now - mean), mean

        _, means = aq.scan(step, (y[0], y[0] - first), y[1:])
        aq.Normal("first", first, sigma, observed=y[0])
        aq.Normal("y", means, sigma, observed=y[1:])
        trace = aq.sample(1500, tune=500, chains=4, random_seed=1, progressbar=False)
    assert_means(trace, "arma11", {"mu": 0, "phi": 0, "theta": 0, "sigma": 0})


def classic_data() -> np.ndarray:
    rng = fixed(0)  # the moments below are those of these data
    labels = rng.integers(0, 2, 100)
    return rng.normal(np.array([-1.0, 1.0])[labels], 1.0)


def test_two_close_gaussians_in_order() -> None:
    with aq.Model():
        means = aq.Normal(
            "means", mu=0, sigma=10, shape=2, transform=aq.transforms.ordered, initval=[-1, 1]
        )
        aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=classic_data())
        trace = aq.sample(
            10_000, tune=2_000, chains=2, target_accept=0.95, random_seed=1, progressbar=False
        )
    # By quadrature.
    mean, sd = np.array([-0.88681, 1.13043]), np.array([0.18511, 0.17405])
    draws = trace.posterior["means"].values
    assert_moments(draws, mean, sd)
    z = (draws - mean) / sd
    assert_moments(z.prod(-1), 0.1376, z.prod(-1).std())
    assert int(trace.sample_stats["diverging"].sum()) == 0


def test_two_close_gaussians_without_an_order_warn() -> None:
    with aq.Model():
        means = aq.Normal("means", mu=0, sigma=10, shape=2)
        aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=classic_data())
        with pytest.warns(aq.ConvergenceWarning, match=r"R-hat|ESS|effective sample size") as given:
            # Both chains of a pair end in one mode with 1 seed in 20: four pairs in one do so with
            # fewer than 1 in a million.
            aq.sample(
                2_500, tune=2_000, chains=8, target_accept=0.95, random_seed=1, progressbar=False
            )
    assert any("means" in str(warning.message) for warning in given)
