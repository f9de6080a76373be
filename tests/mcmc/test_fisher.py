"""The dense metric from draws and gradients, against what defines it."""

from __future__ import annotations

import numpy as np
import pytest

from aliquot.mcmc.fisher import factor_from_gradients
from aliquot.mcmc.metric import factor_from_draws


def inverse_mass(draws, gradients, before=None, around=None):
    before = np.eye(draws.shape[1]) if before is None else before
    factor = factor_from_gradients(draws, gradients, before, around)
    np.testing.assert_array_equal(factor, np.tril(factor))
    assert np.all(np.diag(factor) > 0)
    return factor @ factor.T


def gaussian(rng, count, size):
    """Draws and gradients of a normal density, and its covariance; scales are far apart."""
    scales = np.logspace(-3, 3, size)
    correlation = 0.9 ** np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    draws = rng.standard_normal((count, size)) @ np.linalg.cholesky(correlation).T
    gradients = -np.linalg.solve(correlation, draws.T).T / scales
    return 3.0 + draws * scales, gradients, correlation * np.outer(scales, scales)


def condition(matrix, covariance):
    scales = np.sqrt(np.diag(covariance))
    units = np.outer(scales, scales)
    eigenvalues = np.linalg.eigvals(np.linalg.solve(covariance / units, matrix / units)).real
    return eigenvalues.min(), eigenvalues.max()


@pytest.mark.parametrize("size", [1, 2, 5, 30])
def test_of_a_normal_density_few_draws_more_than_coordinates_are_enough(rng, size):
    draws, gradients, covariance = gaussian(rng, size + 10, size)
    low, high = condition(inverse_mass(draws, gradients), covariance)
    # What remains is shrinkage by 0.005 / n: 1.12 in the worst of 300 windows, where a covariance
    # of draws is off by 3.7 in the best of them.
    assert 1 / 1.3 < low <= high < 1.3
    # One draw more than it takes: shrinkage counts where draws have hardly moved, to 5 in 1,500.
    low, high = condition(inverse_mass(draws[: size + 2], gradients[: size + 2]), covariance)
    assert 0.05 < low <= high < 20.0


def test_it_is_exact_where_correlations_are_not_extreme(rng):
    size = 20
    covariance = 0.5 ** np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    draws = rng.standard_normal((2 * size, size)) @ np.linalg.cholesky(covariance).T
    found = inverse_mass(draws, -np.linalg.solve(covariance, draws.T).T)
    np.testing.assert_allclose(found, covariance, atol=0.02)


def test_it_solves_its_equation(rng):
    # So many draws that nothing is shrunk, with gradients that are anything but linear.
    draws = rng.standard_normal((100_000, 3)) @ np.array([[1, 0, 0], [2, 1, 0], [0, 1, 1]]).T
    gradients = -(draws**3) * [1e-3, 1.0, 1e3]
    found = inverse_mass(draws, gradients)
    np.testing.assert_allclose(
        found @ np.cov(gradients.T) @ found, np.cov(draws.T), rtol=0.02, atol=0.02
    )


def test_without_correlation_it_is_the_diagonal_metric(rng):
    draws = rng.standard_normal((8, 40)) * np.logspace(-2, 2, 40)
    gradients = rng.standard_normal((8, 40))
    found = inverse_mass(draws, gradients)
    expected = draws.std(axis=0) / gradients.std(axis=0)
    # A weight of a tenth at least of what noise alone asks for: 8 draws, 40 coordinates.
    np.testing.assert_array_less(np.abs(np.log(np.diag(found) / expected)), np.log(30.0))
    draws = rng.standard_normal((20_000, 3)) * [1e-2, 1.0, 1e2]
    gradients = rng.standard_normal((20_000, 3))
    found = inverse_mass(draws, gradients)
    np.testing.assert_allclose(np.diag(found), draws.std(0) / gradients.std(0), rtol=0.01)


def test_known_nearly_right_it_is_exact_in_those_units(rng):
    draws, gradients, covariance = gaussian(rng, 12, 3)
    around = np.linalg.cholesky(covariance)
    np.testing.assert_allclose(inverse_mass(draws, gradients, around=around), covariance, rtol=0.01)


def test_units_do_not_matter(rng):
    draws = rng.standard_normal((30, 4)) @ rng.standard_normal((4, 4))
    gradients = np.tanh(-draws)
    units = np.array([1e-6, 1.0, 1e6, -3.0])
    np.testing.assert_allclose(
        inverse_mass(draws * units, gradients / units),
        inverse_mass(draws, gradients) * np.outer(units, units),
        rtol=1e-6,
    )


def test_a_coordinate_that_has_not_moved_keeps_its_scale(rng):
    draws, gradients, covariance = gaussian(rng, 30, 3)
    draws = np.insert(draws, 1, 4.0, axis=1)
    gradients = np.insert(gradients, 1, rng.standard_normal(30), axis=1)
    found = inverse_mass(draws, gradients, 7.0 * np.eye(4))
    np.testing.assert_allclose(found[1], [0.0, 49.0, 0.0, 0.0], atol=1e-9)
    rest = np.delete(np.delete(found, 1, axis=0), 1, axis=1)
    low, high = condition(rest, covariance)
    assert 0.3 < low <= high < 3.0


def test_where_the_density_is_flat_the_draws_say_the_scale(rng):
    draws = rng.uniform(0.0, [1.0, 100.0], (50, 2))
    found = inverse_mass(draws, np.zeros((50, 2)))
    np.testing.assert_allclose(np.diag(found), draws.var(axis=0, ddof=1), rtol=0.05)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_gradients_that_are_not_finite_are_not_used(rng, bad):
    draws, gradients, _ = gaussian(rng, 30, 3)
    gradients[7, 1] = bad
    np.testing.assert_array_equal(
        factor_from_gradients(draws, gradients, np.eye(3)), factor_from_draws(draws, np.eye(3))
    )


@pytest.mark.parametrize("size", [1, 2, 20, 100])
@pytest.mark.parametrize("count", [3, 5, 19, 20, 21, 22])
def test_windows_of_all_lengths_give_a_positive_definite_factor(rng, count, size):
    draws, gradients, _ = gaussian(rng, count, size)
    for slopes in (gradients, rng.standard_cauchy((count, size)), -np.sign(draws)):
        matrix = inverse_mass(draws, slopes)
        assert np.linalg.eigvalsh(matrix).min() > 0
    # Draws that a chain has made from few others, as where most proposals are rejected.
    repeated = np.repeat(np.arange(2), count)[:count]
    assert np.all(np.isfinite(inverse_mass(draws[repeated], gradients[repeated])))


def test_where_the_window_says_nothing(rng):
    draws, gradients, _ = gaussian(rng, 30, 3)
    before = 2 * np.eye(3)
    assert factor_from_gradients(draws[:2], gradients[:2], before) is before
    assert factor_from_gradients(np.full((5, 3), np.nan), gradients[:5], before) is before
    np.testing.assert_allclose(
        inverse_mass(np.ones((9, 3)), np.ones((9, 3)), before), 4 * np.eye(3)
    )
    assert factor_from_gradients(1e200 * draws, 1e200 * gradients, before) is before


def test_a_nearly_singular_normal_density(rng):
    root = np.tril(np.ones((6, 6))) * np.logspace(-4, 4, 6)
    draws = rng.standard_normal((40, 6)) @ root.T
    assert np.all(np.isfinite(inverse_mass(draws, -draws @ np.linalg.inv(root @ root.T))))
