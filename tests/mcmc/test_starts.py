from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from aliquot.errors import StartError
from aliquot.mcmc.run import sample
from aliquot.mcmc.settings import NUTSSettings
from aliquot.mcmc.starts import Jittered, evaluator, find_starts
from tests.mcmc.densities import normal


def positive(flat, data):
    return jnp.sum(jnp.log(flat) - flat)


def uniform(flat, data):
    return jnp.where(jnp.all(jnp.abs(flat) < 0.5), 0.0, -jnp.inf)


def kinked(flat, data):
    return jnp.sum(jnp.sqrt(jnp.abs(flat)) - flat**2)


def test_points_lie_around_the_center():
    center = np.array([5.0, -5.0, 0.0])
    starts = find_starts(evaluator(normal, np.ones(3)), Jittered(center, 50, 0.5), seed=1)
    assert starts.shape == (50, 3)
    assert np.abs(starts - center).max() <= 0.5
    assert np.abs(starts - center).max(axis=0).min() > 0.3
    again = find_starts(evaluator(normal, np.ones(3)), Jittered(center, 50, 0.5), seed=1)
    np.testing.assert_array_equal(starts, again)
    other = find_starts(evaluator(normal, np.ones(3)), Jittered(center, 50, 0.5), seed=2)
    assert not np.any(starts == other)


def test_chains_come_in_antithetic_pairs_spread_over_the_interval():
    starts = (
        find_starts(evaluator(normal, np.ones(4)), Jittered(np.full(4, 7.0), 5, 2.0), seed=1) - 7.0
    )
    np.testing.assert_allclose(starts[1], -starts[0])
    np.testing.assert_allclose(starts[3], -starts[2])
    assert not np.any(starts[0] == starts[2])
    parts = np.floor((starts + 2.0) / 1.0)
    np.testing.assert_array_equal(np.sort(parts, axis=1), np.tile(np.arange(4.0), (5, 1)))


def test_a_center_of_each_chain_without_jitter():
    centers = np.arange(6.0).reshape(2, 3)
    starts = find_starts(evaluator(normal, np.ones(3)), Jittered(centers, 2, 0.0), seed=1)
    np.testing.assert_array_equal(starts, centers)


def test_jitter_is_tried_again_where_the_density_is_zero():
    starts = find_starts(evaluator(positive, ()), Jittered(np.zeros(2), 20), seed=1)
    assert np.all(starts > 0)


def test_failure_carries_the_last_point():
    with pytest.raises(StartError, match=r"any of 7 points.*log density is -inf") as caught:
        find_starts(evaluator(uniform, ()), Jittered(np.full(2, 10.0), 2, tries=7), seed=1)
    assert caught.value.position.shape == (2,)
    assert np.abs(caught.value.position - 10.0).max() <= 1
    assert caught.value.log_density == -np.inf
    assert caught.value.gradient.shape == (2,)


def test_a_gradient_that_is_not_finite_is_a_failure():
    with pytest.raises(StartError, match="gradient is not finite at coordinates 0, 1"):
        find_starts(evaluator(kinked, ()), Jittered(np.zeros(2), 1, 0.0), seed=1)


@pytest.mark.parametrize("vectorized", [False, True])
def test_sampling_finds_the_same_starts(vectorized):
    settings = NUTSSettings(draws=3, tune=0, max_treedepth=4)
    found = find_starts(evaluator(normal, np.ones(3)), Jittered(np.zeros(3), 2), seed=8)
    given = sample(normal, np.ones(3), found, settings=settings, seed=8, vectorized=vectorized)
    jittered = sample(
        normal,
        np.ones(3),
        Jittered(np.zeros(3), chains=2),
        settings=settings,
        seed=8,
        vectorized=vectorized,
    )
    np.testing.assert_array_equal(given.positions, jittered.positions)


def test_sampling_from_a_bad_start_fails():
    settings = NUTSSettings(draws=3, tune=0, max_treedepth=4)
    with pytest.raises(StartError, match="at the start point"):
        sample(uniform, (), np.full((2, 2), 10.0), settings=settings, seed=1)
    with pytest.raises(StartError, match="any of 100 points"):
        sample(uniform, (), Jittered(np.full(2, 10.0), 2), settings=settings, seed=1)


@pytest.mark.parametrize(
    "name, arguments",
    [
        ("center", {"center": np.zeros((3, 2))}),
        ("center", {"center": np.zeros(0)}),
        ("jitter", {"jitter": -1.0}),
        ("tries", {"tries": 0}),
    ],
)
def test_what_is_refused_is_named(name, arguments):
    starts = Jittered(**{"center": np.zeros(2), "chains": 2} | arguments)
    with pytest.raises(ValueError, match=f"^{name} must"):
        find_starts(evaluator(normal, np.ones(2)), starts, seed=1)
