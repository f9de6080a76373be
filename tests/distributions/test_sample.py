"""Draws against the distribution: goodness of fit, moments, and that the check has power.

One failure rate for the whole table: if every sampler is right, some seed in 10,000 would fail some
check here (Bonferroni over all the checks). The seed is fixed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from aliquot.distributions.bounded import Uniform
from aliquot.distributions.circular import VonMises
from aliquot.distributions.gamma import Gamma
from aliquot.distributions.improper import Flat, HalfFlat
from aliquot.distributions.truncated_normal import TruncatedNormal
from tests.distributions.case import Case
from tests.distributions.table import CASES, DRAWS, cases_with, draws_of

FAMILY_WISE = 1e-4
SHARE = FAMILY_WISE / (4 * len(CASES))  # fit, mean and variance of each row, and some to spare


def fit_p_value(case: Case, draws: np.ndarray) -> float:
    """Test draws against the reference, by the way that the row names."""
    if case.uniforms is not None:
        columns = np.asarray(case.uniforms(draws)).reshape(len(draws), -1).T
        smallest = min(stats.kstest(column, "uniform").pvalue for column in columns)
        return min(1.0, smallest * len(columns))
    if case.cdf is not None:
        # One number in a row of batched draws: the others have other distributions or are like it.
        return float(stats.kstest(case.cdf(draws).ravel(), "uniform").pvalue)
    return chi_squared_p_value(draws, np.asarray(case.atoms), np.asarray(case.pmf(case.atoms)))


def chi_squared_p_value(draws: np.ndarray, atoms: np.ndarray, probabilities: np.ndarray) -> float:
    """Compare counts with their expectations; bins of fewer than 10 expected are pooled."""
    axes = tuple(range(1, draws.ndim))
    counts = np.array([np.sum(np.all(draws == atom, axis=axes)) for atom in atoms])
    counts = np.append(counts, len(draws) - counts.sum())
    expected = np.append(probabilities, max(0.0, 1 - probabilities.sum())) * len(draws)
    rare = expected < 10
    observed = np.append(counts[~rare], counts[rare].sum())
    wanted = np.append(expected[~rare], expected[rare].sum())
    if wanted[-1] < 10:  # too few to be a bin of their own: with the rarest of the others
        if observed[-1] > stats.poisson.isf(SHARE, wanted[-1]):
            return 0.0
        least = int(np.argmin(wanted[:-1]))
        observed[least] += observed[-1]
        wanted[least] += wanted[-1]
        observed, wanted = observed[:-1], wanted[:-1]
    if len(wanted) < 2:
        return 1.0
    return float(stats.chisquare(observed, wanted * len(draws) / wanted.sum()).pvalue)


def has_reference(case: Case) -> bool:
    return case.samples and (case.uniforms or case.cdf or case.pmf) is not None


def _finite(value: Any) -> bool:
    return value is not None and bool(np.isfinite(value).all())


@cases_with(has_reference)
def test_draws_fit_the_distribution(case: Case) -> None:
    draws = draws_of(case.id)
    assert draws.dtype == case.build().dtype
    assert case.build().support.check(draws).all()
    assert fit_p_value(case, draws) > SHARE


@cases_with(lambda case: has_reference(case) and case.cdf is not None and case.build().shape == ())
def test_the_fit_would_notice_a_slightly_wrong_distribution(case: Case) -> None:
    """A distribution that puts 53.3% of its mass below the median (u**1.1 for u) is refused."""
    uniform = np.asarray(case.cdf(draws_of(case.id))) ** 1.1
    assert stats.kstest(uniform, "uniform").pvalue < SHARE


@cases_with(lambda case: case.pmf is not None and len(case.atoms) > 1)
def test_the_fit_would_notice_slightly_wrong_probabilities(case: Case) -> None:
    """Probabilities tilted by a tenth of a standard deviation of the atoms' rank are refused."""
    probabilities = np.asarray(case.pmf(case.atoms))
    order = np.arange(len(probabilities))
    centre = np.sum(order * probabilities) / probabilities.sum()
    spread = np.sqrt(np.sum((order - centre) ** 2 * probabilities) / probabilities.sum())
    tilted = probabilities * np.exp(0.1 * (order - centre) / spread)
    tilted *= probabilities.sum() / tilted.sum()
    assert chi_squared_p_value(draws_of(case.id), np.asarray(case.atoms), tilted) < SHARE


@cases_with(lambda case: case.mean is not None)
def test_mean_equals_the_reference(case: Case) -> None:
    mean = case.build().mean()
    assert mean.shape == case.build().shape
    np.testing.assert_allclose(mean, np.broadcast_to(case.mean, mean.shape), rtol=1e-10, atol=1e-12)


@cases_with(lambda case: case.variance is not None)
def test_variance_equals_the_reference(case: Case) -> None:
    variance = case.build().variance()
    assert variance.shape == case.build().shape
    np.testing.assert_allclose(
        variance, np.broadcast_to(case.variance, variance.shape), rtol=1e-9, atol=1e-12
    )


@cases_with(lambda case: has_reference(case) and _finite(case.mean) and _finite(case.variance))
def test_mean_of_the_draws(case: Case) -> None:
    """Within as many standard errors as one check's share of the failure rate allows."""
    draws = draws_of(case.id)
    error = np.sqrt(np.asarray(case.variance) / DRAWS)
    limit = stats.norm.isf(SHARE / 2 / max(1, draws[0].size))
    distance = np.abs(draws.mean(0) - case.mean)
    assert np.all(distance <= limit * error + 1e-12)


def test_truncated_normal_draws_far_in_the_tail() -> None:
    lower = np.array([8.0, 10.0, 40.0])
    draws = TruncatedNormal(0.0, 1.0, lower=lower).sample(DRAWS, random_seed=3)
    uniform = np.exp(stats.norm.logsf(draws) - stats.norm.logsf(lower))
    for column in uniform.T:
        assert stats.kstest(column, "uniform").pvalue > SHARE


def test_truncated_normal_draws_stay_between_bounds() -> None:
    start, width = np.array([8.0, -30.0, -2.0]), np.array([1e-9, 1e-3, 3.0])
    draws = TruncatedNormal(0.0, 1.0, lower=start, upper=start + width).sample(2_000, random_seed=3)
    assert np.all((draws >= start) & (draws <= start + width))
    # Not heaped on a few values, as draws by differences of distribution functions are.
    for column in draws.T:
        assert len(np.unique(column)) > 1_990


def test_truncated_normal_variance_far_in_the_tail() -> None:
    # Mills' ratio: the excess over a large bound is nearly exponential with mean 1 / bound.
    distribution = TruncatedNormal(0.0, 1.0, lower=1e3)
    assert float(distribution.mean() - 1e3) == pytest.approx(1e-3 * (1 - 2e-6), rel=1e-8)
    assert float(distribution.variance()) == pytest.approx(1e-6 * (1 - 6e-6), rel=1e-8)


def test_von_mises_draws_for_every_concentration() -> None:
    small, large = [1e-12, 0.3], [1e4, 1e9, 1e14]
    draws = VonMises(0.0, [*small, *large]).sample(DRAWS, random_seed=5)
    for kappa, column in zip(small, draws.T, strict=False):
        uniform = stats.vonmises(kappa).cdf(column)
        assert stats.kstest(uniform, "uniform").pvalue > SHARE
    for kappa, column in zip(large, draws.T[len(small) :], strict=True):
        square = 4 * kappa * np.sin(column / 2) ** 2  # chi-squared but for terms of 1 / kappa
        assert stats.kstest(square, stats.chi2(1).cdf).pvalue > SHARE


def test_draws_of_tiny_shapes_stay_in_the_support() -> None:
    draws = Gamma(1e-4, 1.0).sample(1_000, random_seed=1)
    assert np.all(draws > 0)
    assert np.isfinite(Gamma(1e-4, 1.0).log_prob(draws)).all()


@pytest.mark.parametrize("family", [Flat, HalfFlat])
def test_improper_families_refuse_to_draw(family: Any) -> None:
    with pytest.raises(NotImplementedError, match=f"{family.__name__} is improper.*no draws"):
        family().sample(random_seed=1)


def test_draws_follow_the_seed() -> None:
    one, same, other = (Uniform().sample(5, random_seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.any(one == other)
