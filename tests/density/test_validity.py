"""Where computed parameters leave their range: element by element, and components together."""

from __future__ import annotations

import numpy as np
import pytest

import aliquot as aq
from aliquot.density.validity import filled_in
from aliquot.distributions.base import Distribution
from aliquot.expression import Evaluation
from aliquot.precision import float64


def valid_at(distribution: Distribution, leaf: aq.Expression, value: object) -> np.ndarray | None:
    with float64():
        _, found = filled_in(distribution, Evaluation({leaf: np.asarray(value, float)}))
        return None if found is None else np.asarray(found)


@pytest.fixture
def x() -> aq.Expression:
    with aq.Model():
        return aq.Normal("x", shape=3)


def test_each_element_answers_for_itself(x: aq.Expression) -> None:
    valid = valid_at(aq.Normal.dist(0, x), x, [1.0, -1.0, 2.0])
    np.testing.assert_array_equal(valid, [True, False, True])
    wide = valid_at(aq.Gamma.dist(x[:, None], x, shape=(3, 3)), x, [1.0, -1.0, 2.0])
    good = np.array([True, False, True])
    np.testing.assert_array_equal(wide, good[:, None] & good)
    assert valid_at(aq.Normal.dist(x, 1), x, [1.0, -1.0, 2.0]) is None


def test_components_and_steps_answer_together(x: aq.Expression) -> None:
    rows = np.array([[1.0, 1.0, 1.0], [1.0, -1.0, 1.0]])
    w = np.full(3, 1 / 3)
    for value, expected in zip(rows, [True, False], strict=True):
        mixture = aq.NormalMixture.dist(w, mu=np.zeros(3), sigma=x, shape=2)
        assert valid_at(mixture, x, value).tolist() is expected
        batched = aq.Mixture.dist(w, aq.Normal.dist(0, x), shape=2)
        assert valid_at(batched, x, value).tolist() is expected
        walk = aq.GaussianRandomWalk.dist(0, x)
        assert valid_at(walk, x, value).tolist() is expected
        listed = aq.Mixture.dist([0.5, 0.5], [aq.Normal.dist(0, x), aq.Normal.dist(0, 1)])
        np.testing.assert_array_equal(valid_at(listed, x, value), value > 0)


def test_batches_of_components_keep_their_rows(x: aq.Expression) -> None:
    scale = x[:, None] * np.ones(2)
    mixture = aq.Mixture.dist([0.5, 0.5], aq.Normal.dist(0, scale))
    np.testing.assert_array_equal(valid_at(mixture, x, [1.0, -1.0, 2.0]), [True, False, True])
    steps = aq.GaussianRandomWalk.dist(0, x[:, None], steps=4)
    np.testing.assert_array_equal(valid_at(steps, x, [1.0, -1.0, 2.0]), [True, False, True])


def test_one_element_out_of_range_leaves_the_others_their_density() -> None:
    with aq.Model() as model:
        x = aq.Normal("x", shape=2)
        aq.Normal("obs", 0, x, observed=[0.1, 0.2])
    density = model.density()
    rows = density.log_likelihood_of({"x": np.array([[1.0, -1.0]])}, 1)["obs"][0]
    assert np.isfinite(rows[0])
    assert rows[1] == -np.inf
    assert density.evaluate([1.0, -1.0]) == -np.inf
