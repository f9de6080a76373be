"""Ordered vectors: sorting, start values, gaps at the edge of rounding."""

import jax
import numpy as np
import pytest
from scipy.stats import norm

from aliquot.transforms import ordered, positive_ordered, simplex


def test_values_at_the_origin():
    origin = np.zeros(3)
    np.testing.assert_allclose(jax.jit(ordered.backward)(origin), [0, 1, 2], rtol=1e-15)
    np.testing.assert_allclose(jax.jit(positive_ordered.backward)(origin), [1, 2, 3], rtol=1e-15)
    np.testing.assert_allclose(jax.jit(simplex.backward)(origin), [0.25] * 4, rtol=1e-15)


def test_equal_means_are_spread_by_normal_quantiles():
    x = jax.jit(ordered.start)(np.full(3, 2.0), np.full(3, 10.0))
    np.testing.assert_allclose(x, 2.0 + 10.0 * norm.ppf([1 / 6, 1 / 2, 5 / 6]), rtol=1e-12)


def test_unknown_spread_counts_as_one():
    x = jax.jit(ordered.start)(np.zeros(2), np.full(2, np.inf))
    np.testing.assert_allclose(x, norm.ppf([0.25, 0.75]), rtol=1e-12)


def test_each_vector_of_a_batch_is_judged_alone():
    means = np.array([[1.0, 2.0], [2.0, 1.0]])
    x = np.asarray(jax.jit(ordered.start)(means, np.ones((2, 2))))
    assert x[0].tolist() == [1.0, 2.0]
    assert x[1, 0] < x[1, 1]


def test_start_can_be_traced():
    start = jax.jit(lambda mean: positive_ordered.start(mean, np.ones(2)))
    assert start(np.array([1.0, 2.0])).tolist() == [1.0, 2.0]
    low, high = start(np.array([1.0, 1.0]))
    assert 0 < low < 1 < high


@pytest.mark.parametrize("transform", [ordered, positive_ordered], ids=repr)
def test_sort_is_along_the_last_axis(transform):
    assert transform.sort(np.array([[3.0, 1.0], [0.0, 5.0]])).tolist() == [[1.0, 3.0], [0.0, 5.0]]


def test_gaps_below_rounding_stay_gaps():
    x = np.asarray(ordered.backward(np.array([1e6, -60.0, -60.0, 0.0, -500.0])))
    assert (np.diff(x) > 0).all()
    np.testing.assert_allclose(x, [1e6, 1e6, 1e6, 1e6 + 1, 1e6 + 1], rtol=1e-14)


def test_cancelling_sums_stay_increasing():
    """The second element is nearly zero; the gaps after it are below the rounding error of it."""
    x = np.asarray(ordered.backward(np.array([-1.0, 0.0, -60.0, -60.0])))
    assert (np.diff(x) > 0).all()
