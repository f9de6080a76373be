"""Models that were once computed wrongly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import aliquot as aq
from tests.marginal.agreement import assert_agrees, points_of
from tests.marginal.brute import Brute


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
