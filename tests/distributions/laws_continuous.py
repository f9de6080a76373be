"""Continuous laws at large and small scales: what JAX, or a formula as written, would lose."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special, stats

from aliquot.distributions.bounded import Beta, Uniform
from aliquot.distributions.circular import VonMises
from aliquot.distributions.gamma import ChiSquared, Gamma, InverseGamma
from aliquot.distributions.heavy_tailed import Cauchy, HalfCauchy, HalfStudentT, StudentT
from aliquot.distributions.interpolated import Interpolated
from aliquot.distributions.kumaraswamy import Kumaraswamy
from aliquot.distributions.location_scale import Gumbel, HalfNormal, Laplace, Logistic, Normal
from aliquot.distributions.positive import Exponential, LogNormal, Pareto, Weibull
from aliquot.distributions.skewed import AsymmetricLaplace, ExGaussian, SkewNormal
from aliquot.distributions.truncated import Truncated
from aliquot.distributions.truncated_normal import TruncatedNormal
from tests.distributions.law import (
    LARGEST,
    TINY,
    Law,
    beta_cdf,
    beyond,
    by,
    gamma_cdf,
    t_cdf,
)

SMALL, LARGE = 1e-300, 1e300
NEAR_ONE = 1 - np.finfo(float).epsneg


def scaled(
    family: Any, frozen: Any, location: str | None, scale: str, scales: Any, **fixed: Any
) -> list[Law]:
    """Make rows of a family whose law is a standard one, times a scale."""
    rows = []
    for s in scales:
        arguments = {**fixed, scale: s} | ({location: 0.0} if location else {})
        law = by(lambda x, s=s: frozen.cdf(x / s))
        rows.append(Law(f"{family.__name__}({scale}={s:g})", family, arguments, law))
    return rows


def gamma(alpha: float, beta: float) -> Law:
    law = by(lambda x: gamma_cdf(alpha, np.log(x) + np.log(beta)), TINY)
    return Law(f"Gamma({alpha:g}, {beta:g})", Gamma, {"alpha": alpha, "beta": beta}, law)


def inverse_gamma(alpha: float, beta: float) -> Law:
    law = by(lambda x: 1 - gamma_cdf(alpha, np.log(beta) - np.log(x)), TINY)
    name = f"InverseGamma({alpha:g}, {beta:g})"
    return Law(name, InverseGamma, {"alpha": alpha, "beta": beta}, law)


def chi_squared(nu: float) -> Law:
    law = by(lambda x: gamma_cdf(nu / 2, np.log(x) - np.log(2)), TINY)
    return Law(f"ChiSquared({nu:g})", ChiSquared, {"nu": nu}, law)


def student(nu: float, sigma: float) -> Law:
    law = by(lambda x: t_cdf(nu, x / sigma))
    return Law(f"StudentT({nu:g}, {sigma:g})", StudentT, {"nu": nu, "sigma": sigma}, law)


def half_student(nu: float, sigma: float) -> Law:
    law = by(lambda x: 2 * t_cdf(nu, x / sigma) - 1)
    name = f"HalfStudentT({nu:g}, {sigma:g})"
    return Law(name, HalfStudentT, {"nu": nu, "sigma": sigma}, law)


def weibull(alpha: float, beta: float) -> Law:
    def cdf(x: np.ndarray) -> Any:
        log_ratio = np.log(x / beta) if 0.1 < beta < 10 else np.log(x) - np.log(beta)
        return -np.expm1(-np.exp(alpha * log_ratio))

    name = f"Weibull({alpha:g}, {beta:g})"
    return Law(name, Weibull, {"alpha": alpha, "beta": beta}, by(cdf, TINY))


def pareto(alpha: float, m: float) -> Law:
    law = by(lambda x: -np.expm1(-alpha * (np.log(x) - np.log(m))))
    return Law(f"Pareto({alpha:g}, {m:g})", Pareto, {"alpha": alpha, "m": m}, law)


def log_normal(mu: float, sigma: float) -> Law:
    law = by(lambda x: special.ndtr((np.log(x) - mu) / sigma), TINY)
    return Law(f"LogNormal({mu:g}, {sigma:g})", LogNormal, {"mu": mu, "sigma": sigma}, law)


def beta(a: float, b: float) -> Law:
    def cdf(x: np.ndarray) -> Any:
        if min(a, b) > 1e6:
            mean = a / (a + b)
            sd = np.sqrt(mean * (1 - mean) / (a + b + 1))
            return stats.norm.cdf((x - mean) / sd)
        low = beta_cdf(a, b, np.log(x))
        return np.where(x < 0.5, low, 1 - beta_cdf(b, a, np.log1p(-x)))

    return Law(f"Beta({a:g}, {b:g})", Beta, {"alpha": a, "beta": b}, by(cdf, TINY, NEAR_ONE))


def above(lower: float, mu: float = 0.0, width: float = np.inf) -> Law:
    """Make a row of a normal number beyond a bound far out, or in a narrow interval."""

    def cdf(x: np.ndarray) -> Any:
        a = lower - mu
        away = beyond(a, x - lower)
        flat = (1 + a) * width < 1e-3
        return (x - lower) / width if flat else (1 - away) / (1 - beyond(a, width))

    bounds = {"lower": lower} | ({"upper": lower + width} if np.isfinite(width) else {})
    name = f"TruncatedNormal({mu:g}, 1, lower={lower:g}, width={width:g})"
    return Law(name, TruncatedNormal, {"mu": mu, "sigma": 1.0, **bounds}, by(cdf))


def below(upper: float, mu: float) -> Law:
    """Make a row of a normal number below a bound far out."""
    law = by(lambda x: beyond(mu - upper, upper - x))
    name = f"TruncatedNormal({mu:g}, 1, upper={upper:g})"
    return Law(name, TruncatedNormal, {"mu": mu, "sigma": 1.0, "upper": upper}, law)


def cut(name: str, dist: Any, cdf: Any, **bounds: float) -> Law:
    """Make a row of a number beyond bounds that it is hardly ever beyond."""
    law = by(cdf, np.nextafter(TINY, 1.0))
    return Law(f"Truncated({name})", Truncated, {"dist": dist, **bounds}, law)


def von_mises(kappa: float) -> Law:
    """Make a row: uniform where kappa is small, normal where it is large."""
    if kappa < 1e-6:
        law = by(lambda x: (x / np.pi + 1) / 2)
    else:
        law = by(lambda x: special.ndtr(2 * np.sqrt(kappa) * np.sin(x / 2)))
    return Law(f"VonMises({kappa:g})", VonMises, {"mu": 0.0, "kappa": kappa}, law)


def skew_normal(alpha: float, frozen: Any, sigma: float) -> Law:
    arguments = {"alpha": alpha, "mu": 0.0, "sigma": sigma}
    law = by(lambda x: frozen.cdf(x / sigma))
    return Law(f"SkewNormal({alpha:g}, 0, {sigma:g})", SkewNormal, arguments, law)


def asymmetric_laplace(kappa: float, b: float) -> Law:
    share = 1 / (1 + kappa**-2.0)

    def cdf(x: np.ndarray) -> Any:
        left = share * np.exp(np.minimum(x, 0) * b / kappa)
        return np.where(x < 0, left, 1 - (1 - share) * np.exp(-np.maximum(x, 0) * b * kappa))

    arguments = {"kappa": kappa, "mu": 0.0, "b": b}
    return Law(f"AsymmetricLaplace({kappa:g}, 0, {b:g})", AsymmetricLaplace, arguments, by(cdf))


def ex_gaussian(sigma: float, nu: float, frozen: Any, s: float = 1.0) -> Law:
    """Make a row, in units of `s`; where one part is as good as none, the law is the other's."""
    arguments = {"mu": 0.0, "sigma": sigma, "nu": nu}
    law = by(lambda x: frozen.cdf(x / s))
    return Law(f"ExGaussian(0, {sigma:g}, {nu:g})", ExGaussian, arguments, law)


def kumaraswamy(a: float, b: float) -> Law:
    def cdf(x: np.ndarray) -> Any:
        t = a * np.log(x)
        near = t > -0.5
        log_rest = np.log1p(-np.exp(np.where(near, -1.0, t)))
        return -np.expm1(b * np.where(near, np.log(-np.expm1(t)), log_rest))

    name = f"Kumaraswamy({a:g}, {b:g})"
    return Law(name, Kumaraswamy, {"a": a, "b": b}, by(cdf, TINY, NEAR_ONE))


def interpolated(name: str, points: Any, heights: Any, cdf: Any) -> Law:
    arguments = {"x_points": points, "pdf_points": heights}
    return Law(f"Interpolated({name})", Interpolated, arguments, by(cdf))


LAWS: list[Law] = [
    *scaled(Normal, stats.norm, "mu", "sigma", [SMALL, LARGE, 1e307]),
    *scaled(HalfNormal, stats.halfnorm, None, "sigma", [1e-150, 1e150, 1e307]),
    *scaled(Cauchy, stats.cauchy, "alpha", "beta", [SMALL, LARGE, 1e307]),
    *scaled(HalfCauchy, stats.halfcauchy, None, "beta", [SMALL, 1e307]),
    *scaled(Laplace, stats.laplace, "mu", "b", [SMALL, 1e307]),
    *scaled(Logistic, stats.logistic, "mu", "s", [SMALL, 1e307]),
    *scaled(Gumbel, stats.gumbel_r, "mu", "beta", [SMALL, 1e307]),
    *(skew_normal(0.0, stats.norm, s) for s in [SMALL, 1e307]),
    *(skew_normal(-3.0, stats.skewnorm(-3), s) for s in [SMALL, 1e307]),
    *(skew_normal(1e300, stats.halfnorm, s) for s in [SMALL, 1e307]),
    *(asymmetric_laplace(*pair) for pair in [(1e-4, 1.0), (1e3, 1e300), (1.3, SMALL)]),
    ex_gaussian(1.0, SMALL, stats.norm),
    ex_gaussian(SMALL, 1.0, stats.expon),
    ex_gaussian(1e-3, 1.0, stats.exponnorm(1e3, 0, 1e-3)),
    ex_gaussian(1e300, 1e300, stats.exponnorm(1), 1e300),
    *(kumaraswamy(*pair) for pair in [(1e-3, 1e-3), (0.05, 0.4), (1e-8, 1.0), (0.5, 1e10)]),
    *(kumaraswamy(*pair) for pair in [(1e8, 1e8), (1e12, 1e-3), (3.0, 1e12)]),
    interpolated("1e300", [-1e300, 0, 1e300], [0, SMALL, 0], stats.triang(0.5, -1e300, 2e300).cdf),
    interpolated("no first", [0, 1, 2], [0, 0, LARGE], lambda x: (x - 1) ** 2),
    interpolated("no last", [0, 1e-9, 1], [1, 0, 0], lambda x: 1 - (1 - x * 1e9) ** 2),
    interpolated(
        "a spike",
        [0, 1e-200, 1],
        [1e200, 1e-6, 1e-6],
        lambda x: 1 - (1 - np.minimum(x * 1e200, 1)) ** 2,
    ),
    *scaled(Exponential, stats.expon, None, "scale", [SMALL, LARGE, 1e307]),
    *(log_normal(*pair) for pair in [(0.0, 1e-8), (0.0, 1e3), (700.0, 10.0)]),
    *(gamma(*pair) for pair in [(0.03, 1.5), (1e-3, 1.0), (1e-3, 1e-300), (1e-8, 1.0)]),
    *(gamma(*pair) for pair in [(0.999, 1e300), (1e4, 2.0), (1e12, 1.0), (1e16, 1e-3)]),
    *(inverse_gamma(*pair) for pair in [(0.01, 1.0), (1e-3, 1e-200), (1e12, 1e12)]),
    *(chi_squared(nu) for nu in [1e-3, 1.0, 1e13]),
    *(student(*pair) for pair in [(1e-3, 1.0), (0.05, 1e-100), (1e12, 2.0), (0.2, 1e300)]),
    *(half_student(*pair) for pair in [(1e-3, 1.0), (0.05, 1e-100), (1e12, 2.0)]),
    *(weibull(*pair) for pair in [(0.02, 1.0), (0.005, 1e-200), (1e8, 3.0), (1e-3, 2.0)]),
    *(pareto(*pair) for pair in [(0.005, 1e-300), (1e-3, 1.0), (1e6, 2.0)]),
    *(beta(*pair) for pair in [(1e-3, 1e-3), (0.05, 0.4), (1e-8, 1.0), (0.5, 1e10), (3.0, 1e12)]),
    *(beta(*pair) for pair in [(1e8, 1e8), (1e12, 2e12)]),
    *(above(lower) for lower in [0.9, 1.1, 10.0, 1e4, 1e6]),
    *(above(0.0, mu) for mu in [-1e3, -1e8, -1e15]),
    *(above(*row) for row in [(1e4, 0.0, 1e-4), (0.0, 0.0, 1e-15), (1e-3, 0.0, 1e-12)]),
    *(above(lower, 0.0, width) for lower, width in [(0.5, 0.9), (0.5, 2.0), (20.0, 0.1)]),
    *(below(*pair) for pair in [(-10.0, 0.0), (0.0, 1e8)]),
    cut("Normal", Normal(), lambda x: 1 - beyond(40.0, x - 40.0), lower=40.0),
    cut("Exponential", Exponential(1.0), lambda x: -np.expm1(1e3 - x), lower=1e3),
    cut("Cauchy", Cauchy(0.0, 1.0), lambda x: 1 - 1e50 / x, lower=1e50),
    cut("Kumaraswamy", Kumaraswamy(0.1, 1.0), lambda x: (x / 1e-200) ** 0.1, upper=1e-200),
    *(von_mises(kappa) for kappa in [1e-300, 1e-10, 1e8, 1e14, 1e40, 1e300]),
    *(
        Law(
            f"Uniform({lower:g}, {upper:g})",
            Uniform,
            {"lower": lower, "upper": upper},
            by(lambda x, a=lower, b=upper: (x / 2 - a / 2) / (b / 2 - a / 2)),
            finite=np.isfinite(upper - lower),  # a density below the smallest double
        )
        for lower, upper in [(0.0, SMALL), (1.0, 1.0 + 1e-9), (-LARGEST, LARGEST)]
    ),
]
# What takes long to compile: for `make verify`.
LONG = [cut("Gamma", Gamma(1e-3, 1.0), lambda x: (x / 1e-200) ** 1e-3, upper=1e-200)]
