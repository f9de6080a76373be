"""Mixtures of Gaussians and of t: densities by SciPy, moments and laws from many draws.

A correct program fails in one of 10,000 runs of this file at most: a difference of more than 6.5
standard errors has a chance of 1e-10 in each of 150 comparisons, a p-value below 1e-6 has this very
chance in each of 20.
"""

from __future__ import annotations

from dataclasses import replace
from math import lgamma

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.gaussians.scale import Diagonal
from tests.variational.scales import KINDS, random_scale

MANY = 100_000
ERRORS = 6.5
LEAST_P = 1e-6
# Rounding; a log density can be any number, 0 as well.
CLOSE = {"rtol": 1e-9, "atol": 1e-8}
# Degrees of freedom: none have a variance below 2, nor a mean below 1.
TAILS = (np.inf, 3.0, 0.7)
each_tail = pytest.mark.parametrize("tails", TAILS)
CASES = {
    **{kind: (kind,) for kind in KINDS},
    "two alike": ("dense", "dense"),
    "one of each": KINDS,
}
each_case = pytest.mark.parametrize("kinds", CASES.values(), ids=CASES)


def random_mixture(
    kinds: tuple[str, ...], rng: np.random.Generator, *, size: int = 3, tails: float = np.inf
) -> GaussianMixture:
    """Members with such scales, close enough to overlap."""
    weights = rng.uniform(1, 3, len(kinds))
    scales = tuple(random_scale(kind, size, rng) for kind in kinds)
    return GaussianMixture(
        weights / weights.sum(), rng.normal(size=(len(kinds), size)), scales, tails
    )


def exact_joint(q: GaussianMixture, points: np.ndarray) -> np.ndarray:
    """Log of weight times density of each member (M, n), by SciPy."""
    rows = []
    for weight, center, scale in zip(q.weights, q.centers, q.scales, strict=True):
        if np.isinf(q.tails):
            law = stats.multivariate_normal(center, scale.covariance())
        else:
            law = stats.multivariate_t(center, scale.covariance(), df=q.tails)
        rows.append(np.log(weight) + law.logpdf(points))
    return np.stack(rows)


def assert_mean(draws: np.ndarray, mean: np.ndarray) -> None:
    """The average of independent draws (n, ...) is this within its standard error."""
    error = draws.std(axis=0) / np.sqrt(len(draws))
    assert (np.abs(draws.mean(axis=0) - mean) < ERRORS * error).all()


@each_tail
@each_case
def test_densities_are_those_of_scipy(
    kinds: tuple[str, ...], tails: float, rng: np.random.Generator
) -> None:
    q = random_mixture(kinds, rng, tails=tails)
    points = 3 * rng.normal(size=(20, 3))
    exact = exact_joint(q, points)
    assert q.log_joint(points).shape == (len(kinds), 20)
    np.testing.assert_allclose(q.log_joint(points), exact, **CLOSE)
    np.testing.assert_allclose(q.log_density(points), logsumexp(exact, axis=0), **CLOSE)


@each_tail
@each_case
def test_draws_come_with_their_densities(
    kinds: tuple[str, ...], tails: float, rng: np.random.Generator
) -> None:
    q = random_mixture(kinds, rng, tails=tails)
    points, log_q = q.draw(200, rng)
    assert points.shape == (200, 3)
    assert log_q.shape == (200,)
    np.testing.assert_allclose(log_q, q.log_density(points), **CLOSE)
    np.testing.assert_allclose(log_q, logsumexp(exact_joint(q, points), axis=0), **CLOSE)


@pytest.mark.parametrize("size", [1, 60])
def test_a_coordinate_and_many(size: int, rng: np.random.Generator) -> None:
    for tails in (np.inf, 4.0):
        q = random_mixture(KINDS, rng, size=size, tails=tails)
        assert q.size == size
        points, log_q = q.draw(50, rng)
        np.testing.assert_allclose(log_q, logsumexp(exact_joint(q, points), axis=0), **CLOSE)


@pytest.mark.parametrize("tails", [np.inf, 12.0])
@each_case
def test_moments_are_those_of_many_draws(
    kinds: tuple[str, ...], tails: float, rng: np.random.Generator
) -> None:
    q = random_mixture(kinds, rng, tails=tails)
    points, _ = q.draw(MANY, rng)
    assert_mean(points, q.mean)
    away = points - q.mean
    assert_mean(away[:, :, None] * away[:, None, :], q.covariance)
    np.testing.assert_allclose(q.std, np.sqrt(np.diag(q.covariance)), rtol=1e-12)


@each_tail
@pytest.mark.parametrize("kind", KINDS)
def test_lengths_of_draws_have_the_right_law(
    kind: str, tails: float, rng: np.random.Generator
) -> None:
    """Squared lengths of the noise are chi-squared; of a t they are d times F-distributed."""
    q = random_mixture((kind,), rng, tails=tails)
    points, _ = q.draw(MANY, rng)
    squared = (q.scales[0].solve(points - q.centers[0]) ** 2).sum(axis=1) / q.size
    law = stats.chi2(3, scale=1 / 3) if np.isinf(tails) else stats.f(3, tails)
    assert stats.kstest(squared, law.cdf).pvalue > LEAST_P


@each_tail
def test_coordinates_have_the_right_law(tails: float, rng: np.random.Generator) -> None:
    q = random_mixture(("low rank", "diagonal"), rng, tails=tails)
    points, _ = q.draw(MANY, rng)
    one = stats.norm if np.isinf(tails) else stats.t(tails)
    stds = np.sqrt([scale.variance() for scale in q.scales])
    for i in range(q.size):

        def cdf(x: np.ndarray, i: int = i) -> np.ndarray:
            standard = (x[:, None] - q.centers[:, i]) / stds[:, i]
            return one.cdf(standard) @ q.weights

        assert stats.kstest(points[:, i], cdf).pvalue > LEAST_P


def test_members_are_drawn_as_often_as_they_weigh(rng: np.random.Generator) -> None:
    weights = np.array([0.2, 0.5, 0.05, 0.25])
    centers = 1000.0 * np.arange(4)[:, None] * np.ones(2)
    scales = tuple(random_scale(kind, 2, rng) for kind in (*KINDS, "dense"))
    points, _ = GaussianMixture(weights, centers, scales).draw(MANY, rng)
    which = np.round(points[:, 0] / 1000).astype(int)  # standard deviations are below 25
    assert stats.chisquare(np.bincount(which, minlength=4), MANY * weights).pvalue > LEAST_P
    # Which member the next draw is from has nothing to do with it.
    pairs = np.histogram2d(which[:-1:2], which[1::2], bins=4)[0]
    assert stats.chi2_contingency(pairs).pvalue > LEAST_P
    # Each member by itself: the mean of its own draws.
    for k, scale in enumerate(scales):
        assert_mean(scale.solve(points[which == k] - centers[k]), np.zeros(2))


def test_moments_of_members_by_hand() -> None:
    """Two points of weight 1/4 and 3/4, 4 apart: a mean of 3, and 3 more for the variance."""
    scales = (Diagonal(np.array([1.0, 2.0])), Diagonal(np.array([3.0, 2.0])))
    q = GaussianMixture(np.array([0.25, 0.75]), np.array([[0.0, 1.0], [4.0, 1.0]]), scales)
    np.testing.assert_allclose(q.mean, [3.0, 1.0])
    np.testing.assert_allclose(q.covariance, [[0.25 + 0.75 * 9 + 3, 0], [0, 4]])
    np.testing.assert_allclose(q.std, np.sqrt([10.0, 4.0]))
    # With 6 degrees of freedom the members' own variances are 6 / 4 times as large.
    np.testing.assert_allclose(q.with_tails(6.0).std, np.sqrt([1.5 * 7 + 3, 6.0]))


def test_a_mixture_of_alike_members_is_one_of_them(rng: np.random.Generator) -> None:
    one = random_mixture(("dense",), rng, tails=5.0)
    both = GaussianMixture(np.array([0.3, 0.7]), np.tile(one.centers, (2, 1)), one.scales * 2, 5.0)
    points = rng.normal(size=(10, 3))
    np.testing.assert_allclose(both.log_density(points), one.log_density(points), **CLOSE)
    np.testing.assert_allclose(both.mean, one.mean, **CLOSE)
    np.testing.assert_allclose(both.covariance, one.covariance, **CLOSE)


def test_of_is_a_single_gaussian(rng: np.random.Generator) -> None:
    center = np.array([1.0, -2.0])
    q = GaussianMixture.of(center, random_scale("dense", 2, rng))
    np.testing.assert_array_equal(q.weights, [1.0])
    np.testing.assert_array_equal(q.mean, center)
    np.testing.assert_allclose(q.covariance, q.scales[0].covariance(), rtol=1e-14)
    assert q.tails == np.inf


def test_with_tails_keeps_the_rest_and_infinite_ones_are_gaussian(
    rng: np.random.Generator,
) -> None:
    q = random_mixture(("dense", "diagonal"), rng)
    heavy = q.with_tails(4.0)
    assert heavy.tails == 4.0
    assert q.tails == np.inf
    for name in ("weights", "centers", "scales"):
        assert getattr(heavy, name) is getattr(q, name)
    points, log_q = q.draw(10, rng)
    back = heavy.with_tails(np.inf)
    np.testing.assert_array_equal(back.log_density(points), log_q)
    # The t tends to the Gaussian: the difference is of the order of 1 / degrees of freedom.
    nearly = q.with_tails(1e8).log_density(points)
    np.testing.assert_allclose(nearly, log_q, atol=1e-4)


@pytest.mark.parametrize("tails", [2.0, 1.0])
def test_without_a_variance_the_standard_deviation_is_infinite(
    tails: float, rng: np.random.Generator
) -> None:
    q = random_mixture(KINDS, rng, tails=tails)
    np.testing.assert_array_equal(q.std, np.inf)


def test_the_same_generator_gives_the_same_draws(rng: np.random.Generator) -> None:
    q = random_mixture(KINDS, rng, tails=4.0)
    first, again, other = (q.draw(5, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[0] != other[0]).all()


@each_tail
@each_case
def test_no_points_and_no_draws(
    kinds: tuple[str, ...], tails: float, rng: np.random.Generator
) -> None:
    q = random_mixture(kinds, rng, tails=tails)
    points, log_q = q.draw(0, rng)
    assert points.shape == (0, 3)
    assert log_q.shape == q.log_density(points).shape == (0,)


@each_case
def test_far_away_the_log_density_is_a_number(
    kinds: tuple[str, ...], rng: np.random.Generator
) -> None:
    """Where each member's density is 0 as a float, and their sum has no logarithm."""
    q = random_mixture(kinds, rng)
    points = 1e6 * np.eye(3)
    with np.errstate(all="raise", under="ignore"):
        found, heavy = q.log_density(points), q.with_tails(3.0).log_density(points)
    assert (found < -1e6).all()
    np.testing.assert_allclose(found, logsumexp(exact_joint(q, points), axis=0), **CLOSE)
    exact = logsumexp(exact_joint(q.with_tails(3.0), points), axis=0)
    np.testing.assert_allclose(heavy, exact, **CLOSE)


def test_a_member_without_weight_does_not_count(rng: np.random.Generator) -> None:
    one = random_mixture(("dense",), rng)
    both = replace(
        one,
        weights=np.array([1.0, 0.0]),
        centers=np.stack([one.centers[0], one.centers[0] + 5]),
        scales=(*one.scales, Diagonal(np.ones(3))),
    )
    points = rng.normal(size=(10, 3)) + 5 * (np.arange(10) % 2)[:, None]
    with np.errstate(all="raise", under="ignore"):
        joint, found = both.log_joint(points), both.log_density(points)
    np.testing.assert_array_equal(joint[1], -np.inf)
    np.testing.assert_allclose(found, one.log_density(points), **CLOSE)
    np.testing.assert_allclose(both.covariance, one.covariance, rtol=1e-12)


@pytest.mark.parametrize("point", [-np.inf, np.inf])
def test_at_infinity_the_density_is_zero(point: float) -> None:
    q = GaussianMixture(np.array([0.5, 0.5]), np.zeros((2, 2)), (Diagonal(np.ones(2)),) * 2)
    points = np.array([[point, 0.0], [0.0, 0.0]])
    for tails in (np.inf, 3.0):
        found = q.with_tails(tails).log_density(points)
        assert found[0] == -np.inf
        assert np.isfinite(found[1])


def test_the_height_of_a_t_at_its_centre() -> None:
    """The constant of the density, Gamma((nu + d) / 2) / (Gamma(nu / 2) (nu pi)**(d / 2))."""
    q = GaussianMixture.of(np.zeros(400), Diagonal(np.full(400, 2.0))).with_tails(5.0)
    exact = lgamma(202.5) - lgamma(2.5) - 200 * np.log(5 * np.pi) - 400 * np.log(2.0)
    np.testing.assert_allclose(q.log_density(np.zeros((1, 400))), exact, rtol=1e-12)
