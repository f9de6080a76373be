"""Models that were once computed wrongly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import aliquot as aq
from aliquot.precision import float64
from tests.marginal.agreement import assert_agrees, assert_log_likelihood_agrees, points_of
from tests.marginal.brute import Brute
from tests.programs import quick


def uniform(bound: Any) -> aq.Expression:
    return aq.DiscreteUniform("n", 0, bound)


def binomial(bound: Any) -> aq.Expression:
    return aq.Binomial("n", bound, aq.Beta("p", 2, 2))


def through_another(bound: Any) -> aq.Expression:
    first = aq.DiscreteUniform("first", 0, bound)
    return aq.Binomial("n", first + 1, 0.4)


def from_below(bound: Any) -> aq.Expression:
    """As many states as before, but others."""
    return aq.DiscreteUniform("n", bound, bound + 2)


@pytest.mark.parametrize("write", [uniform, binomial, through_another, from_below])
def test_states_follow_the_data_that_bound_them(write: Callable[[Any], aq.Expression]) -> None:
    def build(bound: int) -> aq.Model:
        with aq.Model() as model:
            n = write(aq.Data("bound", bound))
            aq.Normal("obs", aq.Normal("a", 0, 1) * n, 1, observed=2.0)
        return model

    model = build(2)
    model.density()
    for bound in (5, 1):
        aq.set_data({"bound": bound}, model=model)
        fresh = build(bound).density()
        assert model.density().evaluate(fresh.start) == fresh.evaluate(fresh.start)
        states = None if write is not through_another else {"n": (0, bound + 1)}
        brute = Brute(model, states)
        assert_agrees(model, brute, points_of(brute, 1))


def read_by_columns(z: Any) -> Any:
    return z.ravel(order="F")


def written_by_columns(z: Any) -> Any:
    return z.reshape(3, 2, order="F").ravel()


@pytest.mark.parametrize("move", [read_by_columns, written_by_columns])
def test_the_order_of_a_reshape_is_kept(move: Callable[[Any], Any]) -> None:
    with aq.Model() as model:
        z = aq.Bernoulli("z", [[0.1, 0.3, 0.8], [0.6, 0.2, 0.5]])
        means = aq.Normal("means", 0, 2, shape=2)
        aq.Normal("obs", means[aq.lift(move)(z)], 1, observed=[-1.3, 0.2, 2.4, 1.1, -0.4, 0.6])
    brute = Brute(model)
    assert_agrees(model, brute, points_of(brute))


def test_a_computation_may_hold_random_numbers() -> None:
    """Keys have a type of their own, which is no number."""

    def noise(z: Any) -> Any:
        return jax.random.normal(jax.random.key(1), (3,))[z]

    with aq.Model() as model:
        z = aq.Categorical("z", p=[0.2, 0.3, 0.5], shape=4)
        a = aq.Normal("a", 0, 1)
        aq.Normal("obs", a + aq.lift(noise)(z), 1, observed=[-1.3, 0.2, 2.4, 1.1])
    brute = Brute(model)
    assert_agrees(model, brute, points_of(brute))


def test_each_observation_of_a_likelihood_that_labels_do_not_change() -> None:
    """The labels are mentioned, but nothing is taken from them."""
    with aq.Model() as model:
        z = aq.Bernoulli("z", [0.2, 0.6, 0.7])
        a = aq.Normal("a", 0, 2)
        aq.Normal("plain", a + aq.lift(jnp.zeros_like)(z), 1, observed=[-1.3, 0.2, 2.4])
        aq.Normal("obs", a * z, 1, observed=[0.3, 1.2, -0.4])
    brute = Brute(model)
    assert_agrees(model, brute, points_of(brute, 1))
    assert_log_likelihood_agrees(model, brute, points_of(brute, 1))


def test_one_event_of_which_some_steps_depend_on_no_label() -> None:
    """The steps of a walk are one observation, with labels or without."""
    steps = 30
    rng = np.random.default_rng(0)
    labelled = rng.integers(0, 2, steps) == 1
    with aq.Model() as model:
        sigma = aq.HalfNormal("sigma", 1)
        z = aq.Bernoulli("z", 0.3, shape=steps)
        drift = np.where(labelled, 1.0 * z, 0.0)
        start = aq.Normal.dist(0, 1)
        walk = rng.normal(size=steps + 1)
        aq.GaussianRandomWalk("walk", mu=drift, sigma=sigma, init_dist=start, observed=walk)
    density = model.density()
    flat = np.array([0.3])
    with float64():
        found = quick(density.log_likelihood)(flat, density.data)["walk"]
        terms = quick(density.log_terms)(flat, density.data)
    # The labels' probabilities sum to one, so all but sigma's prior is the walk's likelihood.
    np.testing.assert_allclose(found, terms["sum over z"], rtol=1e-12)
