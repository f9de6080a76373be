"""Random numbers that draws are made of: at the ends of their ranges, and of no distribution."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from aliquot.distributions.circular import VonMises
from aliquot.distributions.counts import DiscreteUniform, Poisson
from aliquot.distributions.random_numbers import (
    as_count,
    binomial_draws,
    exponential,
    gamma_parts,
    geometric_draws,
    integers,
    multinomial_draws,
    poisson_draws,
    uniform,
)
from aliquot.distributions.truncated_normal import TruncatedNormal
from aliquot.precision import float64
from tests.programs import quick

LAST = np.iinfo(np.int64).max


def traced(function: Any, *arguments: Any) -> Any:
    with float64():
        return jax.tree.map(np.asarray, quick(function)(*arguments))


def key(seed: int) -> Any:
    with float64():
        return jax.random.key(seed)


def test_uniform_numbers_keep_their_digits_at_both_ends() -> None:
    u, rest = traced(lambda k: uniform(k, (100_000,)), key(1))
    assert np.all((u > 0) & (rest > 0))
    np.testing.assert_allclose(u + rest, 1, rtol=1e-15)
    small = np.minimum(u, rest)
    # No multiples of 2**-52: nearly none of those is that have ten bits more below one.
    fine = small[small < 1e-3]
    assert len(fine) > 50
    assert np.mean(fine * 2.0**52 % 1 == 0) < 0.1
    assert stats.kstest(u, "uniform").pvalue > 1e-5
    assert stats.kstest(2 * small, "uniform").pvalue > 1e-5


def test_exponential_numbers_are_positive() -> None:
    draws = traced(lambda k: exponential(k, (100_000,)), key(2))
    assert np.all(draws > 0)
    assert stats.kstest(draws, "expon").pvalue > 1e-5


@pytest.mark.parametrize("number", [1, 3, 2**40 + 1, 3 * 2**61, 2**63, 2**64])
def test_integers_are_as_probable_in_each_third(number: int) -> None:
    lower = -(2**63)
    upper = lower + number - 1
    draws = traced(lambda k: integers(k, lower, upper, (30_000,)), key(3))
    assert draws.min() >= lower and draws.max() <= upper
    place = [(int(x) - lower) * 3 // max(number, 3) for x in draws]
    counts = np.bincount(place, minlength=3)
    if number > 1:
        assert stats.chisquare(counts).pvalue > 1e-5


def test_counts_that_an_int64_cannot_hold_are_the_largest_one() -> None:
    given = np.array([0.0, 2.7, 2.0**62, 2.0**63, 1e300, np.inf, -1e300])
    np.testing.assert_array_equal(
        traced(as_count, given), [0, 2, 2**62, LAST, LAST, LAST, -(2**63)]
    )


@pytest.mark.parametrize("mu", [-1.0, np.nan])
def test_what_is_no_mean_gives_no_count(mu: float) -> None:
    assert np.all(traced(lambda k, m: poisson_draws(k, m, (5,)), key(1), mu) == -1)


@pytest.mark.parametrize("p", [-0.1, 1.5, np.nan])
def test_what_is_no_probability_gives_no_count(p: float) -> None:
    assert np.all(traced(lambda k, p: binomial_draws(k, 10, p, 1 - p, (5,)), key(1), p) == -1)
    assert np.all(traced(lambda k, p: geometric_draws(k, p, (5,)), key(1), p) == -1)


def test_draws_come_to_an_end_where_there_is_none() -> None:
    for alpha in (np.nan, -2.0, np.inf, 0.0):
        traced(lambda k, a: gamma_parts(k, a, (3,)), key(1), alpha)
    with float64():
        for kappa in (np.nan, np.inf, -1.0):
            quick(lambda d, k: d.draw(k, (3,)))(_with(VonMises(0.0, 1.0), kappa=kappa), key(1))
        far = TruncatedNormal(0.0, 1.0, lower=2.0)
        quick(lambda d, k: d.draw(k, (3,)))(_with(far, mu=np.nan), key(1))


def _with(distribution: Any, **parameters: float) -> Any:
    """Put parameters that the constructor would refuse: what is computed may be anything."""
    distribution.parameters.update({name: jnp.asarray(v) for name, v in parameters.items()})
    return distribution


def test_multinomial_counts_sum_to_all_trials_beyond_what_doubles_can_count() -> None:
    n = 2**62 + 12345
    p = np.array([1e-18, 0.3, 0.0, 0.7, 0.0])
    draws = traced(lambda k: multinomial_draws(k, n, p, (1_000, 5)), key(4))
    assert np.all(draws >= 0)
    assert np.all(draws.sum(-1) == n)
    assert np.all(draws[:, [2, 4]] == 0)


def test_counts_beyond_doubles_are_odd_as_often_as_even() -> None:
    draws = traced(lambda k: poisson_draws(k, 1e18, (20_000,)), key(5))
    odd = int(np.sum(draws % 2))
    assert stats.binomtest(odd, len(draws)).pvalue > 1e-5


@pytest.mark.parametrize("mu", [0.5, 20.0, 1e9])
def test_batches_and_vmap_draw_from_the_same_law(mu: float) -> None:
    means = np.full((40, 50), mu)

    def one(key: Any, row: Any) -> Any:
        return poisson_draws(key, row, (50,))

    draws = traced(lambda k, m: jax.vmap(one)(jax.random.split(k, 40), m), key(6), means).ravel()
    v = np.random.default_rng(6).random(draws.shape)
    law = stats.poisson(mu)
    u = law.cdf(draws - 1) + v * law.pmf(draws)
    assert stats.kstest(u, "uniform").pvalue > 1e-5


def test_starts_of_counts_that_are_many() -> None:
    with float64():
        start = quick(lambda d: d.start())
        assert int(start(Poisson(1e300))) == LAST
        assert int(start(Poisson(2.5))) == 2
        assert int(start(DiscreteUniform(-(2**63), LAST))) in (-1, 0)
        assert int(start(DiscreteUniform(LAST, LAST))) == LAST


def test_the_log_probability_of_integers_from_a_wide_range() -> None:
    whole = DiscreteUniform(-(2**63), LAST)
    assert float(whole.log_prob(7)) == pytest.approx(-64 * np.log(2), rel=1e-15)
    assert float(whole.variance()) == pytest.approx(2.0**128 / 12, rel=1e-15)
    assert float(whole.mean()) == -0.5
