"""The ladder: barriers, how many rungs, where they are; rounds of the warm-up."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats
from scipy.special import erf

from aliquot.tempering.chain import blocks_of
from aliquot.tempering.ladder import (
    FEWEST,
    MOST,
    barriers,
    equalised,
    first_betas,
    nearest,
    rungs_for,
)
from aliquot.tempering.rounds import Ladder, Learned, adapted, rounds

NODES = stats.norm.ppf((np.arange(400) + 0.5) / 400)


def rejection(low: float, high: float) -> float:
    """Give the rejection of swaps between N(0, 1 / (1 + low)) and N(0, 1 / (1 + high)).

    The log ratio is minus half a square. By the midpoint rule over quantiles of both.
    """
    x, y = NODES[:, None] / np.sqrt(1 + low), NODES / np.sqrt(1 + high)
    return float(1 - np.exp(np.minimum((high - low) * 0.5 * (y**2 - x**2), 0)).mean())


def test_barriers_of_normal_log_ratios() -> None:
    delta = np.array([0.02, 0.3, 1.0, 1.7])
    np.testing.assert_allclose(barriers(erf(0.5 * np.sqrt(np.pi) * delta)), delta, rtol=1e-9)


def test_barriers_are_finite_where_all_or_none_are_rejected() -> None:
    found = barriers(np.array([0.0, 1.0]))
    assert found[0] > 0
    assert np.isfinite(found).all()


def test_rungs_are_bounded() -> None:
    assert [rungs_for(b) for b in (0.0, 1e6)] == [FEWEST, MOST]
    assert rungs_for(7.3) == 16


def test_the_ladder_ends_where_it_must(rng: np.random.Generator) -> None:
    for _ in range(20):
        old = np.concatenate([[0.0], np.sort(rng.uniform(1e-6, 1, rng.integers(3, 20))), [1.0]])
        new = equalised(old, rng.uniform(0, 1, len(old) - 1), int(rng.integers(5, 30)))
        assert new[0] == 0
        assert new[-1] == 1
        assert np.all(np.diff(new) > 0)


def test_equal_rejections_are_a_fixed_point() -> None:
    betas = np.array([0.0, 1e-3, 0.04, 0.3, 1.0])
    np.testing.assert_allclose(equalised(betas, np.full(4, 0.4), 5), betas, rtol=1e-9)


def test_rounds_of_exact_rejections_make_them_equal() -> None:
    betas = np.array([0.0, 0.5, 20.0, 400.0, 900.0, 1000.0]) / 1000
    for _ in range(4):
        exact = np.array([rejection(1000 * a, 1000 * b) for a, b in pairwise(betas)])
        betas = equalised(betas, exact, len(betas))
    assert np.ptp(exact) < 0.02


def test_the_first_ladder_begins_where_ratios_are_near_each_other(
    rng: np.random.Generator,
) -> None:
    ratios = np.concatenate([1e5 * rng.normal(size=500), [-np.inf] * 20])
    betas = first_betas(ratios)
    assert betas[0] == 0
    assert betas[-1] == 1
    assert 1e-6 < betas[1] < 1e-4


def test_the_nearest_rungs() -> None:
    old = np.array([0.0, 0.01, 0.1, 1.0])
    assert nearest(np.array([0.0, 0.001, 0.05, 0.5, 1.0]), old).tolist() == [0, 1, 2, 2]


@pytest.mark.parametrize("tune", [0, 1, 2, 9, 31, 32, 100, 999, 5000])
def test_rounds_make_up_the_warm_up(tune: int) -> None:
    lengths = rounds(tune)
    assert sum(lengths) == tune
    assert min(lengths, default=1) > 0
    grown = lengths[:-1]
    assert all(b >= a for a, b in pairwise(grown))


@pytest.mark.parametrize("rungs", [5, 16, 17, 65])
@pytest.mark.parametrize("least", [1, 3, 100])
def test_blocks_hold_every_rung_once(rungs: int, least: int) -> None:
    blocks = blocks_of(rungs, least)
    assert [r for first, last in blocks for r in range(first, last)] == list(range(rungs))
    assert max(last - first for first, last in blocks) <= 16
    assert len(blocks) >= min(least, rungs)


@pytest.mark.parametrize("metric", ["adapt_full", "adapt_diag"])
def test_a_metric_is_that_within_modes(metric: str, rng: np.random.Generator) -> None:
    # What a rung moves by, from one independent draw within a mode to another.
    factor = np.array([[2.0, 0.0], [1.5, 0.5]])
    exact = factor @ factor.T
    draws = rng.normal(size=(2, 2000, 4, 2)) @ factor.T
    before = np.ones((4, 2)) if metric == "adapt_diag" else np.stack([np.eye(2)] * 4)
    ladder = Ladder(np.array([0.0, 0.1, 0.3, 0.6, 1.0]), before, np.ones(4))
    new = adapted(ladder, Learned(np.full(4, 0.4), draws[0] - draws[1], np.ones(4)), metric)
    found, exact = new.scales[-1], np.diag(exact) if metric == "adapt_diag" else exact
    found = found**2 if metric == "adapt_diag" else found @ found.T
    # A variance of 2000 is within five of its standard errors, sqrt(2 / 2000); a covariance, too.
    np.testing.assert_allclose(found, exact, rtol=5 * np.sqrt(2 / 2000) + 0.02)
