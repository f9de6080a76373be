"""The cheapest labelling and the second cheapest, against all K! of them."""

from __future__ import annotations

import numpy as np
import pytest

from aliquot.symmetry.relabelling.assignment import assign, certainty, gaps
from tests.symmetry.relabelling.samples import all_costs, everything


@pytest.mark.parametrize("components", [2, 3, 4, 5])
def test_cheapest_and_second_cheapest(components, rng):
    costs = 3 * rng.standard_normal((200, components, components))
    brute = np.sort(all_costs(costs), axis=1)
    best = assign(costs)
    found = np.take_along_axis(costs, best[:, :, None], 2).sum((1, 2))
    np.testing.assert_allclose(found, brute[:, 0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(gaps(costs, best), brute[:, 1] - brute[:, 0], rtol=0, atol=1e-12)


def test_both_ways_of_assigning_come_up(rng):
    # Labels that are cheapest for one component each are taken at once; the others are solved.
    costs = rng.standard_normal((300, 4, 4))
    labels = np.sort(costs.argmin(axis=1), axis=1)
    settled = (labels == np.arange(4)).all(axis=1)
    assert 5 < settled.sum() < 295
    found = assign(costs)
    brute = everything(4)[all_costs(costs).argmin(axis=1)]
    np.testing.assert_array_equal(found, brute)


def test_certainty_is_that_of_two_labellings(rng):
    costs = rng.standard_normal((100, 3, 3))
    every = np.sort(all_costs(costs), axis=1)
    weights = np.exp(-every[:, :2])
    expected = weights[:, 0] / weights.sum(axis=1)
    np.testing.assert_allclose(certainty(costs, assign(costs)), expected, rtol=1e-12)


def test_a_labelling_that_is_not_the_cheapest_is_worth_a_half(rng):
    costs = rng.standard_normal((50, 3, 3))
    np.testing.assert_array_equal(certainty(costs, np.roll(assign(costs), 1, axis=1)), 0.5)


def test_one_component_is_certain():
    np.testing.assert_array_equal(certainty(np.ones((3, 1, 1)), np.zeros((3, 1), int)), 1.0)
