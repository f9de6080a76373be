"""Mixtures of regressions: against closed forms, plain NumPy, and scikit-learn's conventions."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from scipy.special import expit, log_softmax, logsumexp, softmax
from sklearn.base import clone

from aliquot.builders.regression import RESPONSES
from aliquot.errors import ParameterError
from aliquot.estimators import MixtureRegression
from aliquot.estimators.regression_moments import moments
from aliquot.estimators.regression_table import RegressionTable

# Per comparison; a test makes at most 40, so that it fails by chance once in 10,000 runs at most.
SIGMAS = 5.0


@pytest.fixture(scope="module")
def experts() -> tuple[MixtureRegression, pd.DataFrame]:
    """Two lines whose shares depend on age; of some rows y is missing."""
    rng = np.random.default_rng(11)
    n = 120
    table = pd.DataFrame(
        {"x": rng.uniform(0, 10, n), "g": rng.choice(["a", "b"], n), "age": rng.normal(50, 10, n)}
    )
    z = rng.random(n) < expit((table["age"] - 50) / 5)
    line = np.where(z, 20 + 3 * table["x"], 60 - 2 * table["x"]) + 8 * (table["g"] == "b")
    table["y"] = line + rng.normal(0, np.where(z, 2.0, 3.0))
    table.loc[table.index[:6], "y"] = np.nan
    found = MixtureRegression("y ~ x + g", weights="~ age", random_state=1)
    return found.fit(table), table


def by_draw(found: MixtureRegression, table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Give log weights and means by plain NumPy: (draws, rows, components), in y's own units.

    `table` is that of the fit, by which the covariate of the weights is standardised.
    """
    draws = found._draws()["posterior"].dataset
    x = np.column_stack([np.ones(len(table)), table["x"], table["g"] == "b"])
    age = table["age"]
    w = np.column_stack([np.ones(len(table)), (age - age.mean()) / age.std(ddof=0)])
    beta = found.table_.coefficients(draws["beta"].values[0])
    log_weights = log_softmax(np.einsum("rq,dkq->drk", w, draws["gamma"].values[0]), axis=-1)
    return log_weights, np.einsum("rp,dkp->drk", x, beta)


def test_predictions_are_plain_formulas(experts: Any) -> None:
    found, table = experts
    log_weights, mean = by_draw(found, table)
    sigma = found._draws()["posterior"]["sigma"].values[0] * found.table_.y_scale
    y = table["y"].to_numpy()
    density = stats.norm(mean, sigma[:, None, :]).logpdf(np.nan_to_num(y)[:, None])
    density[:, np.isnan(y)] = 0
    joint = log_weights + density
    p = softmax(joint, axis=-1)
    given, spread = found.predict_component_proba(table, return_std=True)
    assert np.allclose(given, p.mean(axis=0), atol=1e-9)
    assert np.allclose(spread, p.std(axis=0), atol=1e-9)
    assert np.array_equal(found.predict_components(table), given.argmax(axis=1))
    without = found.predict_component_proba(table.drop(columns="y"))
    assert np.allclose(without, np.exp(log_weights).mean(axis=0), atol=1e-9)
    assert np.allclose(without[:6], given[:6], atol=1e-9)
    each = logsumexp(joint, axis=-1)
    expected = logsumexp(each, axis=0) - np.log(len(each))
    scores = found.score_samples(table)
    assert np.isnan(scores[:6]).all()
    assert np.allclose(scores[6:], expected[6:], atol=1e-8)


def test_means_and_spreads_are_those_of_simulated_responses(experts: Any) -> None:
    found, table = experts
    few = table.iloc[:8]
    mean, std = found.predict(few, return_std=True)
    y, component = found.sample(few, 4000)
    # Simulated are 400 draws of the posterior, some of them often.
    draws = found._draws(10**9)["posterior"].dataset
    values = {str(name): array.values[0] for name, array in draws.data_vars.items()}
    data = found.table_.arrays(found.table_.numbers(few, None, blind=True))
    one = [
        moments(data, {name: v[[i]] for name, v in values.items()}, "normal")[:, 0]
        for i in range(0, 2000, 20)
    ]
    error = np.sqrt(std**2 / 4000 + (np.std(one, axis=0) * found.table_.y_scale) ** 2 / 400)
    assert (np.abs(y.mean(axis=1) - mean) < SIGMAS * error).all()
    # The fourth moment of two lines is less than ten times the squared variance.
    assert np.allclose(y.std(axis=1), std, rtol=SIGMAS * np.sqrt(10 / 4 * (1 / 4000 + 1 / 400)))
    assert component.shape == y.shape == (8, 4000) and set(np.unique(component)) <= {0, 1}
    low, high = found.predict_quantiles(few, (0.25, 0.75)).T
    share = ((y > low[:, None]) & (y < high[:, None])).mean(axis=1)
    assert np.allclose(share, 0.5, atol=SIGMAS * np.sqrt(0.25 / 2000 + 0.25 / 4000))


def test_coefficients_are_those_of_the_lines(experts: Any) -> None:
    found, _ = experts
    steep = int(found.coefficients_["mean"].xs("x", level="term").argmax())
    for term, up, down in (("Intercept", 20, 60), ("x", 3, -2), ("g[T.b]", 8, 8)):
        for component, truth in ((steep, up), (1 - steep, down)):
            row = found.coefficients_.loc[(component, term)]
            assert abs(row["mean"] - truth) < SIGMAS * row["sd"]
            assert row["2.5%"] < row["mean"] < row["97.5%"]
    for component, truth in ((steep, 2.0), (1 - steep, 3.0)):
        assert abs(found.sigma_[component] - truth) < SIGMAS * truth / np.sqrt(2 * 30)
    row = found.weight_coefficients_.loc[(1, "age")]
    assert abs(row["mean"] - (0.2 if steep == 1 else -0.2)) < SIGMAS * row["sd"]
    assert np.isclose(found.weights_.sum(), 1) and list(found.feature_names_in_) == [
        "age",
        "g",
        "x",
    ]


def test_scores_leave_out_what_is_missing(experts: Any) -> None:
    found, table = experts
    seen = table.iloc[6:]
    residual = seen["y"] - found.predict(seen)
    expected = 1 - (residual**2).sum() / ((seen["y"] - seen["y"].mean()) ** 2).sum()
    assert np.isclose(found.score(table), expected)
    # Ten free numbers: three coefficients and a sigma each, two of the weights.
    assert np.isclose(found.bic(table) - found.aic(table), 10 * (np.log(114) - 2))
    with pytest.raises(ParameterError, match="no response is known: give 'y'"):
        found.score(table.drop(columns="y"))


def test_pickles_predict_the_same(experts: Any) -> None:
    found, table = experts
    again = pickle.loads(pickle.dumps(found))
    assert np.array_equal(again.predict(table), found.predict(table))
    assert again.source_ == found.source_
    assert [v.name for v in again.model_.free] == [v.name for v in found.model_.free]
    assert clone(found).get_params() == found.get_params()


def test_one_component_is_the_closed_form(rng: np.random.Generator) -> None:
    """Given sigma all is normal: one integral over sigma gives evidence and posterior means."""
    n = 30
    x = rng.normal(3, 2, n)
    y = 5 - 2 * x + rng.normal(0, 1.5, n)
    found = MixtureRegression(n_components=1, random_state=2).fit(x[:, None], y)
    design = np.column_stack([np.ones(n), (x - x.mean()) / x.std()])
    unit = (y - y.mean()) / y.std()
    grid = np.linspace(np.log(0.02), np.log(3), 2001)
    gram, moment = design.T @ design, design.T @ unit
    log_density, means = [], []
    for sigma in np.exp(grid):
        cov = sigma**2 * np.eye(n) + 2.5**2 * design @ design.T
        log_density.append(stats.multivariate_normal(np.zeros(n), cov).logpdf(unit))
        means.append(np.linalg.solve(gram / sigma**2 + np.eye(2) / 2.5**2, moment) / sigma**2)
    log_density += stats.norm(np.log(0.5), 0.75).logpdf(grid)
    top = max(log_density)
    height = np.exp(np.array(log_density) - top)
    total = integrate.simpson(height, grid)
    beta = integrate.simpson(np.array(means).T * height, grid) / total
    slope = beta[1] * y.std() / x.std()
    expected = {"x0": slope, "Intercept": beta[0] * y.std() + y.mean() - slope * x.mean()}
    least_squares = stats.linregress(x, y)
    for term, value in expected.items():
        row = found.coefficients_.loc[(0, term)]
        assert abs(row["mean"] - value) < SIGMAS * row["sd"] / np.sqrt(2000)
        # The prior is 2.5 wide and the posterior about 0.1: it pulls by a part of (0.1 / 2.5)**2.
        ols = least_squares.slope if term == "x0" else least_squares.intercept
        assert abs(value - ols) < 0.05 * row["sd"]
    error = found.comparison_.rows[0].evidence.error
    evidence = top + np.log(total) - n * np.log(y.std())
    assert abs(found.log_evidence_ - evidence) < SIGMAS * max(error, 1e-3)


@pytest.mark.parametrize("family", RESPONSES)
def test_moments_are_those_of_scipy(family: str, rng: np.random.Generator) -> None:
    """One draw and one row: the mixture's moments from those of its components."""
    k, draws = 2, 3
    data = {"X": rng.normal(size=(1, 2)), "trials": np.array([7])}
    values = {
        "beta": rng.normal(size=(draws, k, 2)),
        "w": rng.dirichlet(np.ones(k), draws),
        "sigma": rng.uniform(0.5, 2, (draws, k)),
        "shape": rng.uniform(0.5, 2, (draws, k)),
        "nu": rng.uniform(2.5, 9, draws),
    }
    eta = values["beta"] @ data["X"][0]
    frozen = {
        "normal": lambda: stats.norm(eta, values["sigma"]),
        "student_t": lambda: stats.t(values["nu"][:, None], eta, values["sigma"]),
        "poisson": lambda: stats.poisson(np.exp(eta)),
        "negative_binomial": lambda: stats.nbinom(
            values["shape"], values["shape"] / (values["shape"] + np.exp(eta))
        ),
        "bernoulli": lambda: stats.bernoulli(expit(eta)),
        "binomial": lambda: stats.binom(7, expit(eta)),
    }[family]()
    share = values["w"] / draws
    mean = (share * frozen.mean()).sum()
    variance = (share * (frozen.var() + frozen.mean() ** 2)).sum() - mean**2
    assert np.allclose(moments(data, values, family), [[mean, variance]], rtol=1e-10)


def test_a_mean_of_two_degrees_of_freedom_has_no_variance() -> None:
    values = {"beta": np.ones((1, 1, 1)), "w": np.ones((1, 1)), "sigma": np.ones((1, 1))}
    found = moments({"X": np.ones((1, 1))}, values | {"nu": np.array([2.0])}, "student_t")
    assert found.tolist() == [[1.0, np.inf]]


@pytest.mark.slow
def test_counts_of_trials_with_the_number_in_a_column(rng: np.random.Generator) -> None:
    n = 60
    table = pd.DataFrame({"x": rng.normal(size=n), "n": rng.integers(10, 30, n)})
    z = np.arange(n) % 2
    table["y"] = rng.binomial(table["n"], expit(np.where(z, 2 + 0.5 * table["x"], -1.5)))
    found = MixtureRegression("y ~ x", family="binomial", trials="n", random_state=3).fit(table)
    high = int(found.coefficients_["mean"].xs("Intercept", level="term").argmax())
    assert (
        abs(found.coefficients_.loc[(high, "Intercept"), "mean"] - 2)
        < SIGMAS * (found.coefficients_.loc[(high, "Intercept"), "sd"])
    )
    twice = table.assign(n=2 * table["n"])
    assert np.allclose(found.predict(twice), 2 * found.predict(table))
    y, _ = found.sample(table, 50)
    assert (y >= 0).all() and (y <= table["n"].to_numpy()[:, None]).all()
    assert not hasattr(found, "sigma_")
    # Without a formula the trials' column is none of the terms.
    y = table["y"].to_numpy()
    plain, _ = RegressionTable.learnt(table[["x", "n"]], y, None, None, "binomial", "n", True)
    assert plain.x.names == ("Intercept", "x")


@pytest.mark.parametrize(
    ("options", "said"),
    [({"family": "gamma"}, "got 'gamma'"), ({"n_components": "many"}, "'auto'; got 'many'")],
)
def test_parameters_that_mean_nothing_are_refused(options: Any, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        MixtureRegression(**options).fit(np.arange(6.0)[:, None], np.arange(6.0))
