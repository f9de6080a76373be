"""The families' means and variances as in a textbook, and parameters to try them with."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import mpmath as mp
import numpy as np

import aliquot.families as aq
from aliquot.distributions.base import Distribution
from tests.distributions.exact_moments import FEWER, Rng, Row, each, probability, real, size, whole


def log_normal(mu: Any, sigma: Any) -> tuple[Any, Any]:
    square = sigma**2
    return mp.exp(mu + square / 2), mp.exp(2 * mu + square) * mp.expm1(square)


def truncated(mu: Any, sigma: Any, lower: Any, width: Any) -> tuple[Any, Any]:
    with mp.workdps(400):
        a, b = (lower - mu) / sigma, (lower + width - mu) / sigma
        total = (mp.erfc(a / mp.sqrt(2)) - mp.erfc(b / mp.sqrt(2))) / 2
        first = (mp.npdf(a) - mp.npdf(b)) / total
        second = (a * mp.npdf(a) - b * mp.npdf(b)) / total
        return mu + sigma * first, sigma**2 * (1 + second - first**2)


def inverse_gamma(alpha: Any, beta: Any) -> tuple[Any, Any]:
    mean = beta / (alpha - 1) if alpha > 1 else mp.inf
    return mean, mean**2 / (alpha - 2) if alpha > 2 else mp.inf


def pareto(alpha: Any, m: Any) -> tuple[Any, Any]:
    mean = alpha * m / (alpha - 1) if alpha > 1 else mp.inf
    return mean, m**2 * alpha / ((alpha - 1) ** 2 * (alpha - 2)) if alpha > 2 else mp.inf


def half_student(nu: Any, sigma: Any) -> tuple[Any, Any]:
    with mp.workdps(FEWER):
        ratio = mp.exp(mp.loggamma((nu + 1) / 2) - mp.loggamma(nu / 2))
        mean = 2 * sigma * mp.sqrt(nu / mp.pi) * ratio / (nu - 1)
        return mean, sigma**2 * nu / (nu - 2) - mean**2


def weibull(alpha: Any, beta: Any) -> tuple[Any, Any]:
    with mp.workdps(FEWER):
        mean = beta * mp.gamma(1 + 1 / alpha)
        return mean, beta**2 * mp.gamma(1 + 2 / alpha) - mean**2


def beta(alpha: Any, beta: Any) -> tuple[Any, Any]:
    total = alpha + beta
    return alpha / total, alpha * beta / (total**2 * (total + 1))


def beta_binomial(alpha: Any, beta: Any, n: Any) -> tuple[Any, Any]:
    p = alpha / (alpha + beta)
    spread = (alpha + beta + n) / (alpha + beta + 1)
    return n * p, n * p * (1 - p) * spread


def inflated(psi: Any, mean: Any, variance: Any) -> tuple[Any, Any]:
    return psi * mean, psi * variance + psi * (1 - psi) * mean**2


def over_hurdle(psi: Any, mean: Any, variance: Any, none: Any) -> tuple[Any, Any]:
    """Give the moments of what is zero, or one of a family's numbers that are not zero."""
    first, second = mean / (1 - none), (variance + mean**2) / (1 - none)
    return psi * first, psi * second - (psi * first) ** 2


def logistic(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def of_states(p: list[Any]) -> tuple[Any, Any]:
    mean = mp.fsum(k * one for k, one in enumerate(p))
    return mean, mp.fsum(one * (k - mean) ** 2 for k, one in enumerate(p))


def ordered(eta: Any, cutpoints: list[Any]) -> tuple[Any, Any]:
    below = [mp.mpf(0), *(logistic(cut - eta) for cut in cutpoints), mp.mpf(1)]
    return of_states([up - low for low, up in pairwise(below)])


def probit(eta: Any, cutpoints: list[Any], sigma: Any) -> tuple[Any, Any]:
    below = [mp.mpf(0), *(mp.ncdf((cut - eta) / sigma) for cut in cutpoints), mp.mpf(1)]
    return of_states([up - low for low, up in pairwise(below)])


def skew_normal(alpha: Any, mu: Any, sigma: Any) -> tuple[Any, Any]:
    away = mp.sqrt(2 / mp.pi) * alpha / mp.sqrt(1 + alpha**2)
    return mu + sigma * away, sigma**2 * (1 - away**2)


def asymmetric_laplace(kappa: Any, mu: Any, b: Any) -> tuple[Any, Any]:
    return mu + (1 / kappa - kappa) / b, (1 + kappa**4) / (b * kappa) ** 2


def kumaraswamy(a: Any, b: Any) -> tuple[Any, Any]:
    with mp.workdps(FEWER):
        mean = b * mp.beta(1 + 1 / a, b)
        return mean, b * mp.beta(1 + 2 / a, b) - mean**2


def hypergeometric(N: Any, k: Any, n: Any) -> tuple[Any, Any]:
    mean = n * k / N
    return mean, mean * (N - k) / N * (N - n) / (N - 1)


def interpolated(x_points: list[Any], pdf_points: list[Any]) -> tuple[Any, Any]:
    moments = [mp.mpf(0)] * 3
    for (a, p), (b, q) in pairwise(zip(x_points, pdf_points, strict=True)):
        slope = (q - p) / (b - a)
        for power in range(3):
            flat = (p - slope * a) * (b ** (power + 1) - a ** (power + 1)) / (power + 1)
            moments[power] += flat + slope * (b ** (power + 2) - a ** (power + 2)) / (power + 2)
    mean = moments[1] / moments[0]
    return mean, moments[2] / moments[0] - mean**2


def discrete_weibull_to_eight(q: Any, beta: Any) -> tuple[Any, Any]:
    terms = [q ** mp.mpf(x) ** beta - q ** mp.mpf(x + 1) ** beta for x in range(9)]
    return of_states([term / mp.fsum(terms) for term in terms])


def population(rng: Rng, n: int) -> dict[str, np.ndarray]:
    size = 2 + whole(0, 15)(rng, n)
    return {"N": size} | {
        name: np.minimum(np.round(size * probability(rng, n)).astype(np.int64), size)
        for name in ("k", "n")
    }


def near_one(rng: Rng, n: int) -> np.ndarray:
    return 1 + rng.choice([-1, 1], n) * 10 ** rng.uniform(-14, -1, n)


def knots(rng: Rng, n: int) -> dict[str, np.ndarray]:
    heights = size(-5, 5)(rng, n * 4).reshape(n, 4) * [1, 0, 0, 1]
    points = np.sort(size(-5, 5)(rng, n * 4).reshape(n, 4), axis=1)
    return {"x_points": points * np.arange(1, 5), "pdf_points": heights}


def dirichlet(a: list[Any]) -> tuple[Any, Any]:
    total = mp.fsum(a)
    return [one / total for one in a], [one * (total - one) / (total**2 * (total + 1)) for one in a]


def dirichlet_multinomial(n: Any, a: list[Any]) -> tuple[Any, Any]:
    total = mp.fsum(a)
    spread = n * (n + total) / (1 + total)
    mean = [n * one / total for one in a]
    return mean, [spread * one * (total - one) / total**2 for one in a]


def sticks(alpha: Any) -> tuple[Any, Any]:
    part, rest = 1 / (1 + alpha), alpha / (1 + alpha)
    mean = [part, rest * part, rest**2 * part, rest**3]
    part, rest = 2 / ((1 + alpha) * (2 + alpha)), alpha / (2 + alpha)
    square = [part, rest * part, rest**2 * part, rest**3]
    return mean, [s - m**2 for s, m in zip(square, mean, strict=True)]


def mixture(w: list[Any], mu: list[Any], sigma: list[Any]) -> tuple[Any, Any]:
    mean = mp.fsum(a * b for a, b in zip(w, mu, strict=True))
    parts = zip(w, mu, sigma, strict=True)
    return mean, mp.fsum(a * (s**2 + (m - mean) ** 2) for a, m, s in parts)


def at_most_eight(mu: Any) -> tuple[Any, Any]:
    terms = [mu**k / mp.factorial(k) for k in range(9)]
    return of_states([term / mp.fsum(terms) for term in terms])


def poisson_to_eight(mu: np.ndarray) -> Distribution:
    return aq.Poisson.dist(mu, upper=8)


def truncated_at(width: np.ndarray, lower: np.ndarray, **rest: np.ndarray) -> Distribution:
    return aq.TruncatedNormal.dist(**rest, lower=lower, upper=lower + width)


def bounds(rng: Rng, n: int) -> dict[str, np.ndarray]:
    """Draw bounds of integers: anywhere, and as far apart as 2**64."""
    pairs = rng.integers(-(2**63), 2**63 - 1, (2, n), endpoint=True) >> rng.integers(0, 63, n)
    return {"lower": pairs.min(0), "upper": pairs.max(0)}


def interval(rng: Rng, n: int) -> dict[str, np.ndarray]:
    ends = np.sort(real(300)(rng, 2 * n).reshape(2, n), axis=0)
    return {"lower": ends[0], "upper": ends[1]}


def cut_normal(rng: Rng, n: int) -> dict[str, np.ndarray]:
    """Draw bounds that a double adds up exactly, some in the tail, some around the mean."""
    lower = np.round(rng.uniform(-3, 30, n), 3)
    width = 2.0 ** rng.integers(-9, 5, n)
    return {"mu": np.zeros(n), "sigma": np.ones(n), "lower": lower, "width": width} | (
        {"lower": np.round(lower * 512) / 512}
    )


def components(rng: Rng, n: int) -> dict[str, np.ndarray]:
    small = 10 ** rng.uniform(-12, -1, n)
    w = np.stack([1 - small, small], axis=1)
    mu, sigma = real(10)(rng, 2 * n).reshape(n, 2), size(-10, 10)(rng, 2 * n).reshape(n, 2)
    return {"w": w, "mu": mu, "sigma": sigma}


def vectors(part: Callable[[Rng, int], np.ndarray], k: int) -> Callable[[Rng, int], np.ndarray]:
    return lambda rng, n: part(rng, n * k).reshape(n, k)


def cuts(rng: Rng, n: int) -> dict[str, np.ndarray]:
    return {"eta": rng.normal(0, 5, n), "cutpoints": np.sort(rng.normal(0, 5, (n, 3)), axis=1)}


def trials(mean: Any, p: Any) -> Any:
    return mean, mean / p


ROWS: list[Row] = [
    Row(
        "Normal",
        aq.Normal.dist,
        each(mu=real(300), sigma=size(-150, 150)),
        lambda mu, sigma: (mu, sigma**2),
    ),
    Row(
        "HalfNormal",
        aq.HalfNormal.dist,
        each(sigma=size(-150, 150)),
        lambda sigma: (sigma * mp.sqrt(2 / mp.pi), sigma**2 * (1 - 2 / mp.pi)),
    ),
    Row("LogNormal", aq.LogNormal.dist, each(mu=real(2), sigma=size(-8, 1)), log_normal, 1e-12),
    Row(
        "LogNormal, sigma = 40",
        aq.LogNormal.dist,
        lambda rng, n: {"mu": rng.uniform(-1700, -1500, n), "sigma": rng.uniform(38, 42, n)},
        log_normal,
        2e-12,
    ),
    Row("TruncatedNormal", truncated_at, cut_normal, truncated, 1e-11),
    Row(
        "StudentT",
        aq.StudentT.dist,
        each(nu=lambda rng, n: 2 + size(-3, 30)(rng, n), mu=real(100), sigma=size(-150, 150)),
        lambda nu, mu, sigma: (mu, sigma**2 * nu / (nu - 2)),
        1e-12,
    ),
    Row(
        "HalfStudentT",
        aq.HalfStudentT.dist,
        each(nu=lambda rng, n: 2 + size(-2, 30)(rng, n), sigma=size(-140, 140)),
        half_student,
        2e-12,
    ),
    Row(
        "Laplace",
        aq.Laplace.dist,
        each(mu=real(100), b=size(-150, 150)),
        lambda mu, b: (mu, 2 * b**2),
    ),
    Row(
        "Logistic",
        aq.Logistic.dist,
        each(mu=real(100), s=size(-150, 150)),
        lambda mu, s: (mu, s**2 * mp.pi**2 / 3),
    ),
    Row(
        "Gumbel",
        aq.Gumbel.dist,
        each(mu=lambda rng, n: np.zeros(n), beta=size(-150, 150)),
        lambda mu, beta: (mu + beta * mp.euler, beta**2 * mp.pi**2 / 6),
    ),
    Row(
        "Exponential",
        aq.Exponential.dist,
        each(lam=size(-150, 150)),
        lambda lam: (1 / lam, 1 / lam**2),
    ),
    Row(
        "Gamma",
        aq.Gamma.dist,
        each(alpha=size(-200, 200), beta=size(-200, 200)),
        lambda alpha, beta: (alpha / beta, alpha / beta**2),
    ),
    Row(
        "InverseGamma",
        aq.InverseGamma.dist,
        each(alpha=size(0, 200), beta=size(-150, 250)),
        inverse_gamma,
        1e-12,
    ),
    Row("ChiSquared", aq.ChiSquared.dist, each(nu=size(-300, 300)), lambda nu: (nu, 2 * nu)),
    Row(
        "Weibull, large alpha",
        aq.Weibull.dist,
        each(alpha=size(0, 9), beta=size(-130, 130)),
        weibull,
        1e-12,
    ),
    Row(
        "Weibull, small alpha",
        aq.Weibull.dist,
        each(alpha=size(-2.5, 0), beta=size(-300, 10)),
        weibull,
        3e-12,
    ),
    Row("Pareto", aq.Pareto.dist, each(alpha=size(0.31, 200), m=size(-200, 200)), pareto, 1e-12),
    Row(
        "Uniform",
        aq.Uniform.dist,
        interval,
        lambda lower, upper: ((lower + upper) / 2, (upper - lower) ** 2 / 12),
    ),
    Row("Beta", aq.Beta.dist, each(alpha=size(-200, 200), beta=size(-200, 200)), beta),
    Row("Bernoulli", aq.Bernoulli.dist, each(p=probability), lambda p: (p, p * (1 - p))),
    Row(
        "Bernoulli, log odds",
        aq.Bernoulli.dist,
        each(logit_p=lambda rng, n: rng.uniform(-600, 600, n)),
        lambda logit_p: (logistic(logit_p), logistic(logit_p) * logistic(-logit_p)),
        1e-12,
    ),
    Row(
        "Binomial",
        aq.Binomial.dist,
        each(n=whole(0, 18), p=probability),
        lambda n, p: (n * p, n * p * (1 - p)),
    ),
    Row(
        "Binomial, log odds",
        aq.Binomial.dist,
        each(n=whole(0, 18), logit_p=lambda rng, n: rng.uniform(-600, 600, n)),
        lambda n, logit_p: (n * logistic(logit_p), n * logistic(logit_p) * logistic(-logit_p)),
        1e-12,
    ),
    Row(
        "BetaBinomial",
        aq.BetaBinomial.dist,
        each(alpha=size(-100, 100), beta=size(-100, 100), n=whole(0, 18)),
        beta_binomial,
    ),
    Row("Poisson", aq.Poisson.dist, each(mu=size(-300, 300)), lambda mu: (mu, mu)),
    Row("Poisson, upper = 8", poisson_to_eight, each(mu=size(-10, 4)), at_most_eight, 1e-11),
    Row(
        "NegativeBinomial",
        aq.NegativeBinomial.dist,
        each(mu=size(-200, 200), alpha=size(-100, 200)),
        lambda mu, alpha: (mu, mu + mu**2 / alpha),
    ),
    Row(
        "NegativeBinomial, trials",
        aq.NegativeBinomial.dist,
        each(
            n=size(-150, 100),
            p=lambda rng, n: np.where(
                rng.random(n) < 0.5, probability(rng, n), size(-200, -1)(rng, n)
            ),
        ),
        lambda n, p: trials(n * (1 - p) / p, p),
    ),
    Row("Geometric", aq.Geometric.dist, each(p=probability), lambda p: (1 / p, (1 - p) / p**2)),
    Row(
        "Geometric, rare",
        aq.Geometric.dist,
        each(p=size(-150, -1)),
        lambda p: (1 / p, (1 - p) / p**2),
    ),
    Row(
        "DiscreteUniform",
        aq.DiscreteUniform.dist,
        bounds,
        lambda lower, upper: ((lower + upper) / 2, ((upper - lower + 1) ** 2 - 1) / 12),
    ),
    Row(
        "ZeroInflatedPoisson",
        aq.ZeroInflatedPoisson.dist,
        each(psi=size(-200, 0), mu=size(-100, 200)),
        lambda psi, mu: inflated(psi, mu, mu),
    ),
    Row(
        "ZeroInflatedBinomial",
        aq.ZeroInflatedBinomial.dist,
        each(psi=probability, n=whole(0, 18), p=probability),
        lambda psi, n, p: inflated(psi, n * p, n * p * (1 - p)),
    ),
    Row(
        "ZeroInflatedNegativeBinomial",
        aq.ZeroInflatedNegativeBinomial.dist,
        each(psi=probability, mu=size(-100, 100), alpha=size(-80, 200)),
        lambda psi, mu, alpha: inflated(psi, mu, mu + mu**2 / alpha),
    ),
    Row(
        "HurdlePoisson",
        aq.HurdlePoisson.dist,
        each(psi=probability, mu=size(-100, 2.5)),
        lambda psi, mu: over_hurdle(psi, mu, mu, mp.exp(-mu)),
    ),
    Row(
        "HurdleNegativeBinomial",
        aq.HurdleNegativeBinomial.dist,
        each(psi=probability, mu=size(-100, 20), alpha=size(-20, 20)),
        lambda psi, mu, alpha: over_hurdle(
            psi, mu, mu + mu**2 / alpha, mp.exp(-alpha * mp.log1p(mu / alpha))
        ),
        1e-12,
    ),
    Row(
        "HurdleGamma",
        aq.HurdleGamma.dist,
        each(psi=probability, alpha=size(-100, 100), beta=size(-50, 50)),
        lambda psi, alpha, beta: inflated(psi, alpha / beta, alpha / beta**2),
    ),
    Row(
        "HurdleLogNormal",
        aq.HurdleLogNormal.dist,
        each(psi=probability, mu=real(2), sigma=size(-8, 1)),
        lambda psi, mu, sigma: inflated(psi, *log_normal(mu, sigma)),
        1e-12,
    ),
    Row(
        "Categorical, log odds",
        aq.Categorical.dist,
        each(logit_p=vectors(real(1.5), 4)),
        lambda logit_p: of_states([mp.exp(x) / mp.fsum(map(mp.exp, logit_p)) for x in logit_p]),
        1e-11,
    ),
    Row("OrderedLogistic", aq.OrderedLogistic.dist, cuts, ordered, 1e-11),
    Row(
        "OrderedProbit",
        aq.OrderedProbit.dist,
        lambda rng, n: {**cuts(rng, n), "sigma": size(-1, 1)(rng, n)},
        probit,
        1e-11,
    ),
    Row(
        "SkewNormal",
        aq.SkewNormal.dist,
        each(alpha=real(200), mu=lambda rng, n: np.zeros(n), sigma=size(-150, 150)),
        skew_normal,
    ),
    Row(
        "AsymmetricLaplace",
        aq.AsymmetricLaplace.dist,
        each(kappa=size(-100, 100), mu=lambda rng, n: np.zeros(n), b=size(-40, 40)),
        asymmetric_laplace,
    ),
    Row(
        "AsymmetricLaplace, nearly symmetric",
        aq.AsymmetricLaplace.dist,
        each(kappa=near_one, mu=lambda rng, n: np.zeros(n), b=size(-100, 100)),
        asymmetric_laplace,
    ),
    Row(
        "ExGaussian",
        aq.ExGaussian.dist,
        each(mu=size(-100, 100), sigma=size(-150, 150), nu=size(-150, 150)),
        lambda mu, sigma, nu: (mu + nu, sigma**2 + nu**2),
    ),
    Row(
        "Kumaraswamy",
        aq.Kumaraswamy.dist,
        each(a=size(-2, 9), b=size(-9, 9)),
        kumaraswamy,
        5e-12,
    ),
    Row("HyperGeometric", aq.HyperGeometric.dist, population, hypergeometric),
    Row("Interpolated", aq.Interpolated.dist, knots, interpolated),
    Row(
        "DiscreteWeibull, upper = 8",
        lambda q, beta: aq.DiscreteWeibull.dist(q, beta, upper=8),
        each(q=lambda rng, n: rng.uniform(0.01, 0.99, n), beta=size(-1, 1)),
        discrete_weibull_to_eight,
        1e-11,
    ),
    Row("Dirichlet", aq.Dirichlet.dist, each(a=vectors(size(-100, 100), 4)), dirichlet),
    Row(
        "DirichletMultinomial",
        aq.DirichletMultinomial.dist,
        each(n=whole(0, 18), a=vectors(size(-100, 100), 4)),
        dirichlet_multinomial,
        1e-12,
    ),
    Row(
        "StickBreakingWeights",
        lambda alpha: aq.StickBreakingWeights.dist(alpha, 3),
        each(alpha=size(-100, 100)),
        sticks,
        1e-12,
    ),
    Row("NormalMixture", aq.NormalMixture.dist, components, mixture, 1e-11),
    Row(
        "Mixture",
        lambda w, mu, sigma: aq.Mixture.dist(w, aq.Normal.dist(mu, sigma)),
        components,
        mixture,
        1e-11,
    ),
]
