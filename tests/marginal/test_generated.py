"""Models made at random: densities, gradients, probabilities and likelihoods by enumeration."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

import aliquot as aq
from tests.marginal.agreement import (
    assert_agrees,
    assert_close,
    assert_log_likelihood_agrees,
    entries,
    fixed_trace,
    imputing,
    points_of,
    possible,
)
from tests.marginal.brute import Brute
from tests.marginal.strategies import Recipe, build, recipes

# Each example is compiled; hypothesis must not mind how long that takes.
SETTINGS: dict[str, Any] = {
    "derandomize": True,
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}


def prepared(recipe: Recipe) -> tuple[aq.Model, Brute]:
    with imputing():
        model = build(recipe)
    return model, Brute(model)


@settings(max_examples=4, **SETTINGS)
@given(recipes())
def test_densities_of_some_models(recipe: Recipe) -> None:
    model, brute = prepared(recipe)
    assert_agrees(model, brute, points_of(brute))


@pytest.mark.slow
@settings(max_examples=8, **SETTINGS)
@given(recipes())
def test_densities_of_many_models(recipe: Recipe) -> None:
    model, brute = prepared(recipe)
    assert_agrees(model, brute, points_of(brute))


@pytest.mark.slow
@settings(max_examples=5, **SETTINGS)
@given(recipes())
def test_what_many_models_give_back(recipe: Recipe) -> None:
    model, brute = prepared(recipe)
    found = possible(brute, points_of(brute))
    if not found or not brute.discrete:
        return
    trace = fixed_trace(model, brute, [flat for flat, _ in found])
    tree = aq.recover(trace, model, kind=("probabilities", "most_probable"))
    for chain, (_, point) in enumerate(found):
        for leaf in brute.discrete:
            expected = point.probabilities[leaf.name]
            found_ = entries(tree.state_probabilities, model, leaf, trailing=1)[chain, 0]
            assert_close(found_[..., : expected.shape[-1]], expected, leaf.name)
        best = {
            leaf.name: entries(tree.most_probable, model, leaf)[chain, 0] for leaf in brute.discrete
        }
        assert_close(point.log_joint[brute.number(best)], point.most_probable[1], "most probable")


@pytest.mark.slow
@settings(max_examples=5, **SETTINGS)
@given(recipes())
def test_each_observation_given_the_others(recipe: Recipe) -> None:
    model, brute = prepared(recipe)
    assert_log_likelihood_agrees(model, brute, points_of(brute, 1))
