"""Predictions and leave-one-out of models whose hidden labels were summed out."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

import aliquot as aq
from aliquot.errors import AliquotWarning
from aliquot.results import build_tree
from tests.inference.discrete_models import (
    WEIGHTS,
    Y,
    labelled,
    labelled_trace,
    mixture,
    responsibilities,
)

# Far apart and narrow: a prediction says which label it was made with.
APART = np.array([-50.0, 50.0])
SHARE = 0.3


def apart(y: Any = (-50.5, 49.0, 51.0, -49.0)) -> aq.Model:
    with aq.Model() as model:
        x = aq.Data("x", np.zeros(4), dims="row")
        means = aq.Normal("means", APART, 1)
        z = aq.Categorical("z", p=[1 - SHARE, SHARE], dims="row")
        aq.Normal("obs", means[z] + x, 1, observed=y)
    return model


def apart_trace(draws: int = 400) -> Any:
    return build_tree(posterior={"means": np.broadcast_to(APART, (1, draws, 2))})


def test_rows_keep_the_labels_that_came_back() -> None:
    model = apart()
    tree = aq.recover(apart_trace(), model, random_seed=1)
    assert np.all(tree.posterior["z"] == [0, 1, 1, 0])
    predicted = aq.sample_posterior_predictive(tree, model=model, random_seed=2)
    assert np.all((predicted.posterior_predictive["obs"] > 0) == [False, True, True, False])


def test_predictions_go_with_the_labels_draw_by_draw() -> None:
    """A row between the components is in either, and its prediction goes with it."""
    model = apart(y=np.zeros(4))
    tree = aq.recover(apart_trace(), model, random_seed=1)
    z = tree.posterior["z"].values
    assert 0 < z.mean() < 1
    predicted = aq.sample_posterior_predictive(tree, model=model, random_seed=2)
    np.testing.assert_array_equal(predicted.posterior_predictive["obs"] > 0, z == 1)


def test_without_recovering_every_row_gets_a_fresh_label() -> None:
    """From the prior given the draw: there is nothing to advise, no row shares its label."""
    model = apart()
    with warnings.catch_warnings():
        warnings.simplefilter("error", AliquotWarning)
        predicted = aq.sample_posterior_predictive(apart_trace(2000), model=model, random_seed=2)
    high = (predicted.posterior_predictive["obs"].values > 0).reshape(-1, 4)
    for row in range(4):
        assert stats.binomtest(int(high[:, row].sum()), 2000, SHARE).pvalue > 1e-6


def test_new_rows_get_fresh_labels() -> None:
    model = apart()
    tree = aq.recover(apart_trace(1000), model, random_seed=1)
    model.set_data({"x": np.array([0.0, 200.0, 0.0, 0.0, 200.0, 0.0])})
    predicted = aq.sample_posterior_predictive(
        tree, model=model, random_seed=2, predictions=True
    ).predictions["obs"]
    assert predicted.shape == (1, 1000, 6)
    high = (predicted.values[0] - np.array([0, 200, 0, 0, 200, 0])) > 0
    for row in range(6):
        assert stats.binomtest(int(high[:, row].sum()), 1000, SHARE).pvalue > 1e-6


def test_advice_where_observations_share_a_label() -> None:
    group = np.array([0, 0, 1, 1, 1])
    with aq.Model() as model:
        means = aq.Normal("means", APART, 1)
        z = aq.Categorical("z", p=[0.5, 0.5], shape=2)
        aq.Normal("obs", means[z[group]], 1, observed=[-50, -51, 49, 50, 51])
    with pytest.warns(AliquotWarning, match=r"'z'.*aq\.recover\(trace\) first"):
        aq.sample_posterior_predictive(apart_trace(10), model=model, random_seed=1)
    tree = aq.recover(apart_trace(10), model, random_seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error", AliquotWarning)
        predicted = aq.sample_posterior_predictive(tree, model=model, random_seed=1)
    assert np.all((predicted.posterior_predictive["obs"] > 0) == (group == 1))


def test_predictions_of_partly_observed_labels() -> None:
    """The labels themselves are drawn anew; what depends on them keeps those that were known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", aq.ImputationWarning)
        with aq.Model() as model:
            means = aq.Normal("means", APART, 1)
            z = aq.Categorical("z", p=[0.5, 0.5], observed=[0, np.nan, np.nan, 1])
            aq.Normal("obs", means[z], 1, observed=[-50.0, 50.0, -49.0, 51.0])
    tree = aq.recover(apart_trace(20), model, random_seed=1)
    predicted = aq.sample_posterior_predictive(tree, model=model, var_names=["obs"], random_seed=1)
    assert np.all((predicted.posterior_predictive["obs"] > 0) == [False, True, False, True])


def test_prior_predictive_draws_labels_and_what_depends_on_them() -> None:
    prior = aq.sample_prior_predictive(4000, model=apart(), random_seed=1)
    z, means = prior.prior["z"].values, prior.prior["means"].values
    assert stats.binomtest(int(z[0, :, 0].sum()), 4000, SHARE).pvalue > 1e-6
    picked = np.take_along_axis(means, z, axis=-1)
    away = (prior.prior_predictive["obs"].values - picked).ravel()
    assert stats.kstest(away, "norm").pvalue > 1e-6


def test_log_likelihood_is_that_of_the_mixture() -> None:
    trace = labelled_trace(draws=100)
    by_labels = aq.compute_log_likelihood(trace, model=labelled())
    by_mixture = aq.compute_log_likelihood(trace, model=mixture())
    assert by_labels.log_likelihood["obs"].dims == ("chain", "draw", "row")
    np.testing.assert_allclose(
        by_labels.log_likelihood["obs"], by_mixture.log_likelihood["obs"], rtol=1e-12, atol=0
    )


def test_loo_and_compare() -> None:
    import arviz as az

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few draws, high Pareto k
        trace = labelled_trace(draws=500)
        found = {
            "labels": aq.compute_log_likelihood(trace, model=labelled()),
            "mixture": aq.compute_log_likelihood(trace, model=mixture()),
        }
        loo = {name: az.loo(tree) for name, tree in found.items()}
        assert abs(loo["labels"].elpd - loo["mixture"].elpd) < 1e-10
        assert abs(loo["labels"].p - loo["mixture"].p) < 1e-10
        table = az.compare(found)
    assert set(table.index) == {"labels", "mixture"}
    assert abs(table["elpd_diff"]).max() < 1e-10


def test_log_likelihood_of_labels_that_were_observed() -> None:
    """Of a label given everything else, its row's observation included; missing ones have none."""
    known = np.array([0, np.nan, 1, np.nan, 0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", aq.ImputationWarning)
        with aq.Model() as model:
            means = aq.Normal("means", [-2.0, 2.0], 1)
            z = aq.Categorical("z", p=WEIGHTS, observed=known)
            aq.Normal("obs", means[z], 1, observed=Y)
    at = np.array([-0.5, 0.8])
    trace = build_tree(posterior={"means": at[None, None]})
    found = aq.compute_log_likelihood(trace, model=model).log_likelihood
    p = np.log(responsibilities(WEIGHTS, at))
    seen = ~np.isnan(known)
    labels = np.where(seen, known, 0).astype(int)
    np.testing.assert_array_equal(found["z_observed"], [0, 2, 4])
    np.testing.assert_allclose(found["z"][0, 0], p[np.arange(5), labels][seen], rtol=1e-12)
    rows = stats.norm(at, 1).logpdf(Y[:, None])
    expected = np.where(seen, rows[np.arange(5), labels], logsumexp(np.log(WEIGHTS) + rows, axis=1))
    np.testing.assert_allclose(found["obs"][0, 0], expected, rtol=1e-12)
