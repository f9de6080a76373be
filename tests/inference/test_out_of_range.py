"""Draws whose parameters are out of range: drawn again, refused or said, never drawn in silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

import aliquot as aq
from aliquot.errors import AliquotWarning, FitError, ParameterError, StartError

Y = np.array([0, 1, 1, 0])


def unnormalised() -> aq.Model:
    with aq.Model() as model:
        aq.Categorical("y", p=aq.Beta("p", 1, 1, shape=3), observed=Y)
    return model


@pytest.mark.parametrize(
    "use",
    [
        lambda m: aq.sample(model=m, progressbar=False),
        lambda m: aq.fit(model=m, progressbar=False),
        lambda m: aq.find_map(model=m),
        lambda m: aq.sample_prior_predictive(model=m),
        lambda m: m.debug(),
        lambda m: m.density().evaluate(np.zeros(3)),
        lambda m: m.symmetries(),
    ],
)
def test_every_way_to_evaluate_a_model_refuses_it(use: Callable[[aq.Model], Any]) -> None:
    with pytest.raises(ParameterError, match=r"y: .*parameter p .*which sums to \d"):
        use(unnormalised())


def test_prior_draws_are_those_with_parameters_in_range() -> None:
    """A half-normal probability given that it is at most one, and counts with it."""
    with aq.Model() as model:
        p = aq.HalfNormal("p", 1)
        aq.Binomial("y", 10, p=p, observed=Y)
    with pytest.warns(AliquotWarning, match=r"y: its parameter p .* in \d+ of 2000 draws"):
        prior = aq.sample_prior_predictive(2000, model=model, random_seed=1)
    draws = prior.prior["p"].values.ravel()
    assert len(draws) == 2000
    cut = stats.truncnorm(0, 1)
    assert stats.kstest(draws, cut.cdf).pvalue > 1e-4
    counts = prior.prior_predictive["y"].values.reshape(2000, -1)[:, 0]
    sd = np.sqrt(10 * (cut.mean() - cut.moment(2)) + 100 * cut.var())
    assert abs(counts.mean() - 10 * cut.mean()) < 4 * sd / np.sqrt(2000)


def test_prior_draws_are_refused_where_parameters_are_never_in_range() -> None:
    with aq.Model() as model:
        scale = -aq.HalfNormal("s", 1)
        aq.Mixture("y", [0.5, 0.5], [aq.Normal.dist(0, 1), aq.Normal.dist(0, scale)], observed=Y)
    with pytest.raises(
        ParameterError, match=r"y: its parameter sigma must be positive.*comp_dists"
    ):
        aq.sample_prior_predictive(model=model)


@pytest.mark.parametrize("method", [None, "laplace", "advi"])
def test_a_fit_names_a_number_that_is_out_of_range(method: str | None) -> None:
    with aq.Model() as model:
        aq.Binomial("y", 10, p=1 + aq.HalfNormal("p", 1), observed=Y)
    with pytest.raises((StartError, FitError), match=r"(?s)'y'.*its parameter p must be from"):
        aq.fit(model=model, method=method, progressbar=False)


def test_predictions_with_parameters_out_of_range_are_said() -> None:
    with aq.Model():
        x = aq.Data("x", [0.1, 0.5, 0.9, 0.3])
        a = aq.Beta("a", 20, 20)
        aq.Bernoulli("y", p=a * x, observed=Y)
        trace = aq.sample(
            100,
            tune=100,
            chains=2,
            random_seed=1,
            progressbar=False,
            compute_convergence_checks=False,
        )
        aq.set_data({"x": [0.5, 50.0]})
        with pytest.warns(AliquotWarning, match=r"y: its parameter p .* \(1,\), and so in 200 of"):
            aq.sample_posterior_predictive(trace, predictions=True, random_seed=1)
