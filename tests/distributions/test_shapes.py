"""Shapes: parameters broadcast, draws and densities follow, and what does not fit is refused."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from aliquot.distributions.base import Distribution
from aliquot.distributions.bounded import Beta, Uniform
from aliquot.distributions.circular import VonMises
from aliquot.distributions.gamma import Gamma
from aliquot.distributions.location_scale import Normal
from aliquot.distributions.truncated_normal import TruncatedNormal
from aliquot.errors import DTypeError, ShapeError
from aliquot.precision import float64
from tests.distributions.case import Case
from tests.distributions.table import cases_with, inside

BATCH = (2, 3)


def univariate(case: Case) -> bool:
    return case.build().shape == () and isinstance(case.make, type)


@cases_with(univariate)
def test_shape_and_broadcast_parameters(case: Case) -> None:
    shaped = case.build(shape=BATCH)
    assert shaped.shape == shaped.batch_shape == BATCH
    points = np.resize(inside(case), BATCH)
    expected = case.build().log_prob(points)
    np.testing.assert_allclose(shaped.log_prob(points), expected, rtol=1e-12)
    numbers = {k: value for k, value in case.arguments.items() if isinstance(value, float)}
    columns = {
        name: np.full((2, 1) if i % 2 else (3,), value)
        for i, (name, value) in enumerate(numbers.items())
    }
    if len(columns) > 1:
        broadcast = case.build(**columns)
        assert broadcast.shape == BATCH
        np.testing.assert_allclose(broadcast.log_prob(points), expected, rtol=1e-12)
        with float64():
            start = jax.eval_shape(lambda it: it.start(), broadcast)
        assert start.shape == BATCH


@cases_with(lambda case: case.samples)
def test_draws_have_the_distribution_s_shape(case: Case) -> None:
    distribution = case.build()
    with float64():
        key = jax.random.key(0)
        drawn = jax.eval_shape(lambda it: it.draw(key, (5, *it.shape)), distribution)
    assert drawn.shape == (5, *distribution.shape)
    assert drawn.dtype == distribution.dtype


@pytest.mark.parametrize(
    "distribution",
    [
        Gamma([0.5, 2.0, 30.0], [[1.0], [20.0]]),
        Beta([0.5, 2.0, 30.0], [[1.0], [20.0]]),
        VonMises([0.5, 2.0, 3.0], [[1.0], [20.0]]),
        TruncatedNormal([0.5, 2.0, 3.0], 1.0, lower=[[1.0], [-9.0]], upper=50.0),
        Uniform([0.5, 2.0, 3.0], [[10.0], [20.0]]),
    ],
    ids=lambda it: it.family,
)
def test_batched_draws_follow_their_own_parameters(distribution: Distribution) -> None:
    draws = distribution.sample(4_000, random_seed=11)
    assert draws.shape == (4_000, *BATCH)
    if isinstance(distribution, VonMises):
        turn = np.angle(np.exp(1j * draws).mean(0))  # resultant: within 5 standard errors
        assert np.all(np.abs(turn - distribution.mu) < 5 * 1.5 / np.sqrt(4_000))
    else:
        error = np.sqrt(distribution.variance() / 4_000)
        assert np.all(np.abs(draws.mean(0) - distribution.mean()) < 5 * error)


def test_parameters_that_do_not_broadcast() -> None:
    with pytest.raises(ShapeError, match=r"Normal.*mu \(2,\).*sigma \(3,\)"):
        Normal([0.0, 1.0], [1.0, 2.0, 3.0])


def test_shape_that_the_parameters_do_not_fit() -> None:
    with pytest.raises(ShapeError, match=r"shape \(2, 2\).*mu \(3,\)"):
        Normal([0.0, 1.0, 2.0], shape=(2, 2))
    with pytest.raises(ShapeError, match="whole number"):
        Normal(shape=2.5)


def test_value_that_does_not_fit() -> None:
    with pytest.raises(ShapeError, match=r"value of shape \(4,\).*shape \(3,\)"):
        Normal(shape=3).log_prob(np.zeros(4))


def test_parameters_that_are_not_numbers() -> None:
    with pytest.raises(DTypeError, match=r"Gamma: alpha must be numbers.*'two'"):
        Gamma(alpha="two", beta=1.0)
