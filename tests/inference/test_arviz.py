"""Results run through ArviZ's functions unchanged."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from tests.inference import models

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trace() -> Any:
    model = models.regression()
    trace = aq.sample(500, tune=500, chains=2, random_seed=1, progressbar=False, model=model)
    trace = aq.sample_posterior_predictive(trace, model=model, random_seed=1)
    return aq.compute_log_likelihood(trace, model=model)


def test_statistics(trace: Any) -> None:
    import arviz as az

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # five observations: one of them weighs much
        loo = az.loo(trace)
    assert loo.n_data_points == 5
    assert np.isfinite(loo.elpd)
    summary = az.summary(trace)
    assert list(summary.index[:2]) == ["beta[intercept]", "beta[slope]"]
    assert (summary["r_hat"].astype(float) < 1.05).all()
    assert az.diagnose(trace) is not None


@pytest.mark.parametrize(
    "plot",
    ["plot_trace_dist", "plot_autocorr", "plot_pair", "plot_ppc_dist", "plot_dist", "plot_rank"],
)
def test_plots(trace: Any, plot: str) -> None:
    import arviz as az

    options = {} if plot == "plot_ppc_dist" else {"var_names": ["beta"]}
    collection = getattr(az, plot)(trace, **options)
    assert collection.viz["figure"].item().axes


def test_an_approximation_is_a_tree_too() -> None:
    import arviz as az

    approx = aq.fit(
        3_000, model=models.regression(), random_seed=1, progressbar=False, check=False
    ).sample(500, random_seed=1)
    assert "beta[slope]" in az.summary(approx, kind="stats").index


def test_a_result_survives_netcdf(trace: Any, tmp_path: Any) -> None:
    import xarray

    path = tmp_path / "trace.nc"
    trace.to_netcdf(path, engine="h5netcdf")
    with xarray.open_datatree(path, engine="h5netcdf") as read:
        np.testing.assert_array_equal(read.posterior["beta"], trace.posterior["beta"])
        assert read.attrs["random_seed"] == 1
        assert read.posterior["term"].values.tolist() == ["intercept", "slope"]
