"""Random walks against the joint normal distribution that they are, and their shapes."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy import stats

from aliquot.distributions.counts import Poisson
from aliquot.distributions.location_scale import HalfNormal, Normal
from aliquot.distributions.random_walk import GaussianRandomWalk
from aliquot.errors import ParameterError, ShapeError
from aliquot.precision import float64
from tests.distributions.law import log_prob_of


def test_equals_the_joint_normal_distribution():
    mu, sigma = np.array([0.1, -0.2, 0.3, 0.0]), np.array([0.5, 1.0, 2.0, 0.3])
    walk = GaussianRandomWalk(mu, sigma, init_dist=Normal(1.0, 2.0))
    variances = np.concatenate([[4.0], sigma**2])
    sums = np.tri(5)
    joint = stats.multivariate_normal(
        sums @ np.concatenate([[1.0], mu]), sums @ np.diag(variances) @ sums.T
    )
    x = np.random.default_rng(0).normal(size=(6, 5))
    np.testing.assert_allclose(log_prob_of(walk, x), joint.logpdf(x), rtol=1e-11)
    np.testing.assert_allclose(walk.mean(), joint.mean, rtol=1e-14)
    np.testing.assert_allclose(walk.variance(), np.diag(joint.cov), rtol=1e-14)


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({"steps": 4}, (5,)),
        ({"shape": 5}, (5,)),
        ({"shape": (3, 5), "steps": 4}, (3, 5)),
        ({"sigma": np.ones(4)}, (5,)),
        ({"sigma": np.ones((3, 1)), "steps": 4}, (3, 5)),
        ({"sigma": np.ones((3, 1)), "mu": np.zeros(4)}, (3, 5)),
        ({"init_dist": Normal(np.zeros(3), 1.0), "steps": 4}, (3, 5)),
        ({"steps": 0}, (1,)),
    ],
)
def test_shapes(arguments, shape):
    walk = GaussianRandomWalk(**arguments)
    assert walk.shape == shape
    draws = walk.sample(2, random_seed=0)
    assert draws.shape == (2, *shape)
    assert log_prob_of(walk, draws).shape == (2, *shape[:-1])
    assert walk.mean().shape == shape


def test_number_of_steps_must_be_given_once():
    with pytest.raises(ShapeError, match="give steps"):
        GaussianRandomWalk()
    with pytest.raises(
        ShapeError, match=r"steps says 4, the last axis of sigma says 3.*\[:, None\]"
    ):
        GaussianRandomWalk(sigma=np.ones(3), steps=4)
    with pytest.raises(ShapeError, match="steps says 4, shape, less one, says 6"):
        GaussianRandomWalk(steps=4, shape=7)


def test_first_point_must_be_a_continuous_number():
    for wrong in (0.0, Poisson(1.0), GaussianRandomWalk(steps=2)):
        with pytest.raises(ParameterError, match="init_dist must be a continuous"):
            GaussianRandomWalk(steps=3, init_dist=wrong)


def test_start_off_the_support_of_the_first_point():
    walk = GaussianRandomWalk(steps=1, init_dist=HalfNormal(1.0))
    assert walk.log_prob([-1.0, 0.0]) == -np.inf
    with float64():
        gradient = jax.grad(walk.checked_log_prob)(np.array([-1.0, 0.0]))
        assert np.all(np.isfinite(gradient))


def test_per_step_draws_have_their_scales():
    sigma, count = np.array([0.1, 3.0]), 20_000
    walk = GaussianRandomWalk(1.0, sigma, init_dist=Normal(0.0, 1.0))
    steps = np.diff(walk.sample(count, random_seed=3))
    spread = np.std(steps, axis=0) / sigma - 1
    assert np.all(np.abs(spread) < 4.5 / np.sqrt(2 * count))
    assert np.all(np.abs(steps.mean(axis=0) - 1) < 4.5 * sigma / np.sqrt(count))
