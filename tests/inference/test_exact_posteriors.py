"""Posteriors that are known, in closed form or by quadrature: means, sds and upper quantiles.

Draws are compared within Monte Carlo standard errors that come from their effective sample sizes.
If all is right, one seed in 10,000 fails some comparison of this file (Bonferroni); the seeds are
fixed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

import aliquot as aq
from tests.inference.accuracy import assert_moments, errors

pytestmark = pytest.mark.slow

# Three comparisons for each of some 40 numbers; a tenth is left for the errors of the errors.
TIMES = stats.norm.isf(0.1 * 1e-4 / 2 / 120)
UPPER = 0.95


@dataclass(frozen=True)
class Exact:
    """Mean, sd and 95% quantile of each of a variable's numbers."""

    mean: np.ndarray
    sd: np.ndarray
    upper: np.ndarray


def closed(law: Any) -> Exact:
    return Exact(law.mean(), law.std(), law.ppf(UPPER))


def midpoints(low: float, high: float, count: int = 1200) -> np.ndarray:
    """Cut an interval into equal parts and give the middle of each."""
    return low + (high - low) * (np.arange(count) + 0.5) / count


def by_quadrature(grid: np.ndarray, log_density: np.ndarray) -> Exact:
    """Integrate over midpoints; a quantile interpolates the distribution function."""
    weights = np.exp(log_density - log_density.max())
    assert max(weights[0], weights[-1]) < 1e-3, "the grid is too short"
    weights /= weights.sum()
    mean = weights @ grid
    # The distribution function at a point has half of its weight.
    below = np.cumsum(weights) - weights / 2
    return Exact(
        mean, np.sqrt(weights @ (grid - mean) ** 2), np.interp(UPPER, below, grid)
    )  # fmt: skip


def on_two_grids(
    first: np.ndarray, second: np.ndarray, log_density: Callable[[np.ndarray, np.ndarray], Any]
) -> tuple[Exact, Exact]:
    """Integrate over a rectangle, one parameter then the other."""
    table = log_density(first[:, None], second[None, :])
    return (
        by_quadrature(first, special.logsumexp(table, axis=1)),
        by_quadrature(second, special.logsumexp(table, axis=0)),
    )


def assert_exact(draws: Any, exact: Exact) -> None:
    draws = np.asarray(draws)
    assert_moments(draws, exact.mean, exact.sd, times=TIMES)
    above = (draws > exact.upper).astype(float)
    away = np.abs(above.mean((0, 1)) - (1 - UPPER))
    assert np.all(away < TIMES * errors(above)[0]), (above.mean((0, 1)), exact.upper)


def posterior_of(model: aq.Model, **settings: Any) -> Any:
    options = {"draws": 4000, "tune": 1000, "chains": 4, "random_seed": 1, "target_accept": 0.9}
    options |= settings
    return aq.sample(options.pop("draws"), model=model, progressbar=False, **options).posterior


def test_conjugate_counts_and_shares() -> None:
    """Four conjugate models side by side, each with data of its own."""
    successes, trials = np.array([3, 9, 0]), np.array([10, 12, 7])
    counts = np.array([2, 0, 3, 1, 4])
    kinds = np.array([5, 0, 2])
    waits = np.array([0.3, 1.9, 0.7])
    with aq.Model() as model:
        p = aq.Beta("p", 2.0, 3.0, shape=3)
        aq.Binomial("successes", trials, p, observed=successes)
        rate = aq.Gamma("rate", 1.5, 0.5)
        aq.Poisson("counts", rate, observed=counts)
        share = aq.Dirichlet("share", [0.8, 2.0, 1.0])
        aq.Multinomial("kinds", 7, share, observed=kinds)
        lam = aq.Gamma("lam", 2.0, 1.0)
        aq.Exponential("waits", lam, observed=waits)
        q = aq.Beta("q", 1.0, 1.0)
        aq.Geometric("tries", q, observed=[1, 4, 2])
    posterior = posterior_of(model)
    assert_exact(posterior["p"], closed(stats.beta(2 + successes, 3 + trials - successes)))
    assert_exact(posterior["rate"], closed(stats.gamma(11.5, scale=1 / 5.5)))
    a = np.array([5.8, 2.0, 3.0])
    assert_exact(posterior["share"], closed(stats.beta(a, a.sum() - a)))
    assert_exact(posterior["lam"], closed(stats.gamma(5, scale=1 / (1 + waits.sum()))))
    assert_exact(posterior["q"], closed(stats.beta(4, 5)))


def test_normal_inverse_gamma_regression() -> None:
    rng = np.random.default_rng(5)
    x = np.stack([np.ones(12), rng.normal(size=12)], axis=1)
    y = x @ [1.0, -2.0] + rng.normal(0, 0.8, 12)
    with aq.Model() as model:
        variance = aq.InverseGamma("variance", 3.0, 2.0)
        beta = aq.Normal("beta", 0.0, 2.0 * np.sqrt(variance), shape=2)
        aq.Normal("y", x @ beta, np.sqrt(variance), observed=y)
    posterior = posterior_of(model)
    precision = x.T @ x + np.eye(2) / 4
    mean = np.linalg.solve(precision, x.T @ y)
    shape, scale = 3.0 + 6.0, 2.0 + 0.5 * (y @ y - mean @ precision @ mean)
    assert_exact(posterior["variance"], closed(stats.invgamma(shape, scale=scale)))
    spread = np.sqrt(scale / shape * np.diag(np.linalg.inv(precision)))
    assert_exact(posterior["beta"], closed(stats.t(2 * shape, mean, spread)))


COUNTS = np.array([0, 0, 3, 0, 5, 2, 0, 1, 0, 4])


def test_zero_inflated_poisson() -> None:
    """As its own family, and as a mixture with a potential in the place of a likelihood."""
    with aq.Model() as model:
        psi = aq.Beta("psi", 2.0, 2.0)
        mu = aq.Gamma("mu", 2.0, 0.5)
        aq.ZeroInflatedPoisson("obs", psi, mu, observed=COUNTS)
    with aq.Model() as by_potential:
        psi = aq.Beta("psi", 2.0, 2.0)
        mu = aq.Gamma("mu", 2.0, 0.5)
        parts = [aq.DiscreteUniform.dist(0, 0), aq.Poisson.dist(mu)]
        weights = aq.math.stack([1 - psi, psi])
        aq.Potential("obs", aq.Mixture.dist(weights, parts).log_prob(COUNTS))

    def log_density(psi: np.ndarray, mu: np.ndarray) -> Any:
        total = stats.beta(2, 2).logpdf(psi) + stats.gamma(2, scale=2).logpdf(mu)
        for count in COUNTS:
            total = total + np.log((1 - psi) * (count == 0) + psi * stats.poisson(mu).pmf(count))
        return total

    exact = on_two_grids(midpoints(0, 1), midpoints(0, 15), log_density)
    for written in (model, by_potential):
        posterior = posterior_of(written)
        assert_exact(posterior["psi"], exact[0])
        assert_exact(posterior["mu"], exact[1])


def test_negative_binomial_and_student_t() -> None:
    y = np.array([-0.4, 0.3, 0.1, 7.0, 0.6])
    with aq.Model() as model:
        mu = aq.Gamma("mu", 2.0, 0.5)
        alpha = aq.Exponential("alpha", 0.5)
        aq.NegativeBinomial("counts", mu=mu, alpha=alpha, observed=COUNTS)
        place = aq.Normal("place", 0.0, 3.0)
        sigma = aq.HalfNormal("sigma", 2.0)
        aq.StudentT("y", 2.5, place, sigma=sigma, observed=y)
    posterior = posterior_of(model)

    def counts(log_mu: np.ndarray, log_alpha: np.ndarray) -> Any:
        mu, alpha = np.exp(log_mu), np.exp(log_alpha)
        law = stats.nbinom(alpha, alpha / (alpha + mu))
        prior = stats.gamma(2, scale=2).logpdf(mu) + stats.expon(scale=2).logpdf(alpha)
        return prior + log_mu + log_alpha + sum(law.logpmf(count) for count in COUNTS)

    # On the logarithms, which suit the grids; the draws are compared there.
    exact = on_two_grids(midpoints(-3, 4.5), midpoints(-13, 6), counts)
    assert_exact(np.log(posterior["mu"]), exact[0])
    assert_exact(np.log(posterior["alpha"]), exact[1])

    def location(place: np.ndarray, log_sigma: np.ndarray) -> Any:
        sigma = np.exp(log_sigma)
        prior = stats.norm(0, 3).logpdf(place) + stats.halfnorm(scale=2).logpdf(sigma) + log_sigma
        return prior + sum(stats.t(2.5, place, sigma).logpdf(value) for value in y)

    exact = on_two_grids(midpoints(-16, 16, 2400), midpoints(-6, 3, 600), location)
    assert_exact(posterior["place"], exact[0])
    assert_exact(np.log(posterior["sigma"]), exact[1])


def test_ordered_logistic_and_truncated_data() -> None:
    grades = np.array([0, 1, 1, 2, 0, 2, 2])
    y = np.array([0.6, 1.4, 2.9, 0.7, 1.1])
    with aq.Model() as model:
        cuts = aq.Normal("cuts", 0.0, 1.5, shape=2, transform=aq.transforms.ordered)
        aq.OrderedLogistic("grades", 0.4, cuts, observed=grades)
        mu = aq.Normal("mu", 0.0, 2.0)
        aq.TruncatedNormal("y", mu, 1.0, lower=0.5, upper=3.0, observed=y)
    posterior = posterior_of(model)

    def cut(first: np.ndarray, second: np.ndarray) -> Any:
        steps = [special.expit(first - 0.4), special.expit(second - 0.4)]
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = [np.log(steps[0]), np.log(steps[1] - steps[0]), np.log1p(-steps[1])]
            total = stats.norm(0, 1.5).logpdf(first) + stats.norm(0, 1.5).logpdf(second)
            total = total + sum(logs[grade] for grade in grades)
            return np.where(first < second, total, -np.inf)

    grid = midpoints(-9, 9, 1800)
    exact = on_two_grids(grid, grid, cut)
    assert_exact(posterior["cuts"][..., 0], exact[0])
    assert_exact(posterior["cuts"][..., 1], exact[1])
    grid = midpoints(-15, 15, 6000)
    likelihood = sum(stats.truncnorm(0.5 - grid, 3.0 - grid, grid).logpdf(value) for value in y)
    assert_exact(posterior["mu"], by_quadrature(grid, stats.norm(0, 2).logpdf(grid) + likelihood))


def test_missing_counts_and_missing_positive_values() -> None:
    """Missing counts say nothing; a missing continuous value has its predictive distribution."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", aq.ImputationWarning)
        with aq.Model() as model:
            rate = aq.Gamma("rate", 2.0, 1.0)
            aq.Poisson("counts", rate, observed=[3, None, 1, None])
            lam = aq.Gamma("lam", 4.0, 2.0)
            aq.Exponential("waits", lam, observed=[0.5, np.nan, 1.0])
    posterior = posterior_of(model)
    assert_exact(posterior["rate"], closed(stats.gamma(6, scale=1 / 3)))
    assert_exact(posterior["lam"], closed(stats.gamma(6, scale=1 / 3.5)))
    back = aq.recover(posterior.parent, model, random_seed=1).posterior
    missing = back["waits_missing"].values[..., 0]
    assert_exact(missing, closed(stats.lomax(6, scale=3.5)))


def test_mixture_weights_and_a_scale() -> None:
    """One weight and one scale of two components with known means."""
    y = np.array([-1.2, 2.1, 1.7, 0.3, 2.4, 1.1])
    with aq.Model() as model:
        w = aq.Dirichlet("w", [2.0, 1.0])
        sigma = aq.HalfNormal("sigma", 1.0)
        parts = [aq.Normal.dist(-1.0, 1.0), aq.Laplace.dist(2.0, sigma)]
        aq.Mixture("y", w, parts, observed=y)
    posterior = posterior_of(model)

    def log_density(w: np.ndarray, sigma: np.ndarray) -> Any:
        total = stats.beta(2, 1).logpdf(w) + stats.halfnorm.logpdf(sigma)
        for value in y:
            first = w * stats.norm(-1, 1).pdf(value)
            total = total + np.log(first + (1 - w) * stats.laplace(2, sigma).pdf(value))
        return total

    exact = on_two_grids(midpoints(0, 1), midpoints(0, 7), log_density)
    assert_exact(posterior["w"][..., 0], exact[0])
    assert_exact(posterior["sigma"], exact[1])
