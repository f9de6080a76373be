"""Stepping stones along ladders whose integrals are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter

from aliquot.diagnostics.statistics import effective_size
from aliquot.evidence import size_by_batches, stepping_stones
from tests.evidence.honest import honest

# From N(0, 1) to exp(-x**2 / 2 - 50 (x - 1)**2): its integral is that of a Gaussian.
BETAS = np.array([0.0, 0.02, 0.15, 0.5, 1.0])
PRECISION = 1 + 100 * BETAS
MEAN = 100 * BETAS / PRECISION
EXACT = -0.5 * np.log(101) - 50 * (1 - 100 / 101)


def log_ratios(noise: np.ndarray) -> np.ndarray:
    return np.asarray(-50 * (MEAN + noise / np.sqrt(PRECISION) - 1) ** 2)


def worth(function: np.ndarray) -> float:
    return float(effective_size(function[None])[0])


def test_errors_are_honest_with_independent_draws(rng: np.random.Generator) -> None:
    deviations = []
    for _ in range(300):
        found = stepping_stones(BETAS, log_ratios(rng.normal(size=(2, 200, 5))), lambda f: f.size)
        deviations.append((found.estimate.value - EXACT) / found.estimate.mcse)
    honest(deviations)


def test_errors_are_honest_with_chains_whose_rungs_go_together(rng: np.random.Generator) -> None:
    # All rungs share a part of their noise, and are autocorrelated.
    deviations = []
    for _ in range(200):
        shocks = np.sqrt(0.5) * rng.normal(size=(4, 1100, 5))
        shocks = shocks + np.sqrt(0.5) * rng.normal(size=(4, 1100, 1))
        noise = lfilter([np.sqrt(1 - 0.8**2)], [1, -0.8], shocks, axis=1)[:, 100:]
        found = stepping_stones(BETAS, log_ratios(noise), worth)
        deviations.append((found.estimate.value - EXACT) / found.estimate.mcse)
    honest(deviations)


def test_the_share_that_has_no_density_is_counted(rng: np.random.Generator) -> None:
    # The reference is uniform on (0, 1), the target that on (0, 1/4) without its constant.
    x = rng.uniform(size=(1, 4000, 2)) * np.array([1.0, 0.25])
    found = stepping_stones(
        np.array([0.0, 1.0]), np.where(x < 0.25, 0.0, -np.inf), lambda f: f.size
    )
    assert abs(found.estimate.value - np.log(0.25)) < 5 * found.estimate.mcse < 0.3


def test_what_is_known_exactly_has_no_error() -> None:
    found = stepping_stones(np.array([0.0, 0.3, 1.0]), np.full((2, 50, 3), -7.25), worth)
    assert found.estimate.value == pytest.approx(-7.25, abs=1e-8)
    assert found.estimate.mcse < 1e-8


def test_far_from_everything() -> None:
    # Steps of a thousand nats, of which the root is far from where it is looked for first.
    rng = np.random.default_rng(3)
    ratios = -1e4 + 1e3 * np.array([0.0, 1.0]) + rng.normal(size=(2, 50, 2))
    found = stepping_stones(np.array([0.0, 1.0]), ratios, worth)
    assert -1e4 - 10 < found.estimate.value < -9e3 + 10
    assert found.estimate.mcse == np.inf
    none = stepping_stones(np.array([0.0, 1.0]), np.full((1, 20, 2), -np.inf), worth)
    assert none.estimate.value == -np.inf


def test_batches_see_what_is_small_and_lasts(rng: np.random.Generator) -> None:
    # White noise, and besides an autoregression with a twentieth of the variance.
    noise, share, memory = rng.normal(size=(4, 30_000)), 0.05, 0.98
    slow = lfilter([1.0], [1.0, -memory], rng.normal(size=(4, 30_000)), axis=1)
    function = np.sqrt(1 - share) * noise + np.sqrt(share * (1 - memory**2)) * slow
    time = (1 - share) + share * (1 + memory) / (1 - memory)
    found = size_by_batches(function, 15) / (function.size / time)
    # The variance of 60 means that are as good as independent, batches being 40 times as long.
    low, high = stats.chi2.ppf([1e-5, 1 - 1e-5], 59) / 59
    assert 0.9 / high < found < 1.1 / low


def test_means_that_do_not_differ_are_worth_any_number() -> None:
    assert size_by_batches(np.ones((2, 100)), 5) == np.inf
