"""Interventions and new observations: against the same models written by hand."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray
from scipy import stats

import aliquot as aq

pytestmark = pytest.mark.filterwarnings("ignore::aliquot.ImputationWarning")

SEEN = np.array([0.3, 1.2, np.nan, -0.5])


def everything(mean: Any = None, hidden: Any = None, late: Any = None, walk: Any = None) -> Any:
    """Write a model with a variable of every kind; what is given is observed."""
    with aq.Model(coords={"g": ["a", "b"], "row": 4}, max_table=1_000) as model:
        x = aq.Data("x", np.arange(4.0), dims="row")
        which = aq.Data("which", [0, 1, 1, 0], dims="row")
        w = aq.Dirichlet("w", [1.0, 2.0])
        mean_ = aq.Normal("mean", 0, 3, observed=mean)
        mu = aq.Normal("mu", mean_, 3, dims="g", transform=aq.transforms.ordered)
        sigma = aq.HalfNormal("sigma", 1, initval=2.0)
        z = aq.Categorical("z", w, dims="row", observed=hidden)
        level = aq.Deterministic("level", mu[z] + x * mu[which] / len(which), dims="row")
        y = aq.Normal("y", level, sigma, observed=SEEN, dims="row")
        aq.Potential("tilt", -((y[0] - mean_) ** 2))
        chol, _, _ = aq.LKJCholeskyCov("chol", 2, 2, aq.HalfNormal.dist(sigma))
        late_ = aq.MvNormal("late", mu, chol=chol, shape=(3, 2), observed=late)
        parts = [aq.Normal.dist(mu[0], 1), aq.StudentT.dist(3, mu[1], sigma=sigma)]
        both = aq.Mixture("both", w, parts)
        aq.Potential("old", aq.Normal.dist(both, sigma).log_prob(late_[0, 0]))
        aq.GaussianRandomWalk("walk", sigma=sigma, init_dist=aq.Normal.dist(0, 1), steps=3,
                              observed=walk)  # fmt: skip
        total, _ = aq.scan(lambda c, row: (c * 0.5 + row * sigma, None), 0.0, x)
        aq.CustomDist("own", total, logp=lambda v, m: -abs(v - m), support=(both, None))
    return model


def assert_same_density(one: aq.Model, other: aq.Model, rng: np.random.Generator) -> None:
    a, b = one.density(), other.density()
    assert a.labels == b.labels
    np.testing.assert_array_equal(a.start, b.start)
    for _ in range(3):
        x = rng.normal(size=a.size)
        np.testing.assert_allclose(a.evaluate(x), b.evaluate(x), rtol=1e-13)


DATA: dict[str, Any] = {
    "mean": 0.4,
    "hidden": [0, 1, 1, 0],
    "late": np.arange(6.0).reshape(3, 2),
    "walk": [0.1, 0.4, np.nan, 1.0],
}
NAMES = {"hidden": "z"}


@pytest.mark.parametrize("which", [(), ("mean", "hidden"), tuple(DATA)])
def test_observe_is_the_model_written_with_observed(
    which: tuple[str, ...], rng: np.random.Generator
) -> None:
    model = everything()
    described = repr(model)
    given = {NAMES.get(key, key): DATA[key] for key in which}
    observed = aq.observe(model, given)
    by_hand = everything(**{key: DATA[key] for key in which})
    assert repr(observed) == repr(by_hand)
    assert_same_density(observed, by_hand, rng)
    assert repr(model) == described
    assert list(observed.coords["g"]) == ["a", "b"]
    assert observed["level"].dims == ("row",)
    assert observed.max_table == 1_000
    assert all(v.owner is observed for v in observed.variables.values())


def test_do_is_the_model_written_with_the_values_in_place(rng: np.random.Generator) -> None:
    with aq.Model() as by_hand:
        mu = aq.Normal("mu", 0, 1, shape=2)
        z = aq.Data("z", [1, 0, 1])
        level = aq.Data("level", [2.0, 2.0, 2.0])
        x = aq.Data("x", [0.1, 0.2, 0.3])
        aq.Normal("y", mu[z] * level + x, 1, observed=[1.0, 2.0, 3.0])
    with aq.Model() as model:
        w = aq.Beta("w", 1, 1)
        mu = aq.Normal("mu", 0, 1, shape=2)
        z = aq.Bernoulli("z", w, shape=3)
        level = aq.Deterministic("level", 1.0 * z + mu.sum())
        x = aq.Normal("x", mu[z], 1, observed=[5.0, 6.0, 7.0])
        aq.Normal("y", mu[z] * level + x, 1, observed=[1.0, 2.0, 3.0])
    changed = aq.do(model, {"z": [1, 0, 1], "level": 2, "x": [0.1, 0.2, 0.3], "w": 0.5})
    assert [type(v).__name__ for v in changed.variables.values()] == [
        "Data", "FreeVariable", "Data", "Data", "Data", "ObservedVariable"
    ]  # fmt: skip
    assert_same_density(changed, by_hand, rng)
    # Values can be replaced, and are looked at as an index that is written is.
    changed.set_data({"level": [0.0, 1.0, 2.0]})
    by_hand.set_data({"level": [0.0, 1.0, 2.0]})
    assert_same_density(changed, by_hand, rng)
    with pytest.raises(IndexError, match="out of bounds"):
        changed.set_data({"z": [1, 0, 2]})


def test_prior_draws_after_do_are_interventional(rng: np.random.Generator) -> None:
    with aq.Model() as model:
        cause = aq.Bernoulli("cause", 0.3)
        x = aq.Bernoulli("x", 0.1 + 0.8 * cause)
        y = aq.Bernoulli("y", 0.2 + 0.3 * x + 0.4 * cause)
        aq.Normal("seen", y, 1, observed=0.2)
    draws = 4_000
    seed = int(rng.integers(2**31))
    prior = aq.sample_prior_predictive(draws, model=aq.do(model, {"x": 1}), random_seed=seed).prior
    # P(y | do(x = 1)) = sum over causes of P(cause) P(y | x = 1, cause), which is not P(y | x = 1).
    for name, chance in (("cause", 0.3), ("y", 0.5 + 0.4 * 0.3)):
        count = int(prior[name].sum())
        assert stats.binomtest(count, draws, chance).pvalue > 1e-5
    assert "x" not in prior


def test_what_is_done_with_models_works_on_new_ones() -> None:
    with aq.Model() as model:
        w = aq.Dirichlet("w", [1.0, 1.0])
        mu = aq.Normal("mu", 0, 3, shape=2)
        sigma = aq.HalfNormal("sigma", 1)
        z = aq.Categorical("z", w, shape=5)
        aq.Normal("y", mu[z], sigma, shape=5)
    new = aq.observe(aq.do(model, {"sigma": 0.5}), {"y": [-2.0, 2.1, 1.9, -1.8, 2.0]})
    assert new.symmetries().modes == 2
    assert "summing out z (2 states x 5)" in str(new.marginalization())
    draws = {"w": [0.4, 0.6], "mu": [-2.0, 2.0]}
    shape = (1, 50)
    posterior = xarray.Dataset(
        {k: (("chain", "draw", f"{k}_dim_0"), np.tile(v, (*shape, 1))) for k, v in draws.items()}
    )
    trace = xarray.DataTree.from_dict({"posterior": posterior})
    labels = aq.recover(trace, new, random_seed=1).posterior["z"].values
    assert np.mean(labels[..., 0] == labels[..., 3]) > 0.99
    assert np.mean(labels[..., 0] == labels[..., 1]) < 0.01
    # Posterior draws of the model, seen through an intervention.
    done = aq.do(new, {"mu": [10.0, 10.0]})
    ahead = aq.sample_posterior_predictive(trace, done, random_seed=1).posterior_predictive["y"]
    assert np.all(np.abs(ahead.values - 10) < 10 * 0.5)


def test_lengths_that_were_read_still_do_not_follow() -> None:
    model = aq.do(everything(), {"mean": 0.0})
    with pytest.raises(aq.ShapeError, match=r"axis 0 of which was read .*\(test_rewritten\.py, li"):
        model.set_data({"x": np.ones(3), "which": [0, 1, 1]}, coords={"row": 3})


REFUSED: list[tuple[Callable[..., Any], dict[str, Any], type[Exception], str]] = [
    (aq.do, {"nope": 1}, aq.ModelError, r"aq\.do: the model has no variable 'nope'; it can be 'w'"),
    (aq.do, {"tilt": 1}, aq.ModelError, "'tilt' is a potential"),
    (aq.do, {"x": np.ones(4)}, aq.ModelError, r"'x' is data, which are replaced with aq\.set_data"),
    (aq.do, {"y_missing": [1.0]}, aq.ModelError, "give the whole of that"),
    (aq.do, {"sigma": -1.0}, aq.SupportError, r"sigma: .*must be at least 0; got -1\.0"),
    (aq.do, {"mu": [1.0, 0.0]}, aq.SupportError, "mu: .*because the variable is ordered"),
    (aq.do, {"mu": [1.0, 2.0, 3.0]}, aq.ShapeError, r"mu: the values have shape \(3,\)"),
    (aq.do, {"z": 2}, aq.SupportError, "z: .*an integer from 0 to 1"),
    (aq.do, {"z": 0.5}, aq.DTypeError, "z: .*give whole numbers"),
    (aq.do, {"y": SEEN}, aq.ModelError, "y: the values hold NaN"),
    (aq.do, {"sigma": "a"}, aq.DTypeError, "sigma: the data must be numbers"),
    (aq.observe, {"nope": 1}, aq.ModelError, r"aq\.observe: the model has no variable 'nope'"),
    (aq.observe, {"y": SEEN}, aq.ModelError, "'y' is observed already"),
    (aq.observe, {"level": SEEN}, aq.ModelError, "'level' is computed from others"),
    (aq.observe, {"x": SEEN}, aq.ModelError, "'x' is data"),
    (aq.observe, {"mu": [0.0, 1.0]}, aq.ModelError, "mu: its transform ordered keeps it to a part"),
    (aq.observe, {"late": [0.0, 1.0]}, aq.ShapeError, r"late: the data have shape \(2,\)"),
    (aq.observe, {"sigma": -1.0}, aq.SupportError, r"sigma: .*got -1\.0"),
    (aq.observe, {"z": [0, 1, 2, 0]}, aq.SupportError, "z: .*got 2 at index"),
]


def test_what_cannot_be_set_or_observed_is_refused_by_name() -> None:
    model = everything()
    for function, values, error, says in REFUSED:
        with pytest.raises(error, match=says):
            function(model, values)
    with pytest.raises(aq.ModelError, match="give numbers; got the expression sigma"):
        aq.do(model, {"mean": model["sigma"]})
    with pytest.raises(aq.ModelError, match="give numbers; got the expression sigma"):
        aq.observe(model, {"mean": model["sigma"]})
    with pytest.raises(aq.ModelError, match="must be a mapping"):
        aq.do(model, "mean")  # type: ignore[arg-type]
    with pytest.raises(aq.ModelError, match=r"model must be an aq\.Model"):
        aq.do({"mean": 1.0}, model)  # type: ignore[arg-type]


def test_what_was_said_of_missing_values_is_not_said_again() -> None:
    model = everything()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = aq.do(model, {"sigma": 1.0})
    assert again["y"].missing.tolist() == [False, False, True, False]
    with pytest.warns(aq.ImputationWarning, match="walk: 1 of 4"):
        aq.observe(model, {"walk": DATA["walk"]})
