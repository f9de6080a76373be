"""Draws, moments and the ELBO of an approximation."""

import numpy as np
import pytest

from aliquot.variational import Estimate, MeanField, VariationalApproximation, VariationalFit
from aliquot.variational.stochastic.family import FullRank
from tests.variational.targets import correlated_gaussian, mixture


def kl_divergence(approx, mean, covariance):
    """From one Gaussian to another, in nats."""
    precision = np.linalg.inv(covariance)
    away = mean - approx.mean
    log_dets = np.linalg.slogdet(covariance)[1] - np.linalg.slogdet(approx.covariance)[1]
    trace = np.trace(precision @ approx.covariance)
    return 0.5 * (trace + away @ precision @ away - mean.size + log_dets)


@pytest.mark.parametrize("family", [MeanField(3), FullRank(3)], ids=lambda family: family.name)
def test_elbo_of_a_gaussian_is_minus_its_divergence(family):
    target, mean, covariance = correlated_gaussian()
    params = family.init(mean, 0.2)
    params = params + 0.1 * np.random.default_rng(0).normal(size=params.size)
    approx = VariationalApproximation(
        target, family.name, family.gaussian(params), np.empty(0), seed=3
    )
    elbo = approx.elbo(4000)
    assert elbo.mcse < 0.2
    # 4.5 standard errors: one chance in 100,000.
    assert abs(elbo.value + kl_divergence(approx, mean, covariance)) < 4.5 * elbo.mcse


def test_elbo_is_reproducible_and_its_error_falls_with_n():
    target, mean, _ = correlated_gaussian()
    q = MeanField(3).gaussian(MeanField(3).init(mean, 0.1))
    approx = VariationalApproximation(target, "mean-field", q, np.empty(0), seed=1)
    assert approx.elbo(1000) == approx.elbo(1000)
    assert approx.elbo(1000, random_seed=5) != approx.elbo(1000)
    ratio = approx.elbo(500).mcse / approx.elbo(8000).mcse
    assert 2.5 < ratio < 6  # 4, give or take the error of an sd from 500 draws


def test_sample_gives_both_scales():
    target = mixture()
    approx = VariationalFit(target, MeanField, seed=0).run(2000, check=False)
    draws = approx._draw(4000, seed=1)
    assert draws.unconstrained.shape == (4000, 2)
    assert draws.constrained["means"].shape == (4000, 2)
    assert (np.diff(draws.constrained["means"]) > 0).all()
    # 4.5 standard errors of the mean and of the sd of 4,000 draws.
    error = 4.5 / np.sqrt(4000)
    away = (draws.unconstrained.mean(axis=0) - approx.mean) / approx.std
    np.testing.assert_allclose(away, 0, atol=error)
    np.testing.assert_allclose(draws.unconstrained.std(axis=0) / approx.std, 1, atol=error)


def test_sample_depends_on_its_seed_alone():
    target = mixture()
    approx = VariationalFit(target, MeanField, seed=0).run(50, check=False)
    first, again = (approx._draw(10, seed=4).unconstrained for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert (approx._draw(10, seed=5).unconstrained != first).all()


def test_too_few_draws_are_refused():
    target = mixture()
    approx = VariationalFit(target, MeanField, seed=0).approximation()
    with pytest.raises(ValueError, match="draws=0: expected at least 1"):
        approx._draw(0, seed=1)
    with pytest.raises(ValueError, match="n=1: expected at least 2"):
        approx.elbo(1)


def test_an_estimate_reads_to_the_digits_that_it_has():
    assert repr(Estimate(-181.51934, 0.00512)) == "-181.5193 ± 0.0051"
    assert repr(Estimate(-12.3, 25.0)) == "-12 ± 25"
    assert repr(Estimate(-np.inf, np.nan)) == "-inf ± nan"
