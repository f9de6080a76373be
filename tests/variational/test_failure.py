"""Losses that are not finite."""

import re

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from aliquot.errors import FitError
from aliquot.variational import FullRank, MeanField, NonFiniteLossError, VariationalFit
from tests.variational.members import numbers
from tests.variational.targets import Target


def wall(at):
    """A standard Gaussian in three coordinates, the second with a NaN beyond a wall."""

    def log_density(x, data):
        return -0.5 * (x**2).sum() + 0 * jnp.sqrt(data - x[1])

    return Target(log_density, np.asarray(at), np.zeros(3), ["a", "b", "c"])


@pytest.mark.parametrize("kind", [MeanField, FullRank])
def test_the_error_says_where_what_and_what_to_do(kind):
    fit = VariationalFit(wall(1.0), kind, seed=0)
    with pytest.raises(FitError) as caught:
        fit.run(5000)
    error = caught.value
    assert isinstance(error, NonFiniteLossError)
    assert error.iteration > 0
    assert error.last_loss == fit.hist[-1]
    assert error.coordinates == ["b"]
    assert error.point.shape == (3,)
    assert error.point[1] > 1
    message = str(error)
    assert f"The loss is not finite at iteration {error.iteration} (loss nan)" in message
    assert f"The last finite loss was {fit.hist[-1]:.6g}" in message
    assert (
        float(
            re.search(r"not finite in b, at the draw with unconstrained b = (.*?)\. ", message)[1]
        )
        > 1
    )
    assert "smaller learning rate" in message
    assert "model.debug()" in message


def test_what_was_fitted_before_is_kept():
    target = wall(1.0)
    fit = VariationalFit(target, MeanField, seed=0)
    with pytest.raises(NonFiniteLossError) as caught:
        fit.run(5000)
    before = caught.value.approximation
    done = caught.value.iteration
    assert before.hist.shape == fit.hist.shape == (done,)
    assert np.isfinite(numbers(before)).all()
    assert np.isfinite(before.hist).all()
    shorter = VariationalFit(target, MeanField, seed=0).run(done, check=False)
    np.testing.assert_array_equal(numbers(before), numbers(shorter))


def test_at_the_first_iteration_the_start_is_to_blame():
    with pytest.raises(FitError, match=r"first iteration.*model\.debug\(\).*initval") as caught:
        VariationalFit(wall(-5.0), MeanField, seed=0).run(100)
    assert isinstance(caught.value, NonFiniteLossError)
    assert caught.value.last_loss is None


def test_a_finite_gradient_with_an_infinite_loss():
    def log_density(x, data):
        return -0.5 * (x**2).sum() + jnp.where(x[0] < 1.0, 0.0, -jnp.inf)

    target = Target(log_density, np.zeros(0), np.zeros(2), ["a", "b"])
    with pytest.raises(NonFiniteLossError, match=r"\(loss inf\).*finite in every coord") as caught:
        VariationalFit(target, MeanField, seed=0).run(5000)
    assert caught.value.coordinates == []


def test_a_finite_loss_with_a_gradient_that_is_not():
    def log_density(x, data):
        # The square root of a square has no derivative at 0, where maximum() puts every x < 1.
        return -0.5 * (x**2).sum() - jnp.sqrt(jnp.maximum(x[1] - 1.0, 0.0) ** 2)

    target = Target(log_density, np.zeros(0), np.zeros(2), ["a", "b"])
    with pytest.raises(NonFiniteLossError, match="The gradient is not finite at iter") as caught:
        VariationalFit(target, MeanField, seed=0).run(100)
    assert caught.value.coordinates == ["b"]


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("kind", [MeanField, FullRank])
def test_a_rate_that_is_too_large(kind):
    target = Target(lambda x, data: -0.5e4 * (x**2).sum(), np.zeros(0), np.ones(2), ["a", "b"])
    with pytest.raises(FitError, match="smaller learning rate"):
        VariationalFit(target, kind, seed=0, optimizer=optax.sgd(10.0)).run(5000)
