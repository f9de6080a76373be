"""Events of which some entries are missing: the density of the rest, and draws given it."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from scipy import special, stats

from aliquot.distributions.autoregressive import AR
from aliquot.distributions.base import Distribution
from aliquot.distributions.heavy_tailed import StudentT
from aliquot.distributions.location_scale import Normal
from aliquot.distributions.mixture import Mixture
from aliquot.distributions.mv_random_walk import MvGaussianRandomWalk
from aliquot.distributions.mv_student_t import MvStudentT
from aliquot.distributions.mvnormal import MvNormal
from aliquot.distributions.random_walk import GaussianRandomWalk
from aliquot.precision import float64
from tests.programs import quick

DRAWS = 40_000
MU = np.array([1.0, -2.0, 0.5])
COV = np.array([[2.0, 0.6, -0.3], [0.6, 1.0, 0.2], [-0.3, 0.2, 0.5]])
WIDE = np.eye(8) * 0.5 + 0.3 + 0.1 * np.outer(np.arange(8), np.arange(8)) / 8
STEPS = np.array([0.5, 2.0, 1.0, 0.3])
DRIFT = np.array([0.1, -0.4, 0.2, 0.0])


def walk_moments(start: float, drift: Any, sigma: Any) -> tuple[np.ndarray, np.ndarray]:
    """The mean and covariance of a walk of five points whose start has mean 0.3."""
    mean = 0.3 + np.concatenate([[0.0], np.cumsum(np.broadcast_to(drift, 4))])
    gathered = start**2 + np.concatenate([[0.0], np.cumsum(np.broadcast_to(sigma, 4) ** 2)])
    return mean, np.minimum(gathered[:, None], gathered)


def walk(drift: Any, sigma: Any) -> GaussianRandomWalk:
    return GaussianRandomWalk(drift, sigma, init_dist=Normal(0.3, 1.5), steps=4)


def series_moments(rho: Any, mean: Any, cov: Any) -> tuple[np.ndarray, np.ndarray]:
    """The mean and covariance of an autoregressive series: constant 0.4, scale 0.7, seven points.

    By the linear system that it solves.
    """
    order = len(rho)
    system = np.eye(7)
    for t in range(order, 7):
        system[t, t - order : t] = -np.flip(rho)
    shocks = 0.49 * np.eye(7)
    shocks[:order, :order] = cov
    inverse = np.linalg.inv(system)
    return inverse @ np.concatenate([mean, np.full(7 - order, 0.4)]), inverse @ shocks @ inverse.T


def series(rho: Any, start: Distribution) -> AR:
    return AR([0.4, *rho], 0.7, constant=True, init_dist=start, steps=7 - len(rho))


def vector_walk(start: Distribution) -> MvGaussianRandomWalk:
    return MvGaussianRandomWalk(MU[:2], COV[:2, :2], init_dist=start, steps=3)


def vector_walk_moments(cov: Any) -> tuple[np.ndarray, np.ndarray]:
    gathered = np.minimum.outer(np.arange(4), np.arange(4))
    mean = np.arange(4)[:, None] * MU[:2]
    return mean.ravel(), np.kron(np.ones((4, 4)), cov) + np.kron(gathered, COV[:2, :2])


# A distribution of one event, its mean and its covariance.
GAUSSIAN: dict[str, tuple[Distribution, Any, Any]] = {
    "cov": (MvNormal(MU, COV), MU, COV),
    "tau": (MvNormal(MU, tau=np.linalg.inv(COV)), MU, COV),
    "chol": (MvNormal(MU, chol=np.linalg.cholesky(COV)), MU, COV),
    "more than is written out": (MvNormal(0.5, WIDE), np.full(8, 0.5), WIDE),
    "walk": (walk(0.1, 0.7), *walk_moments(1.5, 0.1, 0.7)),
    "walk of unlike steps": (walk(DRIFT, STEPS), *walk_moments(1.5, DRIFT, STEPS)),
    "series": (series([0.8], Normal(0.3, 1.5)), *series_moments([0.8], [0.3], [[2.25]])),
    "series of order 3": (
        series([0.5, -0.9, 0.3], MvNormal(MU, COV)),
        *series_moments([0.5, -0.9, 0.3], MU, COV),
    ),
    "walk of vectors": (vector_walk(Normal(0.0, 2.0)), *vector_walk_moments(4 * np.eye(2))),
    "walk of vectors from one": (
        vector_walk(MvNormal(0.0, COV[1:, 1:])),
        *vector_walk_moments(COV[1:, 1:]),
    ),
}


def patterns(size: int) -> np.ndarray:
    """None missing, all, the first ones, the last ones, in between, and at random."""
    missing = np.zeros((7, size), bool)
    missing[1] = True
    missing[2, : size - 1] = True
    missing[3, 1:] = True
    missing[4, 1 : size - 1] = True
    missing[5, ::2] = True
    missing[6, 0] = True
    return missing


def conditional(mean: Any, cov: Any, x: np.ndarray, gone: np.ndarray) -> tuple[Any, Any]:
    """The mean and covariance of missing entries given the others."""
    seen = ~gone
    gain = cov[np.ix_(gone, seen)] @ np.linalg.inv(cov[np.ix_(seen, seen)])
    return (
        mean[gone] + gain @ (x[seen] - mean[seen]),
        cov[np.ix_(gone, gone)] - gain @ cov[np.ix_(seen, gone)],
    )


def evaluated(distribution: Distribution, x: np.ndarray, missing: np.ndarray) -> np.ndarray:
    x, missing = (each.reshape(-1, *distribution.event_shape) for each in (x, missing))
    with float64():
        compute = quick(lambda d, x: d.seen_log_prob(x, missing))
        return np.asarray(compute(distribution, x))


def drawn(distribution: Distribution, x: np.ndarray, missing: np.ndarray) -> np.ndarray:
    flat = missing.shape
    x, missing = (each.reshape(-1, *distribution.event_shape) for each in (x, missing))
    with float64():
        one = jax.vmap(lambda key: distribution.draw_missing(key, x, missing))
        keys = jax.random.split(jax.random.key(1), DRAWS)
        return np.asarray(quick(one)(keys)).reshape(DRAWS, *flat)


@pytest.mark.parametrize("name", GAUSSIAN)
def test_the_density_of_what_was_seen(name: str) -> None:
    distribution, mean, cov = GAUSSIAN[name]
    missing = patterns(len(mean))
    x = np.random.default_rng(1).normal(size=missing.shape)
    expected = [
        stats.multivariate_normal(mean[~gone], cov[np.ix_(~gone, ~gone)]).logpdf(row[~gone])
        if not gone.all()
        else 0.0
        for row, gone in zip(x, missing, strict=True)
    ]
    found = evaluated(distribution, x, missing)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    # What stands in for what is missing says nothing.
    np.testing.assert_array_equal(
        evaluated(distribution, np.where(missing, 7.0, x), missing), found
    )


@pytest.mark.parametrize("name", GAUSSIAN)
def test_draws_given_what_was_seen(name: str) -> None:
    distribution, mean, cov = GAUSSIAN[name]
    missing = patterns(len(mean))
    x = np.random.default_rng(1).normal(size=missing.shape)
    draws = drawn(distribution, x, missing)
    for number, gone in enumerate(missing):
        np.testing.assert_array_equal(
            draws[:, number, ~gone], np.broadcast_to(x[number, ~gone], (DRAWS, (~gone).sum()))
        )
        if not gone.any():
            continue
        exact, spread = conditional(mean, cov, x[number], gone)
        white = np.linalg.solve(np.linalg.cholesky(spread), (draws[:, number, gone] - exact).T)
        # 1500 numbers in all: one is off by 5.5 errors with a chance of 6e-5.
        assert np.abs(white.mean(axis=1)).max() < 5.5 / np.sqrt(DRAWS)
        products = white @ white.T / DRAWS - np.eye(len(white))
        assert np.abs(products).max() < 5.5 * np.sqrt(2 / DRAWS)


def test_a_start_that_is_not_normal_has_to_be_known() -> None:
    start = StudentT(4, mu=0.0, sigma=1.0)
    walks = GaussianRandomWalk(0.0, 1.0, init_dist=start, shape=(4, 4))
    missing = np.zeros((4, 4), bool)
    missing[0, :2], missing[1], missing[2, 2] = True, True, True
    kept = np.zeros_like(missing)
    kept[0, 0] = True
    np.testing.assert_array_equal(walks.kept(missing), kept)
    x = np.random.default_rng(1).normal(size=(4, 4))
    found = evaluated(walks, x, missing & ~kept)
    first, n = stats.t(4).logpdf(x[:, 0]), stats.norm.logpdf
    expected = [
        first[0] + n(x[0, 2] - x[0, 0], 0, np.sqrt(2)) + n(x[0, 3] - x[0, 2]),
        0.0,
        first[2] + n(x[2, 1] - x[2, 0]) + n(x[2, 3] - x[2, 1], 0, np.sqrt(2)),
        first[3] + n(np.diff(x[3])).sum(),
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_series_that_starts_otherwise_has_to_know_its_first_points() -> None:
    start = StudentT(4, mu=0.0, sigma=1.0)
    missing = np.zeros((4, 5), bool)
    missing[0, :2], missing[1], missing[2, 2] = True, True, True
    several = AR([0.5, 0.2], 1.0, init_dist=start, shape=(4, 5))
    kept = np.zeros_like(missing)
    kept[0, :2] = True
    np.testing.assert_array_equal(several.kept(missing), kept)
    x = np.random.default_rng(1).normal(size=(4, 5))
    found = evaluated(several, x, missing & ~kept)
    first, n = stats.t(4).logpdf(x[:, :2]).sum(-1), stats.norm.logpdf
    mean = 0.5 * x[:, 1:-1] + 0.2 * x[:, :-2]
    steps = n(x[:, 2:] - mean)
    # Without the point in the middle the next two are normal together.
    predicted = mean[2, 0]
    pair = np.array([0.5 * predicted + 0.2 * x[2, 1], 0.2 * predicted + 0.5 * x[2, 3]])
    gain = np.array([0.5, 0.2])
    joint = stats.multivariate_normal(pair, np.eye(2) + np.outer(gain, gain))
    middle = first[2] + joint.logpdf(x[2, 3:])
    expected = [first[0] + steps[0].sum(), 0.0, middle, first[3] + steps[3].sum()]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


T = MvStudentT(3.5, mu=MU, scale=COV)


def test_the_marginal_t_density() -> None:
    missing = patterns(3)
    x = 2 * np.random.default_rng(3).normal(size=missing.shape)
    expected = [
        stats.multivariate_t(MU[~gone], COV[np.ix_(~gone, ~gone)], 3.5).logpdf(row[~gone])
        if not gone.all()
        else 0.0
        for row, gone in zip(x, missing, strict=True)
    ]
    found = evaluated(T, x, missing)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(evaluated(T, np.where(missing, 7.0, x), missing), found)


def test_draws_of_a_t_given_what_was_seen() -> None:
    """In units of the conditional scales each entry by itself is t (Ding 2016, section 2)."""
    missing = patterns(3)
    x = 2 * np.random.default_rng(3).normal(size=missing.shape)
    draws = drawn(T, x, missing)
    for number, gone in enumerate(missing):
        np.testing.assert_array_equal(
            draws[:, number, ~gone], np.tile(x[number, ~gone], (DRAWS, 1))
        )
        if not gone.any():
            continue
        exact, spread = conditional(MU, COV, x[number], gone)
        seen = ~gone
        far = np.linalg.solve(COV[np.ix_(seen, seen)], (x[number] - MU)[seen])
        nu = 3.5 + seen.sum()
        spread = spread * (3.5 + far @ (x[number] - MU)[seen]) / nu
        white = np.linalg.solve(np.linalg.cholesky(spread), (draws[:, number, gone] - exact).T)
        for column in white:
            assert stats.kstest(stats.t(nu).cdf(column), "uniform").pvalue > 5e-6
        length = stats.f(len(white), nu).cdf(np.sum(white**2, axis=0) / len(white))
        assert stats.kstest(length, "uniform").pvalue > 5e-6


MIXTURES = {
    "listed": Mixture([0.3, 0.7], [MvNormal(MU, COV), MvNormal(-MU, np.eye(3))]),
    "batched": Mixture([0.3, 0.7], MvNormal(np.stack([MU, -MU]), np.stack([COV, np.eye(3)]))),
}


@pytest.mark.parametrize("name", MIXTURES)
def test_mixtures_of_vectors(name: str) -> None:
    mixture = MIXTURES[name]
    missing = patterns(3)
    x = np.random.default_rng(2).normal(size=missing.shape)
    parts = [(MU, COV), (-MU, np.eye(3))]
    draws = drawn(mixture, x, missing)
    found = evaluated(mixture, x, missing)
    for number, (row, gone) in enumerate(zip(x, missing, strict=True)):
        each = np.array(
            [
                stats.multivariate_normal(m[~gone], c[np.ix_(~gone, ~gone)]).logpdf(row[~gone])
                if not gone.all()
                else 0.0
                for m, c in parts
            ]
        )
        np.testing.assert_allclose(
            found[number], special.logsumexp(each, b=[0.3, 0.7]), rtol=1e-12, atol=1e-12
        )
        if not gone.any():
            continue
        weights = special.softmax(each + np.log([0.3, 0.7]))
        moments = [conditional(m, c, row, gone) for m, c in parts]
        mean = sum(w * m for w, (m, _) in zip(weights, moments, strict=True))
        square = sum(w * (np.diag(c) + m**2) for w, (m, c) in zip(weights, moments, strict=True))
        values = draws[:, number, gone]
        for power, exact in ((values, mean), (values**2, square)):
            error = power.std(axis=0) / np.sqrt(DRAWS)
            assert (np.abs(power.mean(axis=0) - exact) < 5 * error).all()


def test_missing_numbers_are_drawn_and_others_are_left() -> None:
    x = np.array([0.3, 0.4, 0.5])
    missing = np.array([True, False, True])
    draws = drawn(Normal([1.0, 2.0, 3.0], 0.5), x, missing)
    assert (draws[:, 1] == 0.4).all()
    assert np.abs(draws[:, missing].mean(axis=0) - [1, 3]).max() < 5 * 0.5 / np.sqrt(DRAWS)
