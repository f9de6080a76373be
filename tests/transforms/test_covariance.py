"""Coordinates of covariances: exact at extreme scales, inside bounds, for the right values."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

import aliquot as aq
from aliquot import transforms as tr
from aliquot.errors import ModelError, SupportError
from aliquot.precision import float64
from tests.transforms.cases import compiled


@pytest.mark.parametrize("n", [2, 3, 30])
def test_round_trips_at_extreme_scales_and_correlations(n, rng):
    pairs = n * (n - 1) // 2
    for scale in (1e-150, 1e-20, 1.0, 1e20, 1e150):
        for partial in (1e-8, 1.0, 20.0):  # 1 - tanh(20) is 4e-18
            few = rng.uniform(size=pairs) < 3.0 / n  # the others 0: no row shrinks to nothing
            y = np.concatenate(
                [np.log(scale) + rng.normal(size=n), few * partial * rng.choice([-1, 1], pairs)]
            )
            found = compiled(tr.cholesky)(y)
            assert np.isfinite(found.x).all()
            np.testing.assert_allclose(found.y, y, rtol=1e-13, atol=1e-13)
            lengths = np.sqrt(np.sum((found.x / scale) ** 2, axis=-1))
            np.testing.assert_allclose(lengths, np.exp(y[:n] - np.log(scale)), rtol=1e-12)


def test_the_coordinates_are_logarithms_of_scales_and_partial_correlations():
    s, r12, r13, r23 = np.array([2.0, 0.5, 3.0]), 0.6, -0.3, 0.4
    corr = np.array([[1, r12, r13], [r12, 1, r23], [r13, r23, 1]])
    given_first = (r23 - r12 * r13) / np.sqrt((1 - r12**2) * (1 - r13**2))
    with float64():
        y = tr.cholesky.forward(np.linalg.cholesky(corr * s * s[:, None]))
    expected = [*np.log(s), *np.arctanh([r12, r13, given_first])]
    np.testing.assert_allclose(y, expected, rtol=1e-13)


BOUNDED = {
    "between": aq.Uniform.dist(1.0, 2.0),
    "each its own": aq.TruncatedNormal.dist(
        [1.0, 20.0, 3.0], 1.0, lower=[0.5, 19.0, 2.0], upper=40
    ),
    "above": aq.TruncatedNormal.dist(1.0, 2.0, lower=0.7),
    "probability": aq.Beta.dist(0.5, 0.5),
}


@pytest.mark.parametrize("sd_dist", BOUNDED.values(), ids=BOUNDED)
@pytest.mark.parametrize("at", [-40.0, -3.0, 0.3, 40.0])
def test_scales_stay_inside_their_bounds(sd_dist, at, rng):
    with aq.Model() as model:
        chol, *_ = aq.LKJCholeskyCov("c", eta=1.5, n=3, sd_dist=sd_dist)
    density = model.density()
    inside = sd_dist.support
    for _ in range(5):
        y = np.concatenate([np.full(3, at), rng.normal(size=3)])
        found = density.constrain_draws(y[None])
        assert chol.distribution.support.check(found["c"][0])
        assert inside.check(found["c_stds"]).all()
        assert np.isfinite(density.evaluate(y))
        again = density.unconstrain({"c": found["c"][0]})
        if abs(at) < 10:
            np.testing.assert_allclose(again, y, rtol=1e-9)


def test_the_density_of_the_coordinates_is_that_of_scales_and_correlations(rng):
    """Two rows: log normal scales are normal in the logarithm, and r = tanh(y) is Beta."""
    with aq.Model() as model:
        aq.LKJCholeskyCov("c", eta=1.7, n=2, sd_dist=aq.LogNormal.dist([0.3, -400.0], [0.5, 90.0]))
    density = model.density()
    for y in rng.normal(size=(5, 3)) * [1.0, 90.0, 3.0] + [0.0, -400.0, 0.0]:
        expected = stats.norm([0.3, -400.0], [0.5, 90.0]).logpdf(y[:2]).sum()
        # r is 2 b - 1 with b ~ Beta(eta, eta); 1 + r, 1 - r and dr / dy = (1 + r)(1 - r) from y.
        log_more, log_less = (np.log(2) - np.logaddexp(0, sign * 2 * y[2]) for sign in (-1, 1))
        expected += 0.7 * (log_more + log_less) - 2.4 * np.log(2) - special.betaln(1.7, 1.7)
        expected += log_more + log_less
        np.testing.assert_allclose(density.evaluate(y), expected, rtol=1e-12)


def test_names_and_labels():
    with aq.Model() as model:
        aq.LKJCholeskyCov("c", eta=1, n=2, sd_dist=aq.Exponential.dist(1), shape=(2, 2, 2))
    (slot,) = model.density().slots
    assert slot.unconstrained_name == "c_cholesky__"
    assert slot.labels[-1] == "c_cholesky__[1, 2]"
    assert slot.shape == (2, 3)


def test_a_start_value_outside_of_the_scales_is_refused():
    with aq.Model(), pytest.raises(SupportError, match="rows whose lengths are from 0 to 2"):
        aq.LKJCholeskyCov(
            "c", eta=1, n=2, sd_dist=aq.Uniform.dist(0, 2), initval=np.diag([1.0, 3.0])
        )
    start = np.array([[1.5, 0.0], [0.3, 0.9]])
    with aq.Model() as model:
        aq.LKJCholeskyCov("c", eta=1, n=2, sd_dist=aq.Uniform.dist(0, 2), initval=start)
    density = model.density()
    np.testing.assert_allclose(density.constrain_draws(density.start)["c"], start, rtol=1e-14)


@pytest.mark.parametrize(
    ("transform", "words"),
    [
        (tr.cholesky, "transform cholesky reaches .*lengths are from 0 to 2"),
        (tr.cholesky_corr, "cholesky_corr has 3 coordinates.*LKJCholeskyCov, which have 6"),
    ],
)
def test_a_transform_for_other_values_is_refused(transform, words):
    with aq.Model(), pytest.raises(ModelError, match=words):
        aq.LKJCholeskyCov("c", eta=1, n=3, sd_dist=aq.Uniform.dist(0, 2), transform=transform)


def test_a_transform_with_too_few_coordinates_is_refused():
    with aq.Model(), pytest.raises(ModelError, match=r"simplex has 2 coordinates.*which have 3"):
        aq.Exponential("x", 1.0, shape=3, transform=tr.simplex)


def test_covariances_trade_places_only_where_their_scales_have_the_same_bounds():
    def blocks(second):
        with aq.Model() as model:
            w = aq.Dirichlet("w", np.ones(2))
            for name, sd_dist in [("a", aq.Uniform.dist(0, 2)), ("b", second)]:
                aq.LKJCholeskyCov(name, eta=1, n=2, sd_dist=sd_dist, compute_corr=False)
            a, b = (next(v for v in model.free if v.name == name) for name in "ab")
            dists = [aq.MvNormal.dist(np.zeros(2), chol=chol) for chol in (a, b)]
            aq.Mixture("x", w=w, comp_dists=dists, observed=np.eye(2))
        return list(model.symmetries(explain=False).blocks)

    assert blocks(aq.Uniform.dist(0, 2))
    assert not blocks(aq.Uniform.dist(0, 2.01))
