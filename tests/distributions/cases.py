"""The continuous univariate rows of the table, against SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special, stats

from aliquot.distributions.bounded import Beta, Uniform
from aliquot.distributions.circular import VonMises
from aliquot.distributions.gamma import ChiSquared, Gamma, InverseGamma
from aliquot.distributions.heavy_tailed import Cauchy, HalfCauchy, HalfStudentT, StudentT
from aliquot.distributions.improper import Flat, HalfFlat
from aliquot.distributions.interpolated import Interpolated
from aliquot.distributions.kumaraswamy import Kumaraswamy
from aliquot.distributions.location_scale import Gumbel, HalfNormal, Laplace, Logistic, Normal
from aliquot.distributions.positive import Exponential, LogNormal, Pareto, Weibull
from aliquot.distributions.skewed import AsymmetricLaplace, ExGaussian, SkewNormal
from aliquot.distributions.truncated_normal import TruncatedNormal
from tests.distributions.case import Case

__all__ = ["CASES", "Case"]

NOT_REAL = [np.nan, np.inf, -np.inf]
NOT_POSITIVE = [0.0, -1e-300, -3.0, *NOT_REAL]
NOT_NONNEGATIVE = NOT_POSITIVE[1:]
# Probabilities whose quantiles are the points of most rows: the middle and both tails.
LEVELS = np.array([1e-6, 0.003, 0.1, 0.42, 0.77, 0.96, 1 - 1e-6])


def scipy_case(
    name: str,
    make: Any,
    arguments: dict[str, Any],
    frozen: Any,
    *,
    outside: Any = NOT_REAL,
    **more: Any,
) -> Case:
    """Make a row whose reference is a frozen SciPy distribution."""
    facts: dict[str, Any] = {
        "log_prob": frozen.logpdf,
        "points": frozen.ppf(LEVELS),
        "mean": frozen.mean(),
        "variance": frozen.var(),
        "cdf": frozen.cdf,
    }
    return Case(name, make, arguments, outside=outside, **{**facts, **more})


def half_t(nu: float, sigma: float) -> dict[str, Any]:
    """Give what SciPy knows of a folded Student's t."""
    whole = stats.t(nu, 0, sigma)
    return {
        "log_prob": lambda x: np.log(2) + whole.logpdf(x),
        "points": whole.ppf(0.5 + LEVELS / 2),
        "cdf": lambda x: 2 * whole.cdf(x) - 1,
    }


def von_mises_log_prob(mu: float, kappa: float) -> Any:
    """Give the log density with SciPy's scaled Bessel function."""
    return lambda x: (
        -2 * kappa * np.sin((x - mu) / 2) ** 2 - np.log(2 * np.pi * special.ive(0, kappa))
    )


NORMALS = [
    scipy_case(
        "normal",
        Normal,
        {"mu": 1.5, "sigma": 2.0},
        stats.norm(1.5, 2.0),
        points=[-40.0, -1.0, 0.0, 1.4, 3.0, 1e4],
        bad=[({"sigma": -2.5}, "sigma.*-2.5"), ({"mu": np.nan}, "mu.*NaN")],
    ),
    scipy_case(
        "half-normal",
        HalfNormal,
        {"sigma": 2.0},
        stats.halfnorm(0, 2.0),
        edges=[0.0],
        outside=NOT_NONNEGATIVE,
        bad=[({"sigma": 0.0}, "sigma.*0")],
    ),
    scipy_case(
        "log-normal",
        LogNormal,
        {"mu": 0.3, "sigma": 0.7},
        stats.lognorm(0.7, scale=np.exp(0.3)),
        outside=NOT_POSITIVE,
        bad=[({"sigma": -1.0}, "sigma.*-1"), ({"sigma": None, "tau": -4.0}, "tau.*-4")],
    ),
    scipy_case(
        "truncated-normal",
        TruncatedNormal,
        {"mu": 1.0, "sigma": 2.0, "lower": -1.0, "upper": 4.0},
        stats.truncnorm(-1.0, 1.5, 1.0, 2.0),
        edges=[-1.0, 4.0],
        outside=[-1.0 - 1e-9, 4.0 + 1e-9, -30.0, *NOT_REAL],
        bad=[
            ({"lower": 5.0}, "upper.*lower=5"),
            ({"sigma": -1.0}, "sigma.*-1"),
            ({"upper": np.nan}, "upper.*NaN"),
        ],
    ),
    scipy_case(
        "truncated-normal-lower",
        TruncatedNormal,
        {"mu": 1.0, "sigma": 2.0, "lower": 0.5},
        stats.truncnorm(-0.25, np.inf, 1.0, 2.0),
        edges=[0.5],
        outside=[0.4, -30.0, *NOT_REAL],
    ),
    scipy_case(
        "truncated-normal-upper",
        TruncatedNormal,
        {"mu": 1.0, "sigma": 2.0, "upper": 0.5},
        stats.truncnorm(-np.inf, -0.25, 1.0, 2.0),
        edges=[0.5],
        outside=[0.6, 30.0, *NOT_REAL],
    ),
    scipy_case(
        "truncated-normal-tail",
        TruncatedNormal,
        {"mu": 0.0, "sigma": 1.0, "lower": 10.0, "upper": 11.0},
        stats.truncnorm(10.0, 11.0),
        points=[10.001, 10.1, 10.5, 10.99],
        outside=[9.999, 11.001],
        # SciPy's own closed form of the variance has ten digits here.
        variance=None,
    ),
    scipy_case(
        "truncated-normal-narrow",
        TruncatedNormal,
        {"mu": 0.0, "sigma": 1.0, "lower": -3.1, "upper": -3.0},
        stats.truncnorm(-3.1, -3.0),
        points=[-3.09, -3.05, -3.01],
        outside=[-3.11, -2.99],
        # SciPy subtracts two nearly equal probabilities and moments.
        rtol=1e-11,
        variance=None,
    ),
]

HEAVY = [
    scipy_case(
        "student-t",
        StudentT,
        {"nu": 4.5, "mu": -1.0, "sigma": 2.0},
        stats.t(4.5, -1.0, 2.0),
        bad=[
            ({"nu": 0.0}, "nu.*0"),
            ({"sigma": -1.0}, "sigma.*-1"),
            ({"sigma": None, "lam": -2.0}, "lam.*-2"),
        ],
    ),
    scipy_case("student-t-one", StudentT, {"nu": 0.8}, stats.t(0.8), mean=None, variance=None),
    scipy_case("student-t-near-normal", StudentT, {"nu": 1e6}, stats.t(1e6)),
    Case(
        "half-student-t",
        HalfStudentT,
        {"nu": 3.0, "sigma": 2.0},
        edges=[0.0],
        outside=NOT_NONNEGATIVE,
        bad=[({"nu": -3.0}, "nu.*-3"), ({"sigma": 0.0}, "sigma.*0")],
        mean=4 * np.sqrt(3) / np.pi,
        variance=12.0 - 48 / np.pi**2,
        **half_t(3.0, 2.0),
    ),
    scipy_case(
        "cauchy",
        Cauchy,
        {"alpha": 2.0, "beta": 3.0},
        stats.cauchy(2.0, 3.0),
        mean=np.nan,
        variance=np.nan,
        bad=[({"beta": -3.0}, "beta.*-3")],
    ),
    scipy_case(
        "half-cauchy",
        HalfCauchy,
        {"beta": 3.0},
        stats.halfcauchy(0, 3.0),
        edges=[0.0],
        outside=NOT_NONNEGATIVE,
        mean=np.inf,
        variance=None,
        bad=[({"beta": 0.0}, "beta.*0")],
    ),
]

LOCATION_SCALE = [
    scipy_case(
        "laplace",
        Laplace,
        {"mu": -1.0, "b": 2.0},
        stats.laplace(-1.0, 2.0),
        bad=[({"b": -2.0}, "b.*-2")],
    ),
    scipy_case(
        "logistic",
        Logistic,
        {"mu": 0.5, "s": 1.5},
        stats.logistic(0.5, 1.5),
        points=[-1e3, -4.0, 0.4, 2.0, 1e3],
        bad=[({"s": 0.0}, "s.*0")],
    ),
    scipy_case(
        "gumbel",
        Gumbel,
        {"mu": 0.5, "beta": 2.0},
        stats.gumbel_r(0.5, 2.0),
        bad=[({"beta": -1.0}, "beta.*-1")],
    ),
]


KAPPA = 0.6
SKEWED = [
    *(
        scipy_case(
            f"skew-normal-{alpha:g}",
            SkewNormal,
            {"alpha": alpha, "mu": 1.0, "sigma": 2.0},
            stats.skewnorm(alpha, 1.0, 2.0),
            # Far in the short tail SciPy has nothing left.
            log_prob=lambda x, alpha=alpha: (
                np.log(2) + stats.norm(1, 2).logpdf(x) + special.log_ndtr(alpha * (x - 1) / 2)
            ),
            points=[-8.0, -1.0, 0.9, 3.0, 12.0],
            bad=[
                ({"sigma": -2.5}, "sigma.*-2.5"),
                ({"alpha": np.inf}, "alpha.*inf"),
                ({"sigma": None, "tau": -4.0}, "tau.*-4"),
            ],
        )
        for alpha in (3.0, -0.7, 0.0)
    ),
    scipy_case(
        "asymmetric-laplace",
        AsymmetricLaplace,
        {"kappa": KAPPA, "mu": -1.0, "b": 0.5},
        stats.laplace_asymmetric(KAPPA, -1.0, 2.0),
        bad=[
            ({"kappa": 0.0}, "kappa.*0"),
            ({"b": -0.5}, "b.*-0.5"),
            ({"b": None}, "b is missing"),
            ({"mu": None}, "mu is missing"),
            ({"q": 0.5}, "kappa or q.*got kappa and q"),
            ({"kappa": None, "q": 1.0}, "q must be strictly between 0 and 1; got 1"),
        ],
    ),
    scipy_case(
        "asymmetric-laplace-quantile",
        AsymmetricLaplace,
        {"q": 0.9, "mu": 3.0, "b": 2.0},
        stats.laplace_asymmetric(3.0, 3.0, 0.5),
    ),
    *(
        scipy_case(
            f"ex-gaussian-{sigma:g}-{nu:g}",
            ExGaussian,
            {"mu": 1.0, "sigma": sigma, "nu": nu},
            stats.exponnorm(nu / sigma, 1.0, sigma),
            bad=[
                ({"sigma": 0.0}, "sigma.*0"),
                ({"nu": -1.0}, "nu.*-1"),
                ({"nu": None}, "nu is missing"),
                ({"sigma": None}, "sigma is missing"),
            ],
        )
        for sigma, nu in ((0.7, 2.0), (2.0, 0.4), (0.01, 1.0))
    ),
]

POSITIVE = [
    scipy_case(
        "exponential",
        Exponential,
        {"lam": 0.4},
        stats.expon(scale=2.5),
        edges=[0.0],
        outside=NOT_NONNEGATIVE,
        bad=[({"lam": -0.5}, "lam.*-0.5"), ({"lam": None, "scale": 0.0}, "scale.*0")],
    ),
    scipy_case(
        "gamma",
        Gamma,
        {"alpha": 2.0, "beta": 1.5},
        stats.gamma(2.0, scale=1 / 1.5),
        outside=NOT_POSITIVE,
        bad=[
            ({"alpha": -1.0}, "alpha.*-1"),
            ({"beta": 0.0}, "beta.*0"),
            ({"mu": 1.0}, "alpha and beta and mu"),
        ],
    ),
    scipy_case(
        "gamma-small-shape",
        Gamma,
        {"alpha": 0.03, "beta": 1.5},
        stats.gamma(0.03, scale=1 / 1.5),
        points=[1e-200, 1e-10, 0.1, 3.0],
        outside=NOT_POSITIVE,
    ),
    scipy_case(
        "inverse-gamma",
        InverseGamma,
        {"alpha": 5.0, "beta": 3.0},
        stats.invgamma(5.0, scale=3.0),
        outside=NOT_POSITIVE,
        bad=[({"alpha": 0.0}, "alpha.*0"), ({"beta": -3.0}, "beta.*-3")],
    ),
    scipy_case(
        "chi-squared",
        ChiSquared,
        {"nu": 5.0},
        stats.chi2(5.0),
        outside=NOT_POSITIVE,
        bad=[({"nu": -5.0}, "nu.*-5")],
    ),
    scipy_case(
        "weibull",
        Weibull,
        {"alpha": 1.7, "beta": 2.0},
        stats.weibull_min(1.7, scale=2.0),
        outside=NOT_POSITIVE,
        bad=[({"alpha": 0.0}, "alpha.*0"), ({"beta": -2.0}, "beta.*-2")],
    ),
    scipy_case(
        "pareto",
        Pareto,
        {"alpha": 4.5, "m": 2.0},
        stats.pareto(4.5, scale=2.0),
        edges=[2.0],
        outside=[1.999, -3.0, *NOT_REAL],
        bad=[({"alpha": 0.0}, "alpha.*0"), ({"m": -2.0}, "m.*-2")],
    ),
]

BOUNDED = [
    scipy_case(
        "uniform",
        Uniform,
        {"lower": -1.0, "upper": 3.0},
        stats.uniform(-1.0, 4.0),
        edges=[-1.0, 3.0],
        outside=[-1.001, 3.001, *NOT_REAL],
        bad=[({"upper": -2.0}, "upper.*-2"), ({"lower": np.nan}, "lower.*NaN")],
    ),
    scipy_case(
        "beta",
        Beta,
        {"alpha": 2.0, "beta": 3.5},
        stats.beta(2.0, 3.5),
        outside=[0.0, 1.0, -0.1, 1.1, *NOT_REAL],
        bad=[
            ({"alpha": 0.0}, "alpha.*0"),
            ({"beta": -3.5}, "beta.*-3.5"),
            ({"alpha": None, "beta": None, "mu": 1.5, "nu": 2.0}, "mu.*1.5"),
            ({"alpha": None, "beta": None, "mu": 0.5, "sigma": 0.6}, "sigma.*0.6"),
        ],
    ),
    scipy_case(
        "beta-small-shapes",
        Beta,
        {"alpha": 0.05, "beta": 0.4},
        stats.beta(0.05, 0.4),
        points=[1e-200, 1e-5, 0.3, 0.999],
        outside=[0.0, 1.0],
    ),
    *(
        Case(
            f"kumaraswamy-{a:g}-{b:g}",
            Kumaraswamy,
            {"a": a, "b": b},
            # A power of it is a beta variable.
            lambda x, a=a, b=b: np.log(a) + (a - 1) * np.log(x) + stats.beta(1, b).logpdf(x**a),
            points=points,
            outside=[0.0, 1.0, -0.1, 1.1, *NOT_REAL],
            bad=[({"a": 0.0}, "a.*0"), ({"b": -3.5}, "b.*-3.5")],
            mean=b * special.beta(1 + 1 / a, b),
            variance=b * special.beta(1 + 2 / a, b) - (b * special.beta(1 + 1 / a, b)) ** 2,
            cdf=lambda x, a=a, b=b: -np.expm1(b * np.log1p(-(x**a))),
        )
        for a, b, points in (
            (2.0, 3.5, [1e-3, 0.2, 0.5, 0.8, 0.99]),
            (0.3, 0.4, [1e-5, 0.03, 0.6, 0.999]),
        )
    ),
    *(
        Case(
            name,
            Interpolated,
            {"x_points": knots, "pdf_points": heights},
            frozen.logpdf,
            points=points,
            edges=edges,
            outside=[knots[0] - 0.01, knots[-1] + 0.01, *NOT_REAL],
            bad=[
                ({"x_points": [0.0] * len(knots)}, "x_points.*increasing"),
                ({"pdf_points": [-1.0] * len(knots)}, r"pdf_points.*non-negative.*-1"),
                ({"pdf_points": [0.0] * len(knots)}, "pdf_points.*not zero everywhere"),
                ({"pdf_points": [1.0]}, f"equally many.*{len(knots)} and 1"),
                ({"x_points": [1.0], "pdf_points": [1.0]}, "at least 2; got 1 and 1"),
            ],
            mean=frozen.mean(),
            variance=frozen.var(),
            cdf=frozen.cdf,
        )
        for name, knots, heights, frozen, points, edges in (
            (
                "interpolated-triangle",
                [-1.0, 0.0, 3.0],
                [0.0, 7.0, 0.0],
                stats.triang(0.25, -1.0, 4.0),
                [-0.9, -0.3, 0.2, 1.0, 2.99],
                [],
            ),
            (
                "interpolated-trapezoid",
                [-1.0, 0.0, 1.0, 3.0],
                [0.0, 0.2, 0.2, 0.0],
                stats.trapezoid(0.25, 0.5, -1.0, 4.0),
                [-0.9, -0.3, 0.4, 1.5, 2.9],
                [],
            ),
            (
                "interpolated-many",
                list(np.linspace(-1.0, 3.0, 41)),
                [2.0] * 41,
                stats.uniform(-1.0, 4.0),
                [-0.999, 0.02, 1.51, 2.99],
                [-1.0, 3.0],
            ),
        )
    ),
    *(
        Case(
            f"von-mises-{kappa:g}",
            VonMises,
            {"mu": mu, "kappa": kappa},
            von_mises_log_prob(mu, kappa),
            points=points,
            edges=[-np.pi, np.pi],
            outside=[3.15, -4.0, *NOT_REAL],
            bad=[({"kappa": -1.0}, "kappa.*-1")],
            cdf=_cdf,
        )
        for mu, kappa, points, _cdf in (
            # Draws are wrapped to (-pi, pi); SciPy's distribution function counts turns.
            (
                0.8,
                2.5,
                [-3.0, -1.0, 0.7, 2.2, 3.1],
                lambda x: stats.vonmises(2.5, 0.8).cdf(x) - stats.vonmises(2.5, 0.8).cdf(-np.pi),
            ),
            (0.0, 1e4, [-0.03, 0.001, 0.02, 1.0], stats.vonmises(1e4).cdf),
            (0.0, 1e-3, [-3.0, 0.2, 2.0], stats.vonmises(1e-3).cdf),
        )
    ),
]

IMPROPER = [
    Case(
        "flat",
        Flat,
        {},
        np.zeros_like,
        points=[-1e9, 0.0, 3.0],
        outside=NOT_REAL,
        samples=False,
    ),
    Case(
        "half-flat",
        HalfFlat,
        {},
        np.zeros_like,
        points=[1e-9, 3.0, 1e9],
        edges=[0.0],
        outside=NOT_NONNEGATIVE,
        samples=False,
    ),
]

CASES: list[Case] = [*NORMALS, *HEAVY, *LOCATION_SCALE, *SKEWED, *POSITIVE, *BOUNDED, *IMPROPER]
