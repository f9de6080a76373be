"""Mixtures and latent classes of rows: against plain NumPy at the same draws, and as a user."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray
from scipy import stats
from scipy.special import logsumexp, softmax
from sklearn.base import clone
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import aliquot as aq
from aliquot.builders.columns import Column
from aliquot.builders.posterior import Posterior
from aliquot.errors import ParameterError
from aliquot.estimators import LatentClass, Mixture
from aliquot.estimators.table import Encoding

K = "component"

FAMILIES = {
    "height": "normal",
    "weight": "normal",
    "calls": "poisson",
    "member": "bernoulli",
    "town": "categorical",
}


def rows(rng: np.random.Generator, n: int = 60) -> tuple[pd.DataFrame, np.ndarray]:
    z = rng.integers(0, 2, n)
    table = pd.DataFrame(
        {
            "height": rng.normal(160 + 20 * z, 5),
            "weight": rng.normal(60 + 25 * z, 6),
            "calls": rng.poisson(2 + 8 * z).astype(float),
            "member": rng.binomial(1, 0.2 + 0.6 * z).astype(float),
            "town": np.array(["Ulm", "Bonn", "Kiel"], object)[(z + rng.integers(0, 2, n)) % 3],
        }
    )
    return table, z


@pytest.fixture(scope="module")
def mixed() -> tuple[Mixture, pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(4)
    table, z = rows(rng)
    table.loc[3, "height"] = table.loc[5, "calls"] = np.nan
    table.loc[7, "town"] = None
    return Mixture(2, family=FAMILIES, draws=200, random_state=1).fit(table), table, z


def joint_of(model: Mixture, table: pd.DataFrame) -> np.ndarray:
    """Compute log densities of rows and components, (draws, rows, 2), in the table's units."""
    few = model._draws()["posterior"].dataset
    at = {str(name): array.values[0] for name, array in few.items()}
    scale, centre = model.encoding_.scale[:2], model.encoding_.centre[:2]
    numbers = table[["height", "weight"]].to_numpy(float)
    levels = {column.name: column.levels for column in model.encoding_.columns}
    found = np.log(at["w"])[:, None] + np.zeros((len(at["w"]), len(table), 2))
    for d in range(len(found)):
        for k in range(2):
            covariance = at["chol"][d, k] @ at["chol"][d, k].T * np.outer(scale, scale)
            mean = at["mu"][d, k] * scale + centre
            for i, row in enumerate(numbers):
                seen = np.flatnonzero(~np.isnan(row))
                if seen.size:
                    law = stats.multivariate_normal(mean[seen], covariance[np.ix_(seen, seen)])
                    found[d, i, k] += law.logpdf(row[seen])
                count, member, town = table.iloc[i][["calls", "member", "town"]]
                if not pd.isna(count):
                    found[d, i, k] += stats.poisson(at["rate"][d, k, 0]).logpmf(count)
                if not pd.isna(member):
                    found[d, i, k] += stats.bernoulli(at["yes"][d, k, 0]).logpmf(member)
                if not pd.isna(town):
                    found[d, i, k] += np.log(at["p_town"][d, k, levels["town"].index(town)])
    return found


def test_predictions_for_new_rows(mixed):
    model, table, z = mixed
    new = table.iloc[:6].copy()
    new.iloc[4] = np.nan
    joint = joint_of(model, new)
    p, spread = model.predict_proba(new, return_std=True)
    each = softmax(joint, axis=-1)
    np.testing.assert_allclose(p, each.mean(axis=0), rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(spread, each.std(axis=0), rtol=1e-6, atol=1e-10)
    expected = logsumexp(logsumexp(joint, axis=-1), axis=0) - np.log(len(joint))
    np.testing.assert_allclose(model.score_samples(new), expected, rtol=1e-8, atol=1e-9)
    np.testing.assert_array_equal(model.predict(new), p.argmax(axis=1))
    np.testing.assert_allclose(model.score(new), expected.mean(), rtol=1e-8)
    np.testing.assert_allclose(p[4], model.weights_, atol=0.02)
    # Components are in ascending order of the first column.
    assert (model.predict(table) == z).mean() > 0.9
    assert list(model.feature_names_in_) == list(FAMILIES)


def test_rows_that_are_simulated_are_of_the_same_kind(mixed):
    model, table, _ = mixed
    drawn, labels = model.sample(500)
    assert drawn.shape == (500, 5)
    assert set(drawn[:, 4]) <= {"Ulm", "Bonn", "Kiel"}
    assert set(drawn[:, 3]) <= {0.0, 1.0}
    heights = drawn[:, 0].astype(float)
    error = np.sqrt(heights.var() / 500 + table["height"].var() / 60)
    assert abs(heights.mean() - table["height"].mean()) < 5 * error
    assert abs(labels.mean() - model.weights_[1]) < 5 * np.sqrt(0.25 / 500) + 0.05
    again, _ = model.sample(500)
    np.testing.assert_array_equal(again[:, 0], drawn[:, 0])
    others = [model.sample(20, random_state=seed)[0][:, 0] for seed in (5, 5, 6)]
    np.testing.assert_array_equal(others[0], others[1])
    assert set(others[0]).isdisjoint(others[2])


def test_what_components_hold_are_means_over_draws(mixed):
    model, _, _ = mixed
    draws = model.posterior_["posterior"].dataset.stack(sample=("chain", "draw"))
    at = {str(name): draws[name].transpose("sample", ...).values for name in draws}
    scale, centre = model.encoding_.scale[:2], model.encoding_.centre[:2]
    np.testing.assert_allclose(model.means_, at["mu"].mean(axis=0) * scale + centre)
    own = [[L @ L.T * np.outer(scale, scale) for L in draw] for draw in at["chol"]]
    np.testing.assert_allclose(model.covariances_, np.mean(own, axis=0))
    np.testing.assert_allclose(model.rates_, at["rate"].mean(axis=0))
    yes = at["yes"].mean(axis=0)[:, 0]
    assert list(model.levels_) == ["member", "town"]
    assert model.levels_["town"] == ("Bonn", "Kiel", "Ulm")
    np.testing.assert_allclose(model.probabilities_["member"], np.column_stack([1 - yes, yes]))
    np.testing.assert_allclose(model.probabilities_["town"], at["p_town"].mean(axis=0))


@pytest.mark.parametrize(
    ("shape", "sizes", "wanted"),
    [
        ("tied", {"chol": ("column", "row")}, (3, 3)),
        ("factor", {"sigma": (K, "column"), "loading": (K, "column", "factor")}, (2, 3, 3)),
        ("diag", {"sigma": (K, "column")}, (2, 3)),
        ("spherical", {"sigma": (K,)}, (2, 3)),
    ],
)
def test_covariances_have_the_shape_of_scikit_learns(shape, sizes, wanted):
    rng = np.random.default_rng(8)
    length = {K: 2, "column": 3, "row": 3, "factor": 2, "chain": 2, "draw": 5}
    sizes = {"w": (K,), "mu": (K, "column")} | sizes
    drawn = {
        name: (("chain", "draw", *dims), rng.random([2, 5, *(length[dim] for dim in dims)]))
        for name, dims in sizes.items()
    }
    scale = np.array([1.0, 2.0, 5.0])
    model = Mixture(2, covariance_type=shape)
    columns = tuple(Column(name, "normal") for name in "abc")
    model.encoding_ = Encoding(columns, np.zeros(3), scale)
    trace = xarray.DataTree.from_dict({"posterior": xarray.Dataset(drawn)})
    model._learnt(Posterior(2, None, trace, None, ""))
    assert model.covariances_.shape == wanted
    total = np.zeros(wanted)
    for chain, draw in np.ndindex(2, 5):
        at = {name: values[chain, draw] for name, (_, values) in drawn.items()}
        if shape == "tied":
            total += np.outer(scale, scale) * (at["chol"] @ at["chol"].T)
        for k in range(2) if shape != "tied" else ():
            if shape == "factor":
                loading = at["loading"][k].copy()
                loading[0, 1] = 0.0  # of all rotations one
                own = loading @ loading.T + np.diag(at["sigma"][k] ** 2)
                total[k] += np.outer(scale, scale) * own
            else:
                total[k] += (at["sigma"][k] * scale) ** 2
    np.testing.assert_allclose(model.covariances_, total / 10)
    # Of another fit, of counts, nothing is left of them.
    model.encoding_ = Encoding((Column("a", "poisson"),), np.zeros(1), np.ones(1))
    rate = {"w": drawn["w"], "rate": (("chain", "draw", K, "column"), rng.random((2, 5, 2, 1)))}
    trace = xarray.DataTree.from_dict({"posterior": xarray.Dataset(rate)})
    model._learnt(Posterior(2, None, trace, None, ""))
    assert "means_" not in vars(model)
    assert "covariances_" not in vars(model)
    np.testing.assert_allclose(model.rates_, rate["rate"][1].mean(axis=(0, 1)))


def test_what_is_drawn_is_of_the_kind_that_was_given():
    """Codes go back to levels: text, fractions, and whole numbers where all columns are."""
    makers = {"a": ("bernoulli", ("no", "yes")), "b": ("bernoulli", (0, 1)), "c": ("poisson", ())}
    makers |= {"d": ("categorical", (2, 5, 9)), "e": ("categorical", (0.5, 2)), "f": ("normal", ())}
    table = np.array([[1.0, 0, 3, 2, 1, 0.25], [0, 1, 0, 0, 0, -0.5]])
    wanted = {
        "a": ["yes", "no"],
        "b": [0, 1],
        "c": [3, 0],
        "d": [9, 2],
        "e": [2, 0.5],
        "f": [2, -1],
    }
    for names, dtype in [("abcdef", "O"), ("bcd", "i"), ("bcde", "f"), ("f", "f"), ("c", "i")]:
        columns = tuple(Column(name, *makers[name]) for name in names)
        scale = np.array([4.0 if name == "f" else 1.0 for name in names])
        centre = np.array([1.0 if name == "f" else 0.0 for name in names])
        at = ["abcdef".index(name) for name in names]
        found = Encoding(columns, centre, scale).decoded(table[:, at])
        assert found.dtype.kind == dtype
        assert found.T.tolist() == [wanted[name] for name in names]


def test_it_can_be_put_away_and_gone_on_with_by_hand(mixed):
    model, table, _ = mixed
    back = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(back.predict_proba(table[:5]), model.predict_proba(table[:5]))
    start = model.model_.density().start
    assert back.model_.density().evaluate(start) == model.model_.density().evaluate(start)
    space: dict = {}
    exec(model.source_, space)
    assert "said_yes" in space["build"](model._data, 3).variables
    assert clone(model).get_params() == model.get_params()
    assert "mu" in aq.relabel(model.posterior_, model.model_).posterior


def test_weights_are_counts_and_the_order_of_rows_is_nothing():
    rng = np.random.default_rng(2)
    X = np.concatenate([rng.normal(-3, 1, (15, 2)), rng.normal(3, 1, (15, 2))])
    weights = rng.integers(0, 4, len(X))
    make = Mixture(2, covariance_type="diag", draws=200, random_state=0)
    weighted = clone(make).fit(X, sample_weight=weights)
    order = rng.permutation(weights.sum())
    repeated = clone(make).fit(np.repeat(X, weights, axis=0)[order])
    np.testing.assert_array_equal(weighted.predict_proba(X), repeated.predict_proba(X))
    assert weighted.log_evidence_ == repeated.log_evidence_
    for wrong in (np.full(30, 0.5), -weights - 1, weights[:3], np.full(30, np.nan)):
        with pytest.raises(ParameterError, match="sample_weight"):
            clone(make).fit(X, sample_weight=wrong)


def test_clear_groups_are_those_of_gaussian_mixture():
    rng = np.random.default_rng(3)
    centres = np.array([[0.0, 0.0], [40.0, 400.0], [-40.0, 800.0]])
    X = np.concatenate([rng.multivariate_normal(c, [[9, 5], [5, 25]], 60) for c in centres])
    found = Mixture("auto", max_components=4, draws=200, random_state=0).fit(X)
    other = GaussianMixture(3, random_state=0, n_init=5).fit(X)
    assert found.n_components_ == 3
    assert list(found.comparison_.table.index[:3]) == [1, 2, 3]
    order = np.argsort(other.means_[:, 0])
    se = np.array([3.0, 5.0]) / np.sqrt(60)
    assert (np.abs(found.means_ - other.means_[order]) < 0.5 * se).all()
    np.testing.assert_array_equal(found.predict(X), np.argsort(order)[other.predict(X)])
    assert found.bic(X) - other.bic(X) == pytest.approx(0, abs=15)
    assert found.bic(X) - found.aic(X) == pytest.approx(17 * (np.log(180) - 2))


def test_it_works_inside_of_scikit_learn():
    rng = np.random.default_rng(5)
    X = np.concatenate([rng.normal(-4, 1, (20, 1)), rng.normal(4, 1, (20, 1))])
    X = rng.permutation(X)
    pipe = make_pipeline(StandardScaler(), Mixture(draws=200, random_state=0))
    search = GridSearchCV(pipe, {"mixture__n_components": [1, 2]}, cv=2).fit(X)
    assert search.best_params_ == {"mixture__n_components": 2}
    assert set(search.predict(X)) == {0, 1}


def test_latent_classes_of_text():
    rng = np.random.default_rng(6)
    z = rng.integers(0, 2, 200)
    answers = np.array(["no", "yes", "unsure"], object)
    X = np.column_stack([answers[np.where(rng.random(200) < 0.1, 2, z)] for _ in range(5)])
    X[0, 0] = None
    found = LatentClass(2, draws=200, random_state=0).fit(X)
    same = found.predict(X) == z
    assert min(same.mean(), 1 - same.mean()) < 0.02
    assert found.levels_["x0"] == ("no", "unsure", "yes")
    for p in found.probabilities_.values():
        np.testing.assert_allclose(p.sum(axis=1), 1)
        np.testing.assert_allclose(p[:, 1], 0.1, atol=5 * 0.03)
    with pytest.warns(aq.AliquotWarning, match="'x0' has the value 'maybe', which was not there"):
        p = found.predict_proba([["maybe", "no", "no", "no", "no"]])
    np.testing.assert_array_equal(p, found.predict_proba([[None, "no", "no", "no", "no"]]))


@pytest.mark.parametrize(
    ("given", "X", "words"),
    [
        ({"n_components": "many"}, None, "n_components must be a whole number or 'auto'"),
        ({"family": "round"}, None, "family of column 'x0' must be one of"),
        ({"family": ["normal"]}, None, "family has 1 entries and there are 2 columns"),
        ({"family": {"x0": "normal"}}, None, "no family is given for column 'x1'"),
        ({"family": "poisson"}, None, "family 'poisson' is of whole numbers"),
        ({"draws": 3}, None, "draws must be a whole number of at least"),
        ({}, [[1.0, 2.0]], "1 sample"),
        ({}, [[1.0, 2.0], [1.0, 3.0]], "column 'x0' is 1 in all 2 rows"),
        ({}, [[np.nan, 2.0], [np.nan, 3.0]], "column 'x0' has no values"),
        ({"family": "categorical"}, [["a"], ["a"]], "column 'x0' is 'a' in all rows"),
        ({"family": "bernoulli"}, [[0], [1], [2]], "'bernoulli' is for two"),
    ],
)
def test_wrong_input_is_named(given, X, words):
    rng = np.random.default_rng(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=words):
            Mixture(**given).fit(rng.normal(size=(5, 2)) if X is None else X)
