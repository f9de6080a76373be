"""Proposals that are fitted to draws of known distributions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from aliquot.evidence.covariance import moments
from aliquot.evidence.expectation_maximisation import gaussians
from aliquot.evidence.proposal import fit_proposal

COVARIANCE = np.array([[2.0, 0.9, 0.0], [0.9, 1.0, -0.3], [0.0, -0.3, 0.5]])
MEAN = np.array([1.0, -2.0, 5.0])


def test_many_draws_are_hardly_shrunk(rng: np.random.Generator) -> None:
    points = rng.multivariate_normal(MEAN, COVARIANCE, 5000)
    mean, scale = moments(points)
    np.testing.assert_allclose(mean, points.mean(axis=0))
    np.testing.assert_allclose(np.diag(scale.covariance()), points.var(axis=0))
    between = scale.covariance() / np.cov(points.T, ddof=0)
    assert 0.97 < between[0, 1] < 1 and 0.97 < between[1, 2] < 1
    whitened = scale.solve(points - mean)
    np.testing.assert_allclose(scale.apply(whitened), points - mean, atol=1e-12)


def test_few_draws_of_many_independent_coordinates_are_shrunk(rng: np.random.Generator) -> None:
    """Ledoit and Wolf's purpose: nearer to the truth than the sample covariance."""
    points = rng.normal(size=(60, 100))
    _, scale = moments(points)
    own, sample = scale.covariance(), np.cov(points.T, ddof=0)
    assert ((own - np.eye(100)) ** 2).sum() < 0.2 * ((sample - np.eye(100)) ** 2).sum()


def test_draws_that_repeat_few_points_have_a_covariance(rng: np.random.Generator) -> None:
    """As of chains that stay where they are: all correlations are 1 or -1."""
    for d in range(2, 10):
        places = rng.normal(size=(2, d))
        mean, scale = moments(np.repeat(places, 40, axis=0))
        np.testing.assert_allclose(mean, places.mean(axis=0))
        covariance = np.cov(places.T, ddof=0)
        np.testing.assert_allclose(scale.covariance(), covariance, rtol=1e-6, atol=1e-12)


def test_weights_count_draws(rng: np.random.Generator) -> None:
    points = rng.multivariate_normal(MEAN, COVARIANCE, 400)
    weights = rng.integers(0, 3, 400).astype(float)
    mean, scale = moments(points, weights)
    repeated = np.repeat(points, weights.astype(int), axis=0)
    np.testing.assert_allclose(mean, repeated.mean(axis=0))
    np.testing.assert_allclose(np.diag(scale.covariance()), repeated.var(axis=0))


def test_a_coordinate_that_does_not_move_is_no_obstacle(rng: np.random.Generator) -> None:
    points = np.column_stack([rng.normal(size=50), np.full(50, 2.0)])
    proposal = fit_proposal(points, rng)
    assert np.isfinite(proposal.log_density(points)).all()


def test_one_gaussian_is_described_by_one(rng: np.random.Generator) -> None:
    assert len(gaussians(rng.multivariate_normal(MEAN, COVARIANCE, 1500), rng).weights) == 1


def test_two_heaps_are_described_by_two(rng: np.random.Generator) -> None:
    """On other draws it is within 0.03 nats of the truth, for 19 numbers told from 1500 draws."""
    first = stats.multivariate_normal(MEAN, COVARIANCE)
    other = stats.multivariate_normal(MEAN + np.array([6.0, 0.0, -3.0]), 0.3 * COVARIANCE)

    def draw(n: int) -> np.ndarray:
        size = rng.binomial(n, 0.3)
        parts = first.rvs(size, random_state=rng), other.rvs(n - size, random_state=rng)
        return np.asarray(rng.permutation(np.concatenate(parts)))

    found = gaussians(draw(1500), rng)
    assert len(found.weights) == 2
    fresh = draw(4000)
    exact = np.logaddexp(np.log(0.3) + first.logpdf(fresh), np.log(0.7) + other.logpdf(fresh))
    assert (exact - found.log_density(fresh)).mean() < 0.03


@pytest.mark.parametrize(("degrees", "expected"), [(3.0, {5.0}), (12.0, {10.0, 30.0, 5.0})])
def test_tails_are_those_of_the_draws_or_heavier(
    degrees: float, expected: set[float], rng: np.random.Generator
) -> None:
    points = stats.multivariate_t(MEAN, COVARIANCE, df=degrees, seed=rng).rvs(3000)
    found = fit_proposal(points, rng)
    assert found.tails in expected


def test_more_coordinates_than_draws(rng: np.random.Generator) -> None:
    points = rng.normal(size=(40, 120))
    proposal = fit_proposal(points, rng)
    fresh, log_q = proposal.draw(50, rng)
    np.testing.assert_allclose(proposal.log_density(fresh), log_q)
