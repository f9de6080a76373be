"""Pareto-smoothed weights, beside those of arviz_stats."""

from __future__ import annotations

import numpy as np
import pytest
from arviz_stats.base.array import array_stats

from aliquot.variational.pareto import generalised_pareto, psis


@pytest.mark.parametrize("n", [30, 100, 200])
@pytest.mark.parametrize("spread", [0.1, 1.0, 3.0, 8.0])
def test_as_in_arviz(n: int, spread: float, rng: np.random.Generator) -> None:
    log_ratios = rng.normal(0, spread, n)
    ours, k = psis(log_ratios)
    theirs, their_k = array_stats.psislw(-log_ratios)
    np.testing.assert_allclose(k, their_k, rtol=1e-8)
    np.testing.assert_allclose(ours - np.logaddexp.reduce(ours), theirs, atol=1e-8)


@pytest.mark.parametrize("k", [-0.3, 0.2, 0.5, 0.9])
def test_the_shape_of_a_known_tail(k: float, rng: np.random.Generator) -> None:
    draws = np.sort(np.expm1(-k * np.log(rng.random(20_000))) / k)
    found, scale = generalised_pareto(draws)
    # The standard error is (1 + k) / sqrt(n): de Zea Bermudez and Kotz (2010).
    assert abs(found - k) < 5 * (1 + abs(k)) / np.sqrt(20_000) + 1e-3
    assert abs(scale - 1) < 0.1


def test_ratios_without_a_tail() -> None:
    weights, k = psis(np.zeros(100))
    assert k == np.inf
    assert (weights == 0).all()
    assert psis(np.array([0.0, 1.0]))[1] == np.inf
