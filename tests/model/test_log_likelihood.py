"""`Model.log_likelihood`: without priors, at any point, refusing what is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

import aliquot as aq
from aliquot.errors import AliquotWarning, DTypeError, ModelError, ShapeError, SupportError

Y = np.array([-1.0, 0.3, 2.0])


def mixture() -> aq.Model:
    with aq.Model(coords={"k": ["low", "high"]}) as model:
        w = aq.Dirichlet("w", [3.0, 7.0], dims="k")
        mu = aq.Normal("mu", [-2.0, 2.0], 1, dims="k", transform=aq.transforms.ordered)
        scale = aq.HalfNormal("scale", 1)
        z = aq.Categorical("z", p=w, shape=3)
        # A continuous variable whose prior depends on the labels: no part of the likelihood.
        aq.Normal("effect", mu[z], 1, shape=3)
        aq.Normal("obs", mu[z], scale, observed=Y)
    return model


POINT = {"w": [0.25, 0.75], "mu": [-1.0, 1.5], "scale": 0.8, "effect": [0.1, 0.2, 0.3]}


def expected(w: Any, mu: Any, scale: Any) -> float:
    with np.errstate(divide="ignore"):
        return float(logsumexp(np.log(w) + stats.norm.logpdf(Y[:, None], mu, scale), axis=1).sum())


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"w": [0.0, 1.0]},
        {"w": [1.0, 0.0]},
        {"mu": [1.5, -1.0]},
        {"mu": [0.0, 0.0]},
    ],
)
def test_without_priors_and_on_bounds(change: Any) -> None:
    point = POINT | change
    found = mixture().log_likelihood(point)
    assert isinstance(found, float)
    assert found == pytest.approx(expected(point["w"], point["mu"], point["scale"]), rel=1e-13)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"mu": [0.0]}, ShapeError, r"mu: .*\(1,\), the variable \(2,\)"),
        ({"w": [0.5, 0.6]}, SupportError, r"w: .*sums to 1\.1"),
        ({"scale": -1.0}, SupportError, "scale: .*-1.0 is outside its support.*at least 0"),
        ({"scale": 0.0}, SupportError, "not a number|not defined"),
        ({"mu": [0.0, np.inf]}, SupportError, "mu: .*not finite"),
        ({"scale": "wide"}, DTypeError, "scale: .*numbers"),
        ({"other": 1.0}, ModelError, "'other' is not a free variable"),
        ({"z": [0, 1, 1]}, ModelError, "'z' is discrete and summed out"),
    ],
)
def test_what_is_no_point(change: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        mixture().log_likelihood(POINT | change)


def test_what_is_missing() -> None:
    with pytest.raises(ModelError, match="no value of 'mu', 'scale'"):
        mixture().log_likelihood({"w": [0.5, 0.5], "effect": [0.0, 0.0, 0.0]})
    with pytest.raises(ModelError, match="give a point"):
        mixture().log_likelihood(3)  # type: ignore[arg-type]
    with aq.Model() as model:
        aq.Normal("x", 0, 1)
    with pytest.raises(ModelError, match="no observed variables"):
        model.log_likelihood({"x": 0.0})


def test_potentials_are_left_out_with_a_warning() -> None:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.Normal("obs", x, 1, observed=Y)
        aq.Potential("bonus", 100 * x)
    with pytest.warns(AliquotWarning, match="potentials bonus are left out"):
        found = model.log_likelihood({"x": 0.5})
    assert found == pytest.approx(stats.norm.logpdf(Y, 0.5, 1).sum(), rel=1e-13)


def test_a_mode_carries_it() -> None:
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(3))
        z = aq.Categorical("z", p=w, shape=6)
        aq.Poisson("obs", aq.constant(np.array([0.5, 5.0, 20.0]))[z], observed=[0, 1, 4, 6, 18, 25])
        mode = aq.find_map(random_seed=1)
    assert mode.attrs["parameters"] == 2
    rates = np.array([0.5, 5.0, 20.0])
    rows = stats.poisson.logpmf(np.array([0, 1, 4, 6, 18, 25])[:, None], rates)
    want = logsumexp(np.log(mode["w"].values) + rows, axis=1).sum()
    assert mode.attrs["log_likelihood"] == pytest.approx(want, rel=1e-12)
    assert model.log_likelihood(mode) == pytest.approx(want, rel=1e-12)
    # Names of dims and their labels decide, not the order in which they come.
    assert model.log_likelihood({"w": mode["w"]}) == pytest.approx(want, rel=1e-12)
