"""Sums that need a few sums of the data: against the sums over rows."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aliquot.precision import float64
from aliquot.primitives.internals import replayed
from tests.alike.test_merged import agree, longest, traced

N = 1000
RNG = np.random.default_rng(0)
Y = RNG.normal(3.0, 2.0, N)
GROUP = RNG.integers(0, 6, N)
DESIGN = RNG.normal(size=(N, 3))
ROWS = RNG.normal(size=(N, 2)) @ np.array([[1.0, 0.4], [0.0, 0.5]]) + 5
CHOL = np.array([[1.2, 0.0], [-0.3, 0.7]])


def square(z):
    return -0.5 * jnp.sum(jnp.square(z))


def normal(mu, sigma, y):
    return jnp.sum(-0.5 * ((y - mu) / sigma) ** 2 - jnp.log(sigma))


def by_group(mu, sigma, y, group):
    return normal(mu[group], sigma[group], y)


def regression(a, b, sigma, design, y):
    return normal(a + design @ b, sigma, y)


def known_scales(mu, y, scales):
    return normal(mu, scales, y)


def exponential(rate, y):
    return jnp.sum(jnp.log(rate) - rate * jnp.abs(y))


def whitened(mu, chol, rows):
    solved = jax.lax.linalg.triangular_solve(chol, (rows - mu).T, left_side=True, lower=True)
    return jnp.sum(-0.5 * jnp.sum(solved**2, axis=0) - jnp.sum(jnp.log(jnp.diagonal(chol))))


def by_columns(mu, chol, rows):
    first = (rows[:, 0] - mu[0]) / chol[0, 0]
    second = (rows[:, 1] - mu[1] - chol[1, 0] * first) / chol[1, 1]
    return square(jnp.stack([first, second], axis=1))


def where_valid(mu, sigma, y):
    rows = -0.5 * ((y - mu) / sigma) ** 2
    return jnp.sum(jnp.where(sigma > 0, rows - jnp.log(sigma), -jnp.inf))


SIX = np.linspace(0.5, 2.0, 6)
CASES = {
    "one normal": (normal, [Y], [2.5, 1.7]),
    "a mean and a scale by group": (by_group, [Y, GROUP], [SIX, SIX[::-1].copy()]),
    "a regression": (regression, [DESIGN, Y], [1.0, np.array([0.3, -1.0, 2.0]), 1.5]),
    "scales that are known": (known_scales, [Y, RNG.uniform(1, 2, N)], [2.0]),
    "an exponential": (exponential, [Y], [0.8]),
    "several dimensions": (whitened, [ROWS], [np.array([4.0, 5.5]), CHOL]),
    "several dimensions, column by column": (by_columns, [ROWS], [np.array([4.0, 5.5]), CHOL]),
    "where a parameter is in its range": (where_valid, [Y], [2.5, 1.7]),
}


@pytest.mark.parametrize("case", CASES)
def test_values_and_derivatives(case):
    function, known, inputs = CASES[case]
    program = agree(function, known, *inputs)
    assert longest(program) <= 40


def test_no_digits_are_lost_far_from_zero():
    """Of y near 1e6 with a deviation of 1e-3, the sum of squares has lost all digits."""
    y = 1e6 + 1e-3 * Y
    mu, sigma = 1e6 + 3.1e-3, 2e-3
    program = traced(normal, [y], mu, sigma)
    with float64():
        found = float(replayed(program, program.consts, [mu, sigma, y])[0])
    exact = np.sum(-0.5 * ((y.astype(np.longdouble) - mu) / sigma) ** 2 - np.log(sigma))
    assert found == pytest.approx(float(exact), rel=1e-6)


def test_a_label_that_decides_keeps_its_rows():
    def total(mu, y):
        return jnp.sum(jnp.logaddexp(-((y - mu[0]) ** 2), -((y - mu[1]) ** 2)))

    assert traced(total, [Y], np.array([0.0, 1.0])) is None


def test_many_small_groups_keep_their_rows():
    """With three rows to a group there is nothing to be gained."""
    group = np.arange(N) // 3
    assert traced(by_group, [Y, group], np.ones(334), np.ones(334)) is None


def test_data_that_are_not_finite_keep_their_rows():
    y = np.where(np.arange(N) == 3, np.inf, Y)
    assert traced(normal, [y], 1.0, 2.0) is None
