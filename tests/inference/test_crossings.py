"""The volume that chains fill: of autocorrelated draws, without a sample covariance's bias."""

from __future__ import annotations

import numpy as np
import pytest

from aliquot.inference.crossings import log_volume


@pytest.mark.parametrize(
    ("d", "correlation"), [(1, 0.0), (5, 0.6), (60, 0.0), (100, 0.3), (60, -0.5)]
)
def test_the_volume_is_that_of_the_distribution(rng, d, correlation):
    """Sample covariances of 500 draws of 100 coordinates lack five nats and more."""
    scales = rng.uniform(0.5, 2.0, d)
    found = []
    for _ in range(20):
        noise = rng.normal(size=(500, d))
        draws = np.empty_like(noise)
        draws[0] = noise[0]
        for i in range(1, len(noise)):
            draws[i] = correlation * draws[i - 1] + np.sqrt(1 - correlation**2) * noise[i]
        found.append(log_volume(draws * scales))
    # One estimate has a standard deviation of sqrt(d / (2 n)), n what is left of 500.
    left = 500 * (1 - correlation**2) / (1 + correlation**2)
    error = np.sqrt(d / (2 * (left - d)) / 20)
    bias = 0.1 * d * (d + 1) / (4 * left)  # of what is corrected, for dependence beyond one step
    assert np.mean(found) == pytest.approx(np.sum(np.log(scales)), abs=5 * error + bias)


def test_too_few_draws_say_nothing(rng):
    assert log_volume(rng.normal(size=(500, 300))) is None
    assert log_volume(np.zeros((500, 2))) is None
