"""Vectors and matrices that are computed, and picked by each row's label: rows stay apart."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import aliquot as aq

N = 30
A, B = 0.7, 1.9


def two(a, b, upper=True):
    """Give matrices (2, 2, 2) of two numbers, computed in the model."""
    rows = [[a, 0.3 * a if upper else 0 * a], [0.3 * a, b]]
    return aq.math.stack([aq.math.stack(row, axis=-1) for row in rows], axis=-2)


@pytest.mark.parametrize("which", ["cov", "tau", "chol"])
def test_matrices_of_normal_rows(rng, which):
    y = rng.normal(size=(N, 2))
    with aq.Model() as model:
        s = aq.HalfNormal("s", 1, shape=2)
        z = aq.Bernoulli("z", 0.3, shape=N)
        matrix = two(s, 2 * s, upper=which != "chol")
        aq.MvNormal("y", 0.0, **{which: matrix[z]}, observed=y)
    found = model.log_likelihood({"s": [A, B]})
    each = []
    for s in (A, B):
        given = np.array([[s, 0.3 * s * (which != "chol")], [0.3 * s, 2 * s]])
        cov = {"cov": given, "tau": np.linalg.inv(given), "chol": given @ given.T}[which]
        each.append(stats.multivariate_normal(np.zeros(2), cov).logpdf(y))
    expected = np.logaddexp(np.log(0.7) + each[0], np.log(0.3) + each[1]).sum()
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_probabilities(rng):
    y = rng.integers(0, 3, N)
    with aq.Model() as model:
        a = aq.Uniform("a", 0, 0.5, shape=2)
        z = aq.Bernoulli("z", 0.3, shape=N)
        aq.Categorical("y", aq.math.stack([a, 0.5 * a, 1 - 1.5 * a], axis=-1)[z], observed=y)
    found = model.log_likelihood({"a": [0.2, 0.4]})
    p = np.array([[0.2, 0.1, 0.7], [0.4, 0.2, 0.4]])
    np.testing.assert_allclose(found, np.log(np.array([0.7, 0.3]) @ p)[y].sum(), rtol=1e-12)
