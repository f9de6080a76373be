"""Variables stand in results as they were written, not in the order of the alphabet."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import arviz_stats
import numpy as np
import pytest
import xarray

import aliquot as aq

WRITTEN = ["zeta", "w", "mu", "gap", "alpha", "k", "diff", "by_k", "miss_missing"]
SAMPLED = ["zeta", "w", "mu", "gap", "alpha", "diff"]
QUIET: dict[str, Any] = {"progressbar": False, "compute_convergence_checks": False}


@pytest.fixture(scope="module")
def model() -> aq.Model:
    y = np.array([-2.0, -1.8, 1.9, 2.2, 0.1])
    with warnings.catch_warnings(), aq.Model(coords={"c": ["a", "b"]}) as model:
        warnings.simplefilter("ignore", aq.ImputationWarning)
        zeta = aq.Normal("zeta", 0, 1)
        w = aq.Dirichlet("w", np.ones(2), dims="c")
        mu = aq.Normal("mu", 0, 3, dims="c")
        aq.Deterministic("gap", mu[1] - mu[0])
        alpha = aq.HalfNormal("alpha", 1)
        k = aq.Categorical("k", w, shape=5)
        aq.Deterministic("diff", zeta - alpha)
        aq.Deterministic("by_k", mu[k])
        z, x = aq.Data("z", y), aq.Data("x", y)
        aq.Normal("y", mu[k] + 0 * x, alpha + 1, observed=y)
        aq.Normal("obs", zeta + 0 * z, 1, observed=y)
        aq.Normal("miss", alpha, 1, observed=[1.0, np.nan])
    return model


@pytest.fixture(scope="module")
def trace(model: aq.Model) -> Any:
    return aq.sample(
        20, tune=20, chains=2, random_seed=1, keep_warmup=True, keep_unconstrained=True,
        model=model, **QUIET,
    )  # fmt: skip


def names(dataset: Any) -> list[str]:
    return list(dataset.data_vars)


def test_draws(model: aq.Model, trace: Any, tmp_path: Path) -> None:
    assert names(trace.posterior) == names(trace.warmup_posterior) == SAMPLED
    assert names(trace.observed_data) == ["y", "obs", "miss"]
    assert names(trace.constant_data) == ["z", "x"]
    coordinates = ["zeta", "w_simplex__", "mu", "alpha_log__"]
    assert names(trace.unconstrained_posterior) == coordinates
    rows = arviz_stats.summary(trace).index
    assert list(dict.fromkeys(row.partition("[")[0] for row in rows)) == SAMPLED
    trace.to_netcdf(tmp_path / "trace.nc")
    with xarray.open_datatree(tmp_path / "trace.nc") as again:
        assert names(again.posterior) == SAMPLED
        recovered = aq.recover(again.load(), model, random_seed=1)
    assert names(recovered.posterior) == WRITTEN
    permuted = aq.sample(
        20, tune=20, chains=2, random_seed=1, label_switching="permute", model=model, **QUIET
    )
    assert names(permuted.posterior) == SAMPLED


def test_what_is_made_of_draws(model: aq.Model, trace: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", aq.AliquotWarning)
        trace = aq.relabel(aq.recover(trace, model, random_seed=1), model)
        trace = aq.sample_posterior_predictive(trace, model, random_seed=1)
        trace = aq.compute_log_likelihood(trace, model)
    assert names(trace.posterior) == WRITTEN
    assert names(trace.posterior_predictive) == names(trace.log_likelihood) == ["y", "obs", "miss"]


def test_the_prior_a_fit_and_the_mode(model: aq.Model) -> None:
    prior = aq.sample_prior_predictive(5, model=model, random_seed=1)
    assert names(prior.prior) == WRITTEN
    assert names(prior.prior_predictive) == ["y", "obs", "miss"]
    fitted = aq.fit(20, model=model, random_seed=1, progressbar=False, check=False)
    assert names(fitted.sample(5, random_seed=1).posterior) == SAMPLED
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", aq.ConvergenceWarning)
        assert names(aq.find_map(model=model, random_seed=1)) == SAMPLED


def test_debug_and_exact_draws(model: aq.Model) -> None:
    expected = ["zeta", "w", "mu", "alpha", "obs", "miss", "sum over k"]
    assert [row.name for row in model.debug().rows] == expected
    with aq.Model():
        q = aq.Bernoulli("q", 0.5)
        p = aq.Bernoulli("p", 0.2 + 0.3 * q)
        aq.Normal("a", p, 1, observed=1.0)
        assert names(aq.sample(5, chains=2, random_seed=1, progressbar=False).posterior) == [
            "q",
            "p",
        ]
