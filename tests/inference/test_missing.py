"""Missing values that were integrated out: drawn back by ``aq.recover``, and what goes on after."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from scipy import stats

import aliquot as aq
from aliquot.inference.labels import log_predictive
from aliquot.results import build_tree

DRAWS = 20_000
QUIET: dict[str, Any] = {"progressbar": False, "compute_convergence_checks": False}


def imputed(write: Callable[[], Any], **options: Any) -> aq.Model:
    with aq.Model(**options) as model, warnings.catch_warnings():
        warnings.simplefilter("ignore", aq.ImputationWarning)
        write()
    return model


def at(values: Mapping[str, Any], draws: int = DRAWS) -> Any:
    """Make a trace that stays at one point."""
    return build_tree(
        posterior={name: np.broadcast_to(v, (1, draws, *np.shape(v))) for name, v in values.items()}
    )


def assert_mean(draws: np.ndarray, exact: Any, sd: Any) -> None:
    """A mean of independent draws; wrong by chance about once in two million comparisons."""
    error = np.asarray(sd) / np.sqrt(len(draws))
    assert (np.abs(draws.mean(axis=0) - exact) < 5 * error).all()


def regression() -> aq.Model:
    def write() -> None:
        a = aq.Normal("a", 0, 1)
        mu = aq.Deterministic("mu", a * np.array([1.0, 2.0, 3.0, 4.0]))
        y = aq.Normal("y", mu, 0.5, observed=[1.0, np.nan, 2.0, np.nan], dims="row")
        aq.Deterministic("total", y.sum())

    return imputed(write, coords={"row": list("abcd")})


def test_outcomes_come_back_where_nothing_is_discrete() -> None:
    model = regression()
    assert model.density().labels == ["a"]
    trace = at({"a": 0.7})
    back = aq.recover(trace, model, random_seed=1).posterior
    draws = back["y_missing"].values[0]
    assert_mean(draws, [1.4, 2.8], 0.5)
    assert_mean((draws - [1.4, 2.8]) ** 2, 0.25, 0.25 * np.sqrt(2))
    # A deterministic that only reports them is computed with them, and is not there before.
    assert "total" not in model.density().constrain_draws(np.zeros(1))
    np.testing.assert_allclose(back["total"].values[0], 3.0 + draws.sum(axis=1))
    again = aq.recover(aq.recover(trace, model, random_seed=2), model, random_seed=1).posterior
    np.testing.assert_array_equal(again["y_missing"], back["y_missing"])
    only = aq.recover(trace, model, var_names="y_missing", random_seed=1).posterior
    assert "total" not in only and "y_missing" in only
    with pytest.raises(aq.ModelError, match=r"y_missing\) come back with kind='draws'"):
        aq.recover(trace, model, kind="probabilities")


def test_predictions_and_likelihood_go_on() -> None:
    model = regression()
    trace = aq.recover(at({"a": 0.7}, 50), model, random_seed=1)
    drawn = aq.sample_posterior_predictive(trace, model=model, random_seed=1)
    assert drawn.posterior_predictive["y"].shape == (1, 50, 4)
    rows = aq.compute_log_likelihood(trace, model=model).log_likelihood["y"]
    assert rows["y_observed"].values.tolist() == [0, 2]
    np.testing.assert_allclose(rows[0, 0], stats.norm.logpdf([1.0, 2.0], [0.7, 2.1], 0.5))


def test_a_part_that_stays_joins_the_part_that_went() -> None:
    def write() -> None:
        x = aq.Normal("x", 0, 1, observed=[np.nan, 0.2, np.nan])
        aq.Normal("y", aq.Normal("b", 0, 1) * x, 1, observed=[0.5, 0.1, np.nan])

    model = imputed(write)
    assert model.density().labels == ["x_missing[0]", "b"]
    trace = at({"x_missing": [0.4], "b": 0.8})
    back = aq.recover(trace, model, random_seed=1)
    x, y = (back.posterior[name].values[0] for name in ("x_missing", "y_missing"))
    assert x.shape == (DRAWS, 2) and (x[:, 0] == 0.4).all()
    assert_mean(x[:, 1], 0, 1)
    # The outcome is drawn given the covariate that was drawn for it.
    assert_mean(y[:, 0] * x[:, 1], 0.8, np.sqrt(3 * 0.64 + 1 - 0.64))
    # What follows reads the part that is a coordinate out of the whole.
    again = aq.recover(back, model, random_seed=1).posterior
    np.testing.assert_array_equal(again["x_missing"], x[None])
    before, after = (aq.compute_log_likelihood(t, model=model) for t in (trace, back))
    np.testing.assert_array_equal(before.log_likelihood["y"], after.log_likelihood["y"])


def test_labels_and_values_of_missing_rows_come_together() -> None:
    """In a mixture written with labels: the prior's labels, and values of those components."""

    def write() -> None:
        w = aq.Dirichlet("w", np.ones(2))
        mu = aq.Normal("mu", [-3.0, 3.0], 1)
        z = aq.Categorical("z", w, shape=4)
        aq.Normal("x", mu[z], 0.5, observed=[-3.0, np.nan, 2.8, np.nan])

    model = imputed(write)
    back = aq.recover(at({"w": [0.7, 0.3], "mu": [-2.0, 4.0]}), model, random_seed=1)
    np.testing.assert_allclose(back.state_probabilities["z"][0, :, [1, 3]][..., 1], 0.3)
    z, x = (back.posterior[name].values[0] for name in ("z", "x_missing"))
    assert_mean(z[:, 1], 0.3, np.sqrt(0.21))
    assert_mean(x - np.array([-2.0, 4.0])[z[:, [1, 3]]], 0, 0.5)


@pytest.mark.parametrize("family", ["NormalMixture", "Mixture"])
def test_observed_mixtures_with_missing_rows(family: str) -> None:
    y = [-3.0, np.nan, 2.8, np.nan]

    def write() -> None:
        w, mu = aq.Dirichlet("w", np.ones(2)), aq.Normal("mu", [-3.0, 3.0], 1)
        if family == "NormalMixture":
            aq.NormalMixture("y", w, mu, 0.5, observed=y)
        else:
            aq.Mixture("y", w, aq.Normal.dist(mu, 0.5), observed=y)

    model = imputed(write)
    assert model.density().size == 3
    trace = at({"w": [0.7, 0.3], "mu": [-2.0, 4.0]})
    draws = aq.recover(trace, model, random_seed=1).posterior["y_missing"].values[0]
    assert_mean(draws > 1, 0.3, np.sqrt(0.21))
    assert_mean(draws, 0.7 * -2 + 0.3 * 4, np.sqrt(0.25 + 0.21 * 36))


def test_missing_rows_fill_components_by_their_weights() -> None:
    def write() -> None:
        w = aq.Dirichlet("w", np.ones(2))
        aq.NormalMixture("y", w, [-3.0, 3.0], 0.5, observed=[-3.0, np.nan, np.nan])

    filled = aq.filled_components(at({"w": [0.7, 0.3]}), imputed(write), random_seed=1)
    assert_mean(filled.values[0] == 1, 0.49, np.sqrt(0.49 * 0.51))


P = np.array([[0.9, 0.1], [0.3, 0.7]])
MEANS = np.array([-1.0, 2.0])


def smoothed(y: np.ndarray) -> np.ndarray:
    """State probabilities by forward-backward, an emission of one where nothing was seen."""
    each = np.where(np.isnan(y)[:, None], 1.0, stats.norm.pdf(y[:, None], MEANS, 1.0))
    ahead, behind = np.zeros((len(y), 2)), np.ones((len(y), 2))
    for t in range(len(y)):
        ahead[t] = (np.full(2, 0.5) if t == 0 else ahead[t - 1] @ P) * each[t]
    for t in range(len(y) - 1)[::-1]:
        behind[t] = P @ (each[t + 1] * behind[t + 1])
    found = ahead * behind
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def test_states_in_a_gap_of_a_chain_are_those_of_forward_backward() -> None:
    y = np.array([-1.1, -0.6, np.nan, np.nan, np.nan, 2.2, 1.4, np.nan])

    def write() -> None:
        mu = aq.Normal("mu", 0, 2, shape=2)
        z = aq.MarkovChain("z", P, [0.5, 0.5], steps=8)
        aq.Normal("y", mu[z], 1, observed=y)

    model = imputed(write)
    back = aq.recover(at({"mu": MEANS}), model, random_seed=1)
    exact = smoothed(y)
    np.testing.assert_allclose(back.state_probabilities["z"][0, 0], exact, rtol=1e-10)
    z, drawn = (back.posterior[name].values[0] for name in ("z", "y_missing"))
    gone = np.flatnonzero(np.isnan(y))
    assert_mean(drawn - MEANS[z[:, gone]], 0, 1)
    share = exact[gone, 1]
    assert_mean(drawn, MEANS[0] + 3 * share, np.sqrt(1 + 9 * share * (1 - share)))


def test_entries_of_a_vector_are_drawn_given_the_others_and_the_label() -> None:
    cov = np.array([[1.0, 0.6], [0.6, 1.0]])
    mu = np.array([[-1.0, 0.0], [1.0, 3.0]])

    def write() -> None:
        w = aq.Dirichlet("w", np.ones(2))
        z = aq.Categorical("z", w, shape=3)
        aq.MvNormal(
            "y", aq.Data("mu", mu)[z], cov, observed=[[0.1, 0.2], [0.4, np.nan], [np.nan] * 2]
        )

    back = aq.recover(at({"w": [0.5, 0.5]}), imputed(write), random_seed=1)
    each = stats.norm.pdf(0.4, mu[:, 0])
    share = each[1] / each.sum()
    np.testing.assert_allclose(back.state_probabilities["z"][0, 0, 1, 1], share, rtol=1e-12)
    y = back.posterior["y_missing"].values[0]
    exact = mu[:, 1] + 0.6 * (0.4 - mu[:, 0])
    spread = 1 - 0.36 + share * (1 - share) * (exact[1] - exact[0]) ** 2
    assert_mean(y[:, 0], (1 - share) * exact[0] + share * exact[1], np.sqrt(spread))
    z = back.posterior["z"].values[0, :, 2]
    assert_mean((y[:, 1:] - mu[z]).prod(axis=1), 0.6, np.sqrt(1 + 0.36))


def test_missing_counts_come_back() -> None:
    model = imputed(lambda: aq.Poisson("n", aq.Gamma("rate", 2, 1), observed=[3, None, 1]))
    draws = aq.recover(at({"rate": 2.5}), model, random_seed=1).posterior["n_missing"].values[0]
    assert draws.dtype.kind == "i"
    assert_mean(draws[:, 0], 2.5, np.sqrt(2.5))


def test_parameters_off_their_range_give_nothing_to_draw() -> None:
    def write() -> None:
        aq.Normal("y", 0, aq.Normal("a", 0, 1) + np.array([1.0, 0.0]), observed=[0.3, np.nan])

    back = aq.recover(at({"a": -0.5}, 4), imputed(write), random_seed=1)
    assert np.isnan(back.posterior["y_missing"]).all()


def test_a_model_of_nothing_but_missing_values_is_drawn_exactly() -> None:
    model = imputed(lambda: aq.Normal("y", 1.0, 2.0, observed=[np.nan, 0.3]))
    trace = aq.sample(5_000, chains=2, random_seed=1, model=model, **QUIET)
    assert_mean(trace.posterior["y_missing"].values.reshape(-1), 1.0, 2.0)
    with pytest.raises(aq.ModelError, match="missing values that nothing else depends on"):
        aq.find_map(model=model)


@pytest.mark.filterwarnings("ignore::aliquot.ConvergenceWarning")
def test_a_reported_value_is_computed_anew_after_relabelling() -> None:
    def write() -> None:
        mu = aq.Normal("mu", 0, 3, shape=2)
        y = aq.NormalMixture("y", [0.5, 0.5], mu, 1, observed=[-2.0, 2.1, np.nan, -1.9, 1.8])
        aq.Deterministic("distance", y[2] - mu)

    model = imputed(write)
    trace = aq.sample(100, tune=200, chains=2, random_seed=1, model=model, **QUIET)
    back = aq.recover(trace, model, random_seed=1)
    moved = aq.relabel(back, model).posterior
    expected = moved["y_missing"].values[..., :1] - moved["mu"].values
    np.testing.assert_allclose(moved["distance"], expected)


def test_states_of_a_partly_observed_chain_are_quantities_without_labels(rng: Any) -> None:
    """As many as there are states. Where components can trade places, sampling looks at them."""
    with warnings.catch_warnings(), aq.Model() as model:
        warnings.simplefilter("ignore", aq.ImputationWarning)
        P = aq.Dirichlet("P", np.ones((2, 2)))
        aq.MarkovChain("z", P, init=[0.5, 0.5], observed=[0, 1, np.nan, 0, 1, np.nan])
    draws = rng.dirichlet([1, 1], (2, 3, 2))
    found = log_predictive(model.density(), {"P": draws})["log p(z)"]
    trace = aq.compute_log_likelihood(build_tree(posterior={"P": draws}), model)
    np.testing.assert_allclose(found[..., [0, 1, 3, 4]], trace.log_likelihood["z"], rtol=1e-10)
    assert found["observation"].values.tolist() == ["0", "1", "2", "3", "4", "5", "all"]
