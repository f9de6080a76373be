"""Intervals that hold what they promise, over many data sets; and leave-one-out against the exact.

Each data set is drawn from the prior that the model has, so that the rank of a true value among
posterior draws is uniform: Cook, Gelman and Rubin (2006); Talts et al. (2018), arXiv:1804.06788.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

import aliquot as aq

pytestmark = pytest.mark.slow

QUIET: dict[str, Any] = {"progressbar": False, "compute_convergence_checks": False}
FAILURE = 1e-5  # of each comparison
# More are in `make verify`.
SETS = 60


def test_ranks_of_true_values_and_of_new_observations() -> None:
    """All data sets stand side by side in one model, so that it is compiled once."""
    rng = np.random.default_rng(11)
    truth = {
        "mu": rng.normal(size=SETS),
        "tau": rng.lognormal(-0.5, 0.5, SETS),
        "sigma": rng.gamma(6, 1 / 6, SETS),
    }
    levels = rng.normal(truth["mu"][:, None], truth["tau"][:, None], (SETS, 3))
    y, new = rng.normal(levels[..., None], truth["sigma"][:, None, None], (2, SETS, 3, 2))
    with aq.Model():
        mu = aq.Normal("mu", 0, 1, shape=SETS)
        tau = aq.LogNormal("tau", -0.5, 0.5, shape=SETS)
        level = aq.Normal("level", mu[:, None], tau[:, None], shape=(SETS, 3))
        sigma = aq.Gamma("sigma", 6.0, 6.0, shape=SETS)
        aq.Normal("obs", level[:, :, None], sigma[:, None, None], shape=y.shape, observed=y)
        trace = aq.sample(1000, tune=500, chains=2, target_accept=0.95, random_seed=1, **QUIET)
        trace = aq.sample_posterior_predictive(trace, random_seed=1)
    draws = {name: trace.posterior[name].values for name in truth}
    draws["level"] = trace.posterior["level"].values[..., 0]
    draws["new"] = trace.posterior_predictive["obs"].values[..., 0, 0]
    truth |= {"level": levels[:, 0], "new": new[:, 0, 0]}
    for name, values in truth.items():
        ranks = (draws[name] < values).mean((0, 1))
        assert stats.kstest(ranks, "uniform").pvalue > FAILURE, name
        inside = int(np.sum((ranks > 0.1) & (ranks < 0.9)))
        assert stats.binomtest(inside, SETS, 0.8).pvalue > FAILURE, name


def test_leave_one_out_is_that_of_a_conjugate_model() -> None:
    import arviz as az

    y = np.random.default_rng(3).normal(1.0, 1.0, 20)
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 2)
        aq.Normal("obs", mu, 1.0, observed=y)
    trace = aq.sample(2000, tune=500, chains=4, random_seed=1, model=model, **QUIET)
    loo = az.loo(aq.compute_log_likelihood(trace, model=model), pointwise=True)
    precision = 0.25 + 19
    exact = [
        stats.norm((y.sum() - value) / precision, np.sqrt(1 + 1 / precision)).logpdf(value)
        for value in y
    ]
    # Each term has a Monte Carlo error of sd(log likelihood) / sqrt(ESS), and there are at least
    # 1,500 effective draws.
    errors = np.abs(y - y.mean()) / np.sqrt(20) / np.sqrt(1_500)
    assert (np.abs(loo.elpd_i - exact) < 0.005 + 5 * errors).all()
    assert float(loo.elpd) == pytest.approx(sum(exact), abs=0.1)


def test_two_thousand_parameters() -> None:
    d = 2000
    rng = np.random.default_rng(0)
    sigma, y = np.exp(rng.normal(size=d)), rng.normal(size=d)
    with aq.Model() as model:
        x = aq.Normal("x", 0, sigma, shape=d)
        aq.Normal("y", x, 1.0, observed=y)
    draws = aq.sample(500, tune=500, chains=2, random_seed=1, model=model, **QUIET).posterior["x"]
    variance = 1 / (1 + 1 / sigma**2)
    z = (draws.values - variance * y) / np.sqrt(variance)
    # Independent coordinates: averages over all of them are known two thousand times as well as
    # one. Draws of a chain depend on each other; 100 effective ones are far below what there are.
    assert abs(z.mean()) < 5 / np.sqrt(d * 100)
    assert abs((z**2).mean() - 1) < 5 * np.sqrt(2 / (d * 100))
    assert stats.kstest(z[:, -1].ravel(), "norm").pvalue > FAILURE
