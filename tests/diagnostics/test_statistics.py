"""R-hat, effective sample sizes and E-BFMI: the numbers are those of ``arviz_stats``."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from aliquot.diagnostics.statistics import (
    _fast_length,
    bfmi,
    ess_bulk,
    mixing,
    normal_scores,
    rhat,
)

LENGTHS = (4, 5, 6, 7, 8, 9, 10, 11, 50, 101, 1000)


def autocorrelated(rng: np.random.Generator, shape: tuple[int, ...], rho: float) -> np.ndarray:
    draws = rng.normal(size=shape)
    for t in range(1, shape[-1]):
        draws[..., t] += rho * draws[..., t - 1]
    return draws


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("chains", [1, 2, 3])
def test_statistics_are_those_of_arviz(rng: np.random.Generator, length: int, chains: int) -> None:
    from arviz_stats.base.array import array_stats

    free = np.concatenate(
        [autocorrelated(rng, (2, chains, length), rho) for rho in (-0.9, -0.3, 0.0, 0.5, 0.95, 1)]
    )
    # Ties, two values only, and chains that wander.
    draws = np.concatenate([free, np.round(2 * free) / 2, free > 0, np.cumsum(free, axis=-1)])
    with np.errstate(all="ignore"):
        expected = array_stats.rhat(draws, method="rank")
        unmoved = np.isinf(rhat(draws))
        assert_allclose(rhat(draws)[~unmoved], expected[~unmoved], rtol=1e-10)
        assert_allclose(ess_bulk(draws), array_stats.ess(draws, method="bulk"), rtol=1e-9)
        found = mixing(draws)
        assert_allclose(found.rhat, rhat(draws))
        assert_allclose(found.ess_bulk, ess_bulk(draws))
        tail = array_stats.ess(draws, method="tail", prob=(0.05, 0.95))
        # Draws above a quantile are zeros and ones, whose autocorrelations are ratios of whole
        # numbers: where a pair of them is exactly zero, rounding decides whether the sum goes on,
        # by pairs that are next to nothing.
        other = ~np.isclose(found.ess_tail, tail, rtol=1e-9, equal_nan=True)
        assert other.mean() <= 1 / 24
        assert_allclose(found.ess_tail, tail, rtol=0.02)
        assert_allclose(bfmi(free[0]), array_stats.bfmi(free[0]), rtol=1e-12)


def test_draws_that_are_not_numbers_have_no_statistics(rng: np.random.Generator) -> None:
    draws = rng.normal(size=(3, 2, 40))
    whole = [rhat(draws), ess_bulk(draws), *mixing(draws)]
    draws[1, 0, 3] = np.nan
    for after, before in zip([rhat(draws), ess_bulk(draws), *mixing(draws)], whole, strict=True):
        assert np.isnan(after[1])
        assert_allclose(after[[0, 2]], before[[0, 2]])


def test_too_few_draws_or_chains_have_none(rng: np.random.Generator) -> None:
    assert np.isnan(rhat(rng.normal(size=(2, 1, 40)))).all()
    assert np.isnan(rhat(rng.normal(size=(2, 4, 3)))).all()
    assert np.isnan(ess_bulk(rng.normal(size=(2, 4, 3)))).all()
    alone = mixing(rng.normal(size=(2, 1, 40)))
    assert np.isnan(alone.rhat).all()
    assert np.isfinite(alone.ess_tail).all()


def test_chains_that_do_not_move() -> None:
    apart = np.repeat([[[0.1], [0.2]]], 20, axis=2)
    assert rhat(apart) == np.inf
    assert ess_bulk(np.zeros((1, 2, 20))) == 40


def test_scores_of_equal_draws_are_those_of_their_mean_rank() -> None:
    from scipy.stats import norm, rankdata

    draws = np.array([[[3.0, 1.0, 2.0, 2.0, 5.0]], [[0.0, -1.0, 7.0, 8.0, 2.0]]])
    ranks = rankdata(draws, axis=2)
    assert_allclose(normal_scores(draws), norm.ppf((ranks - 0.375) / 5.25), atol=1e-14)


def test_lengths_of_transforms_are_fast_and_enough() -> None:
    from scipy.fft import next_fast_len

    for least in (*range(1, 200), 9_999, 10_001, 123_457):
        length = _fast_length(least)
        assert least <= length <= 2 * next_fast_len(least)
        for factor in (2, 3, 5):
            while length % factor == 0:
                length //= factor
        assert length == 1
