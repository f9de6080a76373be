from __future__ import annotations

import numpy as np
import pytest

from aliquot.mcmc import metric
from aliquot.precision import float64


def windows_of(values):
    windows = metric.empty_windows(values.shape[1] // 2)
    for value in values:
        windows = metric.collect(windows, value)
    return windows


@pytest.fixture
def values():
    rng = np.random.default_rng(0)
    return rng.normal(3.0, [1e-3, 1.0, 1e3, 1e3, 1.0, 1e-3], (200, 6))


def test_running_variances(values):
    with float64():
        windows = windows_of(values)
    for row in range(2):
        np.testing.assert_allclose(windows.mean[row], values.mean(0), rtol=1e-12)
        np.testing.assert_allclose(windows.squares[row] / 199, values.var(0, ddof=1), rtol=1e-9)


def test_scale_from_draws_is_shrunk_as_in_stan(values):
    with float64():
        scale = metric.scale_from_draws(windows_of(values), np.ones(3))
    expected = 200 / 205 * values[:, :3].var(0, ddof=1) + 1e-3 * 5 / 205
    np.testing.assert_allclose(np.square(scale), expected, rtol=1e-9)


def test_scale_from_gradients(values):
    with float64():
        scale = metric.scale_from_gradients(windows_of(values), np.ones(3))
    expected = np.sqrt(values[:, :3].var(0) / values[:, 3:].var(0))
    np.testing.assert_allclose(np.square(scale), expected, rtol=1e-9)


def test_a_coordinate_that_has_not_moved_keeps_its_scale(values):
    values[:, 1] = 4.0
    values[:, 5] = np.nan
    with float64():
        scale = np.asarray(
            metric.scale_from_gradients(windows_of(values), np.array([7.0, 8.0, 9.0]))
        )
    np.testing.assert_allclose(scale[0], 1e-3, rtol=0.2)
    assert scale[1] == 8.0
    assert scale[2] == 9.0


def test_where_the_density_is_flat_the_draws_say_the_scale(values):
    values[:, 5] = 0.0
    with float64(), np.errstate(divide="ignore"):
        scale = metric.scale_from_gradients(windows_of(values), np.ones(3))
    np.testing.assert_allclose(scale[2], values[:, 2].std(ddof=1), rtol=1e-9)


def test_the_first_scale_is_one_where_the_gradient_says_nothing():
    scale = metric.first_scale(np.array([4.0, 0.0, -0.25]))
    np.testing.assert_array_equal(scale, [0.5, 1.0, 2.0])


def test_switch_and_clear(values):
    with float64():
        windows = metric.retire(windows_of(values), True, False)
        assert windows.sizes.tolist() == [200.0, 0.0]
        windows = metric.collect(windows, values[0])
        windows = metric.retire(windows, True, False)
        assert windows.sizes.tolist() == [1.0, 0.0]
        np.testing.assert_array_equal(windows.mean[0], values[0])
        windows = metric.retire(windows, False, True)
    assert windows.sizes.tolist() == [0.0, 0.0]
    assert not np.any(windows.mean)


def covariance_of(draws, before=None):
    factor = metric.factor_from_draws(draws, np.eye(draws.shape[1]) if before is None else before)
    np.testing.assert_array_equal(factor, np.tril(factor))
    return factor @ factor.T


def test_dense_factor_keeps_variances_and_shrinks_correlations():
    rng = np.random.default_rng(0)
    draws = rng.standard_normal((50, 3)) @ rng.standard_normal((3, 3)) * [1e-3, 1.0, 1e3]
    found, expected = covariance_of(draws), np.cov(draws.T)
    np.testing.assert_allclose(np.diag(found), np.diag(expected), rtol=1e-12)
    share = (found / expected)[np.triu_indices(3, 1)]
    # All by the same weight, which 50 draws of strong correlation make small.
    np.testing.assert_allclose(share, share[0], rtol=1e-10)
    assert 0.8 < share[0] < 1.0


def test_shrinkage_weight_equals_its_definition():
    rng = np.random.default_rng(4)
    draws = rng.standard_normal((12, 4))
    z = (draws - draws.mean(0)) / draws.std(0, ddof=1)
    variances, squares = 0.0, 0.0
    for i in range(4):
        for j in range(4):
            if i != j:
                w = z[:, i] * z[:, j]
                variances += 12 / 11**3 * np.sum((w - w.mean()) ** 2)
                squares += np.corrcoef(draws.T)[i, j] ** 2
    weight = min(1.0, variances / squares)
    share = (covariance_of(draws) / np.cov(draws.T))[0, 1]
    np.testing.assert_allclose(share, 1.0 - weight, rtol=1e-9, atol=1e-9)


def test_dense_factor_of_fewer_draws_than_coordinates():
    draws = np.random.default_rng(0).standard_normal((20, 100))
    eigenvalues = np.linalg.eigvalsh(covariance_of(draws))
    assert 0.1 < eigenvalues.min() <= eigenvalues.max() < 5.0


def test_dense_factor_where_draws_say_nothing():
    draws = np.random.default_rng(0).standard_normal((30, 3))
    before = 2 * np.eye(3)
    assert metric.factor_from_draws(draws[:1], before) is before
    assert metric.factor_from_draws(np.full((5, 3), np.nan), before) is before
    np.testing.assert_allclose(covariance_of(np.ones((9, 3)), before), 4 * np.eye(3))
    np.testing.assert_allclose(covariance_of(draws[:, :1]), draws[:, :1].var(ddof=1))


def test_whitening_is_the_transpose_of_the_map_to_positions():
    rng = np.random.default_rng(1)
    for scale in (rng.uniform(1, 2, 3), np.tril(rng.uniform(1, 2, (3, 3)))):
        p, g = rng.standard_normal((2, 3))
        np.testing.assert_allclose(
            metric.to_position(scale, p) @ g, p @ metric.to_whitened(scale, g)
        )
