"""Predictions from the prior and the posterior, and the pointwise log likelihood."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from scipy import stats

import aliquot as aq
from aliquot.errors import AliquotWarning, ModelError, ShapeError, StartError
from aliquot.inference import predict
from tests.inference import models
from tests.inference.accuracy import assert_moments

QUIET: dict[str, Any] = {"progressbar": False, "compute_convergence_checks": False}
# The chance that a test of distribution fails where nothing is wrong.
FAILURE = 1e-5


@pytest.fixture
def model() -> aq.Model:
    return models.regression()


@pytest.fixture(scope="module")
def trace() -> Any:
    return aq.sample(500, tune=300, chains=2, random_seed=1, model=models.regression(), **QUIET)


def test_prior_groups_and_moments(model: aq.Model) -> None:
    prior = aq.sample_prior_predictive(4000, model=model, random_seed=1)
    assert set(prior.children) == {"prior", "prior_predictive", "observed_data", "constant_data"}
    assert set(prior.prior.data_vars) == {"beta", "mu"}
    assert prior.prior["beta"].dims == ("chain", "draw", "term")
    assert prior.prior_predictive["obs"].dims == ("chain", "draw", "row")
    assert_moments(prior.prior["beta"], 0, models.PRIOR)
    sd = np.sqrt(models.PRIOR**2 * (1 + models.X**2) + models.NOISE**2)
    assert_moments(prior.prior_predictive["obs"], 0, sd)
    again = aq.sample_prior_predictive(4000, model=model, random_seed=1)
    np.testing.assert_array_equal(prior.prior["beta"], again.prior["beta"])
    beta = prior.prior["beta"].values
    np.testing.assert_allclose(prior.prior["mu"], beta[..., :1] + beta[..., 1:] * models.X)


def test_some_prior_variables(model: aq.Model) -> None:
    prior = aq.sample_prior_predictive(7, model=model, var_names=["beta"], random_seed=1)
    assert "prior_predictive" not in prior.children
    assert list(prior.prior.data_vars) == ["beta"]
    with pytest.raises(ModelError, match="var_names: 'gamma' is not one of beta, mu, obs"):
        aq.sample_prior_predictive(7, model=model, var_names=["gamma"])
    for draws in (0, 1.5, True):
        with pytest.raises(ModelError, match="draws must be a whole number of at least 1"):
            aq.sample_prior_predictive(draws, model=model)  # type: ignore[arg-type]


def test_an_exchangeable_ordered_prior_is_sorted_draws() -> None:
    with aq.Model() as model:
        aq.Normal("x", 1, 2, shape=2, transform=aq.transforms.ordered)
    draws = aq.sample_prior_predictive(20_000, model=model, random_seed=1).prior["x"].values[0]
    assert np.all(draws[:, 0] < draws[:, 1])
    # The greatest of two has the distribution function F**2, the smallest 1 - (1 - F)**2.
    for column, law in [(1, lambda f: f**2), (0, lambda f: 1 - (1 - f) ** 2)]:
        test = stats.kstest(draws[:, column], lambda v, law=law: law(stats.norm.cdf(v, 1, 2)))
        assert test.pvalue > FAILURE


def test_an_ordered_prior_of_unlike_elements_is_drawn_by_rejection() -> None:
    with aq.Model() as model:
        aq.Normal("x", [0.0, 1.0], [1.0, 2.0], transform=aq.transforms.ordered)
    draws = aq.sample_prior_predictive(20_000, model=model, random_seed=1).prior["x"].values[0]
    assert np.all(draws[:, 0] < draws[:, 1])
    # Given the order the gap is a normal variable with mean 1 and sd sqrt(5), kept where positive.
    gap = stats.truncnorm(-1 / np.sqrt(5), np.inf, loc=1, scale=np.sqrt(5))
    assert stats.kstest(draws[:, 1] - draws[:, 0], gap.cdf).pvalue > FAILURE
    # The sum, weighted by the precisions to be independent of the gap, is as without the order.
    free = 4 * draws[:, 0] + draws[:, 1]
    assert stats.kstest(free, stats.norm(1, np.sqrt(20)).cdf).pvalue > FAILURE


def test_an_order_that_never_comes_up_is_refused() -> None:
    with aq.Model() as model:
        aq.Normal("x", [100.0, 0.0], 1, transform=aq.transforms.ordered)
    with pytest.raises(StartError, match="x: the prior gives an increasing vector too rarely"):
        aq.sample_prior_predictive(2, model=model)


def test_what_cannot_be_drawn_from_a_prior() -> None:
    with aq.Model() as model:
        x = aq.Flat("x")
        aq.Normal("obs", x, 1, observed=[1.0])
    with pytest.raises(ModelError, match="'x' cannot be drawn: Flat is improper"):
        aq.sample_prior_predictive(2, model=model)
    with aq.Model() as model:
        aq.Potential("p", -(aq.Normal("x") ** 2))
    with pytest.warns(AliquotWarning, match="leave out the potentials p"):
        aq.sample_prior_predictive(2, model=model)
    with aq.Model() as model:
        aq.Normal("x", transform=aq.transforms.log)
    with pytest.raises(ModelError, match="'x' cannot be drawn: its transform log keeps it"):
        aq.sample_prior_predictive(2, model=model)


def with_potential(observed: bool) -> aq.Model:
    """Write a model whose likelihood is a potential, wholly or in part."""
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 1)
        aq.Deterministic("twice", 2 * mu)
        aq.Potential("terms", aq.Normal.dist(mu, 1).log_prob(np.array([1.0, 2.0])))
        if observed:
            aq.Normal("obs", mu, 1, observed=[1.0, 2.0, 3.0])
    return model


def test_a_likelihood_that_is_a_potential_has_no_predictions() -> None:
    model = with_potential(observed=False)
    trace = aq.sample(20, tune=20, chains=2, random_seed=1, model=model, **QUIET)
    with pytest.raises(ModelError, match=r"nothing to predict. The potentials terms .* observed="):
        aq.sample_posterior_predictive(trace, model)
    with pytest.raises(ModelError, match=r"a potential \('terms'\) stands for data.* observed="):
        aq.compute_log_likelihood(trace, model)
    with pytest.raises(ModelError, match=r"a potential \('terms'\) stands for data.* observed="):
        model.log_likelihood({"mu": 0.0})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = aq.sample_posterior_predictive(trace, model, var_names=["twice"])
    np.testing.assert_allclose(drawn.posterior_predictive["twice"], 2 * trace.posterior["mu"])
    with pytest.raises(ModelError, match="var_names is empty: name some of twice"):
        aq.sample_posterior_predictive(trace, model, var_names=[])
    with pytest.raises(ModelError, match="var_names is empty: name some of mu, twice"):
        aq.sample_prior_predictive(5, model=model, var_names=[])


def test_what_predictions_leave_out_is_said() -> None:
    model = with_potential(observed=True)
    trace = aq.sample(20, tune=20, chains=2, random_seed=1, model=model, **QUIET)
    with pytest.warns(AliquotWarning, match="predictions leave out the potentials terms"):
        drawn = aq.sample_posterior_predictive(trace, model)
    assert drawn.posterior_predictive["obs"].shape == (2, 20, 3)
    with pytest.warns(AliquotWarning, match="log likelihood leaves out the potentials terms"):
        aq.compute_log_likelihood(trace, model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        aq.sample_posterior_predictive(trace, model, var_names=["obs"])


def test_a_model_that_observes_nothing_has_nothing_to_predict() -> None:
    with aq.Model() as model:
        aq.Normal("mu", 0, 1)
    trace = aq.sample(20, tune=20, chains=2, random_seed=1, model=model, **QUIET)
    with pytest.raises(ModelError, match=r"nothing to predict\. Give the variable that stands for"):
        aq.sample_posterior_predictive(trace, model)
    with pytest.raises(ModelError, match=r"no likelihood: give the variable that stands for data"):
        aq.compute_log_likelihood(trace, model)


def test_missing_values_are_drawn_with_their_neighbours() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", aq.ImputationWarning)
        model = models.missing()
    prior = aq.sample_prior_predictive(50, model=model, random_seed=1)
    seen = prior.prior_predictive["obs"].values[..., [1, 3]]
    np.testing.assert_allclose(prior.prior["obs_missing"], seen, rtol=1e-12)


def test_posterior_predictive_moments(model: aq.Model, trace: Any) -> None:
    result = aq.sample_posterior_predictive(trace, model=model, random_seed=1)
    drawn = result.posterior_predictive["obs"]
    assert drawn.dims == ("chain", "draw", "row")
    assert drawn.shape == (2, 500, 5)
    assert "posterior_predictive" not in trace.children
    exact = models.regression_posterior()
    design = np.stack([np.ones(5), models.X], axis=1)
    variance = np.einsum("ij,jk,ik->i", design, exact.covariance, design) + models.NOISE**2
    assert_moments(drawn, design @ exact.mean, np.sqrt(variance))


def test_posterior_predictive_of_chosen_variables(model: aq.Model, trace: Any) -> None:
    result = aq.sample_posterior_predictive(trace, model=model, var_names=["mu"], random_seed=1)
    np.testing.assert_allclose(result.posterior_predictive["mu"], trace.posterior["mu"])
    assert "obs" not in result.posterior_predictive
    with pytest.raises(ModelError, match="var_names: 'beta' is not one of mu, obs"):
        aq.sample_posterior_predictive(trace, model=model, var_names=["beta"])


def test_predictions_at_new_data(model: aq.Model, trace: Any) -> None:
    model.set_data({"x": [0.0, 10.0]}, coords={"row": ["f", "g"]})
    result = aq.sample_posterior_predictive(trace, model=model, predictions=True, random_seed=1)
    assert result.predictions["obs"].shape == (2, 500, 2)
    assert result.predictions["row"].values.tolist() == ["f", "g"]
    assert result.observed_data["row"].values.tolist() == list("abcde")
    np.testing.assert_array_equal(result.predictions_constant_data["x"], [0.0, 10.0])
    exact = models.regression_posterior()
    row = np.array([1.0, 10.0])
    sd = np.sqrt(row @ exact.covariance @ row + models.NOISE**2)
    assert_moments(result.predictions["obs"][..., 1], row @ exact.mean, sd)
    prior = aq.sample_prior_predictive(5, model=model, random_seed=1)
    assert prior.prior_predictive["obs"].shape == (1, 5, 2)


def test_traces_that_are_not_of_the_model(model: aq.Model, trace: Any) -> None:
    with aq.Model() as other:
        aq.Normal("obs", aq.Normal("alpha"), 1, observed=[1.0])
    with aq.Model() as longer:
        aq.Normal("obs", aq.Normal("beta", shape=3), 1, observed=[1.0, 2.0, 3.0])
    for function in (aq.sample_posterior_predictive, aq.compute_log_likelihood):
        with pytest.raises(ModelError, match=r"no draws of 'alpha' \(it has beta, mu\)"):
            function(trace, model=other)
        with pytest.raises(ShapeError, match=r"beta: the posterior holds shape \(2,\).*\(3,\)"):
            function(trace, model=longer)
        with pytest.raises(ModelError, match=r"give a DataTree with a group 'posterior'.*got dict"):
            function({}, model=model)


def test_log_likelihood_is_that_of_each_draw(model: aq.Model, trace: Any) -> None:
    result = aq.compute_log_likelihood(trace, model=model)
    found = result.log_likelihood["obs"]
    assert found.dims == ("chain", "draw", "row")
    expected = stats.norm.logpdf(models.Y, trace.posterior["mu"], models.NOISE)
    np.testing.assert_allclose(found, expected)
    assert "log_likelihood" not in trace.children
    with aq.Model() as blind:
        aq.Normal("beta", shape=2)
    with pytest.raises(ModelError, match="no observed variables"):
        aq.compute_log_likelihood(trace, model=blind)


def test_log_likelihood_of_vectors_has_one_number_for_each() -> None:
    with aq.Model() as model:
        x = aq.MvNormal("x", np.zeros(2), cov=np.eye(2))
        aq.MvNormal("obs", x, cov=np.eye(2), observed=np.zeros((3, 2)))
    trace = aq.sample(20, tune=20, chains=2, random_seed=1, model=model, **QUIET)
    assert aq.compute_log_likelihood(trace, model=model).log_likelihood["obs"].shape == (2, 20, 3)
    drawn = aq.sample_posterior_predictive(trace, model=model, random_seed=1)
    assert drawn.posterior_predictive["obs"].shape == (2, 20, 3, 2)


def test_log_likelihood_with_missing_values() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", aq.ImputationWarning)
        model = models.missing()
    trace = aq.sample(20, tune=50, chains=2, random_seed=1, model=model, **QUIET)
    found = aq.compute_log_likelihood(trace, model=model).log_likelihood["obs"]
    assert found["obs_observed"].values.tolist() == [0, 2]
    level = trace.posterior["level"].values[..., None]
    seen = models.MISSING_Y[[0, 2]]
    expected = stats.norm.logpdf(seen, level * models.WEIGHTS[[0, 2]], models.NOISE)
    np.testing.assert_allclose(found, expected)
    drawn = aq.sample_posterior_predictive(trace, model=model, random_seed=1)
    assert drawn.posterior_predictive["obs"].shape == (2, 20, 4)


def test_log_likelihood_leaves_out_counts_and_vectors_with_missing_values() -> None:
    with aq.Model(coords={"row": 3, "column": 2}) as model, warnings.catch_warnings():
        warnings.simplefilter("ignore", aq.ImputationWarning)
        x = aq.Normal("x", shape=2)
        aq.MvNormal(
            "vectors",
            x,
            cov=np.eye(2),
            observed=[[0, 1], [np.nan, 1], [2, 0]],
            dims=("row", "column"),
        )
        aq.MvNormal("whole", x, cov=np.eye(2), observed=np.zeros((3, 2)), dims=("row", "column"))
        aq.Poisson("counts", np.exp(x[0]), observed=[None, 3])
    trace = aq.sample(20, tune=50, chains=2, random_seed=1, model=model, **QUIET)
    found = aq.compute_log_likelihood(trace, model=model).log_likelihood
    assert found["vectors"].shape == (2, 20, 2)
    assert found["vectors_observed"].values.tolist() == [0, 2]
    assert found["whole"].dims == ("chain", "draw", "row")
    assert found["counts"].shape == (2, 20, 1)
    rate = np.exp(trace.posterior["x"].values[..., 0])
    np.testing.assert_allclose(found["counts"][..., 0], stats.poisson.logpmf(3, rate))


def test_a_thinned_trace_predicts(model: aq.Model, trace: Any) -> None:
    thinned = trace.isel(draw=slice(None, None, 50), chain=[1])
    result = aq.sample_posterior_predictive(thinned, model=model, random_seed=1)
    assert result.posterior_predictive["obs"].shape == (1, 10, 5)
    np.testing.assert_array_equal(
        result.posterior_predictive["draw"], trace.posterior["draw"][::50]
    )


def test_a_free_variable_without_elements() -> None:
    with aq.Model() as model:
        empty = aq.Normal("empty", shape=0)
        mu = aq.Normal("mu")
        aq.Normal("obs", mu + empty.sum(), 1, observed=[0.1, 0.4])
        trace = aq.sample(20, tune=20, chains=2, random_seed=1, **QUIET)
    drawn = aq.sample_posterior_predictive(trace, model=model, random_seed=1)
    assert drawn.posterior["empty"].shape == (2, 20, 0)
    assert drawn.posterior_predictive["obs"].shape == (2, 20, 2)
    rows = aq.compute_log_likelihood(trace, model=model).log_likelihood["obs"]
    expected = stats.norm(trace.posterior["mu"].values[..., None]).logpdf([0.1, 0.4])
    np.testing.assert_allclose(rows, expected)


def test_draws_are_the_same_op_by_op(model: aq.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = aq.sample_prior_predictive(50, model=model, random_seed=1)
    monkeypatch.setattr(predict, "MOST_COMPILED", 0)
    one_by_one = aq.sample_prior_predictive(50, model=model, random_seed=1)
    for group, name in [("prior", "beta"), ("prior", "mu"), ("prior_predictive", "obs")]:
        np.testing.assert_allclose(one_by_one[group][name], compiled[group][name], rtol=1e-12)
