"""Draws against moments that are known, within 4.5 Monte Carlo standard errors."""

from __future__ import annotations

import numpy as np
import pytest
from arviz_stats.base import array_stats

from aliquot.mcmc.run import sample
from aliquot.mcmc.settings import NUTSSettings
from tests.mcmc.densities import (
    correlated_normal,
    funnel,
    mixture_data,
    normal,
    ordered_mixture,
)

METRICS = ["adapt_diag_grad", "adapt_diag", "adapt_full"]


def kept(run):
    return run.positions[:, run.tune :]


def assert_mean(draws, expected, errors=4.5):
    """Compare the mean of draws (chains, draws, ...) with an expectation."""
    shape = draws.shape[2:]
    expected = np.broadcast_to(expected, shape)
    for index in np.ndindex(shape):
        values = draws[(..., *index)]
        error = array_stats.mcse(values, chain_axis=0, draw_axis=1, method="mean")
        assert abs(values.mean() - expected[index]) < errors * error, index


@pytest.mark.parametrize("metric", METRICS)
def test_ordered_mixture(metric):
    settings = NUTSSettings(draws=4000, tune=600, target_accept=0.9, metric=metric)
    run = sample(ordered_mixture, mixture_data(), np.zeros((2, 2)), settings=settings, seed=3)
    flat = kept(run)
    means = np.stack([flat[..., 0], flat[..., 0] + np.exp(flat[..., 1])], axis=-1)
    expected, sd = np.array([-0.88681, 1.13043]), np.array([0.18511, 0.17405])
    assert_mean(means, expected)
    deviations = (means - expected) / sd
    assert_mean(deviations**2, 1.0)
    assert_mean((deviations[..., 0] * deviations[..., 1])[..., None], 0.1376)


@pytest.mark.parametrize("metric", METRICS)
def test_scales_over_six_orders_are_recovered(metric):
    scales = np.logspace(-3, 3, 9)
    settings = NUTSSettings(draws=1500, tune=800, metric=metric)
    run = sample(normal, scales, np.tile(0.5 * scales, (2, 1)), settings=settings, seed=4)
    draws = kept(run) / scales
    assert_mean(draws, 0.0)
    assert_mean(draws**2, 1.0)
    inverse = run.inverse_mass
    if inverse.ndim == 3:
        inverse = np.diagonal(inverse, axis1=1, axis2=2)
    # Stan's estimate is shrunk towards 1e-3, so that the smallest scale stays above 1e-6.
    least = 2 if metric == "adapt_diag" else 0
    ratio = (inverse / scales**2)[:, least:]
    assert 0.4 < ratio.min() <= ratio.max() < 2.5
    # With the right metric a trajectory of this normal needs a few steps, not thousands.
    assert run.stats["n_steps"][:, run.tune :].mean() < (40 if least else 12)


def test_one_coordinate():
    settings = NUTSSettings(draws=3000, tune=200)
    run = sample(normal, np.array([2.0]), np.ones((2, 1)), settings=settings, seed=5)
    assert_mean(kept(run), 0.0)
    assert_mean(kept(run) ** 2, 4.0)


def test_dense_metric_on_strong_correlation():
    size, correlation = 6, 0.99
    covariance = np.full((size, size), correlation) + (1 - correlation) * np.eye(size)
    precision = np.linalg.inv(covariance)
    runs = {
        metric: sample(
            correlated_normal,
            precision,
            np.zeros((2, size)),
            settings=NUTSSettings(draws=1500, tune=2000, metric=metric),
            seed=6,
        )
        for metric in ("adapt_full", "adapt_diag_grad")
    }
    for run in runs.values():
        assert_mean(kept(run), 0.0)
        draws = kept(run)
        assert_mean((draws[..., 0] * draws[..., 1])[..., None], correlation)
    dense = runs["adapt_full"]
    whitened = np.linalg.eigvals(precision @ dense.inverse_mass[0]).real
    assert 0.5 < whitened.min() <= whitened.max() < 2.0
    steps = {metric: run.stats["n_steps"][:, run.tune :].mean() for metric, run in runs.items()}
    assert steps["adapt_full"] < 0.5 * steps["adapt_diag_grad"]


@pytest.mark.parametrize("target", [0.6, 0.8, 0.95])
def test_step_size_reaches_its_target(target):
    settings = NUTSSettings(draws=1500, tune=1500, target_accept=target)
    run = sample(ordered_mixture, mixture_data(), np.zeros((2, 2)), settings=settings, seed=7)
    reached = run.stats["acceptance_rate"][:, run.tune :].mean(axis=1)
    # A single chain's average settles on the noise of its last draws.
    assert np.abs(reached - target).max() < 0.07
    assert np.ptp(run.stats["step_size"][:, run.tune :], axis=1).max() == 0.0
    np.testing.assert_allclose(run.stats["step_size"][:, -1], run.step_size, rtol=1e-14)


# A diagonal metric that is still changing in a warm-up of 150 draws leaves 0.03 to 0.08 more.
@pytest.mark.parametrize(
    "metric, tune", [("adapt_full", 150), *((m, t) for m in METRICS for t in (500, 1000))]
)
@pytest.mark.parametrize("target", [0.8, 0.95])
def test_acceptance_is_at_its_target_after_short_warm_ups_too(metric, tune, target):
    settings = NUTSSettings(draws=400, tune=tune, target_accept=target, metric=metric)
    cases = ((ordered_mixture, mixture_data(), 2), (correlated_normal, np.diag([1, 4, 9.0]), 3))
    for density, data, size in cases:
        run = sample(density, data, np.zeros((40, size)), settings=settings, seed=9)
        reached = run.stats["acceptance_rate"][:, tune:].mean(axis=1)
        # Chains are independent: the scatter of their means holds the noise of their step sizes.
        error = reached.std(ddof=1) / np.sqrt(len(reached))
        assert abs(reached.mean() - target) < 0.02 + 4.5 * error


def test_of_a_normal_density_the_dense_metric_is_right_after_a_short_warm_up():
    size = 20
    covariance = 0.95 ** np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    precision = np.linalg.inv(covariance)
    settings = NUTSSettings(draws=50, tune=150, metric="adapt_full")
    run = sample(correlated_normal, precision, np.zeros((4, size)), settings=settings, seed=11)
    for inverse in run.inverse_mass:
        # A covariance of 64 draws would have eigenvalues from 0.2 to 2.5.
        eigenvalues = np.linalg.eigvals(precision @ inverse).real
        assert 0.9 < eigenvalues.min() <= eigenvalues.max() < 1.1


def test_divergences_are_flagged_in_a_funnel():
    # Long steps for many: dozens with every seed, where the usual step size leaves 0 to 900.
    settings = NUTSSettings(draws=4000, tune=500, target_accept=0.5)
    run = sample(funnel, (), np.ones((2, 10)), settings=settings, seed=8)
    assert run.stats["diverging"][:, run.tune :].any()
    easy = sample(normal, np.ones(10), np.zeros((2, 10)), settings=settings, seed=8)
    assert easy.stats["diverging"][:, run.tune :].sum() == 0
