"""Points scattered about start points, about as far as priors allow."""

from __future__ import annotations

import numpy as np

import aliquot as aq


def test_as_wide_as_the_priors(rng: np.random.Generator) -> None:
    with aq.Model() as model:
        mean = aq.Normal("mean", 1e4, 100)
        aq.Normal("child", mean, 0.01)
        aq.LogNormal("rate", 0, 3)
        aq.HalfNormal("scale", 2)
        aq.Uniform("between", -1, 1)
        aq.Dirichlet("w", np.ones(3))
        aq.Normal("ordered", 0, 5, shape=3, transform=aq.transforms.ordered)
        aq.NormalMixture("apart", [0.5, 0.5], [-50.0, 50.0], 1.0)
    density = model.density()
    points = density.scattered(rng.standard_normal((500, density.size)), {})
    assert points.shape == (500, density.size)
    values = density.constrain_draws(points)
    # Standard deviations of 500 draws are known to 3%, at 5 standard errors to 16.
    np.testing.assert_allclose(values["mean"].std(), 100, rtol=0.16)
    np.testing.assert_allclose(values["mean"].mean(), 1e4, atol=25)
    np.testing.assert_allclose((values["child"] - values["mean"]).std(), 0.01, rtol=0.16)
    assert np.log(values["rate"]).std() > 2
    assert (np.diff(values["ordered"], axis=1) > 0).all()
    np.testing.assert_allclose(values["ordered"].std(), 5, rtol=0.2)
    np.testing.assert_allclose(values["w"].sum(axis=1), 1)
    assert (values["scale"] > 0).all()
    assert (np.abs(values["between"]) < 1).all()
    # Every other point is about the other component.
    assert 200 < (values["apart"] > 0).sum() < 300


def test_values_that_are_given_stay(rng: np.random.Generator) -> None:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.Normal("y", x, 1e-3)
    density = model.density()
    points = density.scattered(rng.standard_normal((50, 2)), {"x": 7.0})
    assert (points[:, 0] == 7.0).all()
    np.testing.assert_allclose(points[:, 1], 7.0, atol=0.01)
