"""Distribution functions: values and derivatives against mpmath, in the middle and far out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import mpmath as mp
import numpy as np
import pytest

import aliquot as aq
from aliquot.distributions.base import Distribution
from aliquot.distributions.interval_mass import log_mass, log_tails
from aliquot.precision import float64
from tests.distributions.case import Case
from tests.distributions.table import CASES
from tests.programs import quick

DIGITS = 50


def normal(x: Any, mu: Any, sigma: Any) -> tuple[Any, Any]:
    z = (x - mu) / sigma / mp.sqrt(2)
    return mp.erfc(-z) / 2, mp.erfc(z) / 2


def gamma(x: Any, alpha: Any, beta: Any) -> tuple[Any, Any]:
    y = beta * x
    return (
        mp.gammainc(alpha, 0, y, regularized=True),
        mp.gammainc(alpha, y, mp.inf, regularized=True),
    )


def lower_beta(a: Any, b: Any, x: Any) -> Any:
    """Compute the incomplete beta function by a series of positive terms."""
    log = a * mp.log(x) + b * mp.log1p(-x) - mp.log(a)
    log -= mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)
    return mp.exp(log) * mp.hyp2f1(1, a + b, a + 1, x)


def beta(x: Any, alpha: Any, beta: Any) -> tuple[Any, Any]:
    if x * (alpha + beta) < alpha:
        below = lower_beta(alpha, beta, x)
        return below, 1 - below
    above = lower_beta(beta, alpha, 1 - x)
    return 1 - above, above


def student(x: Any, nu: Any, sigma: Any) -> tuple[Any, Any]:
    square = (x / sigma) ** 2
    tails = beta(square / (nu + square), mp.mpf(1) / 2, nu / 2)
    far, near = tails[1] / 2, 1 - tails[1] / 2
    return (far, near) if x < 0 else (near, far)


def poisson(x: Any, mu: Any) -> tuple[Any, Any]:
    below, above = gamma(mu, x + 1, 1)
    return above, below


def binomial(x: Any, n: Any, p: Any) -> tuple[Any, Any]:
    return beta(1 - p, n - x, x + 1)


def negative_binomial(x: Any, mu: Any, alpha: Any) -> tuple[Any, Any]:
    return beta(alpha / (alpha + mu), alpha, x + 1)


def rest_of(above: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, **given: (1 - above(x, **given), above(x, **given))


def asymmetric_laplace(x: Any, kappa: Any, mu: Any, b: Any) -> tuple[Any, Any]:
    square = kappa * kappa
    if x < mu:
        below = square / (1 + square) * mp.exp((x - mu) * b / kappa)
        return below, 1 - below
    above = mp.exp((mu - x) * b * kappa) / (1 + square)
    return 1 - above, above


def ex_gaussian(x: Any, mu: Any, sigma: Any, nu: Any) -> tuple[Any, Any]:
    z, k = (x - mu) / sigma, sigma / nu
    carried = mp.exp(k * (k / 2 - z)) * mp.erfc((k - z) / mp.sqrt(2)) / 2
    below, above = normal(z, 0, 1)
    return below - carried, above + carried


def hypergeometric(x: Any, N: Any, k: Any, n: Any) -> tuple[Any, Any]:
    each = [mp.binomial(k, i) * mp.binomial(N - k, n - i) for i in range(int(n) + 1)]
    return (
        mp.fsum(each[: int(x) + 1]) / mp.fsum(each),
        mp.fsum(each[int(x) + 1 :]) / mp.fsum(each),
    )


ELEMENTARY = (
    *(aq.Exponential, aq.Weibull, aq.Gumbel, aq.Laplace, aq.Geometric, aq.Pareto),
    *(aq.AsymmetricLaplace, aq.DiscreteWeibull, aq.Kumaraswamy),
)
EXPONENTIAL = rest_of(lambda x, lam: mp.exp(-lam * x))

# Family, exact tails, points, parameters.
ROWS: list[tuple[Any, Callable[..., Any], list[float], dict[str, Any]]] = [
    (aq.Normal, normal, [-80.0, -3.0, 0.4, 3.0, 81.0], {"mu": 0.5, "sigma": 2.0}),
    (aq.LogNormal, lambda x, mu, sigma: normal(mp.log(x), mu, sigma), [1e-9, 1.0, 1e9],
     {"mu": 0.3, "sigma": 0.7}),
    (aq.Laplace, lambda x, mu, b: ((mp.exp((x - mu) / b) / 2, 1 - mp.exp((x - mu) / b) / 2)
     if x < mu else (1 - mp.exp((mu - x) / b) / 2, mp.exp((mu - x) / b) / 2)),
     [-900.0, 0.4, 900.0], {"mu": 0.1, "b": 1.0}),
    (aq.Logistic, lambda x, mu, s: (1 / (1 + mp.exp((mu - x) / s)), 1 / (1 + mp.exp((x - mu) / s))),
     [-900.0, 0.4, 900.0], {"mu": 0.1, "s": 1.0}),
    (aq.Gumbel, rest_of(lambda x, mu, beta: -mp.expm1(-mp.exp((mu - x) / beta))),
     [-6.0, 0.4, 900.0], {"mu": 0.1, "beta": 1.0}),
    (aq.Exponential, EXPONENTIAL, [1e-200, 1.0, 2e3], {"lam": 1.5}),
    (aq.Weibull, rest_of(lambda x, alpha, beta: mp.exp(-((x / beta) ** alpha))),
     [1e-200, 1.0, 2e3], {"alpha": 1.7, "beta": 2.0}),
    (aq.Pareto, rest_of(lambda x, alpha, m: (m / x) ** alpha), [1.25, 3.0, 1e200],
     {"alpha": 2.5, "m": 1.0}),
    (aq.Cauchy, lambda x, alpha, beta: tuple(
        mp.atan2(1, s * (x - alpha) / beta) / mp.pi for s in (-1, 1)),
     [-1e9, 0.4, 1e9], {"alpha": 0.1, "beta": 1.0}),
    (aq.StudentT, lambda x, nu, mu, sigma: student(x - mu, nu, sigma),
     [-1e9, -3.0, 0.5, 1e9], {"nu": 4.5, "mu": 0.1, "sigma": 2.0}),
    (aq.Gamma, gamma, [1e-9, 0.5, 2.0, 900.0], {"alpha": 2.5, "beta": 1.5}),
    (aq.Gamma, gamma, [1e-9, 0.02, 0.5, 900.0], {"alpha": 0.03, "beta": 1.5}),
    (aq.Gamma, gamma, [300.0, 999.0, 1010.0, 3000.0], {"alpha": 1000.0, "beta": 1.0}),
    (aq.InverseGamma, lambda x, alpha, beta: gamma(1 / x, alpha, beta)[::-1],
     [1e-3, 0.5, 1e9], {"alpha": 5.0, "beta": 3.0}),
    (aq.Beta, beta, [1e-9, 0.2, 0.6, 1 - 2.0**-30], {"alpha": 2.0, "beta": 3.5}),
    (aq.Beta, beta, [1e-9, 0.2, 0.6, 1 - 2.0**-30], {"alpha": 0.05, "beta": 400.0}),
    (aq.Poisson, poisson, [0, 3, 8, 2000], {"mu": 3.7}),
    (aq.Poisson, poisson, [20, 900, 999, 1100], {"mu": 1000.0}),
    (aq.Binomial, binomial, [0, 100, 140, 399], {"n": 400, "p": 0.3}),
    (aq.NegativeBinomial, negative_binomial, [0, 3, 900], {"mu": 3.0, "alpha": 1.7}),
    (aq.Geometric, rest_of(lambda x, p: (1 - p) ** x), [1, 3, 5000], {"p": 0.3}),
    (aq.AsymmetricLaplace, asymmetric_laplace, [-900.0, 0.1, 0.4, 900.0],
     {"kappa": 1.5, "mu": 0.1, "b": 1.0}),
    (aq.AsymmetricLaplace, asymmetric_laplace, [-1e-60, 1e-40, 1.0, 1e62],
     {"kappa": 1e-60, "mu": 1e-61, "b": 2.0}),
    (aq.AsymmetricLaplace, asymmetric_laplace, [-1e62, -1.0, -1e-40, 1e-60],
     {"kappa": 1e60, "mu": -1e-61, "b": 2.0}),
    (aq.ExGaussian, ex_gaussian, [-40.0, -2.0, 0.9, 4.0, 900.0],
     {"mu": 0.5, "sigma": 1.3, "nu": 2.0}),
    (aq.ExGaussian, ex_gaussian, [-1e-4, 1e-7, 1e-3, 1.0, 700.0],
     {"mu": 1e-6, "sigma": 1e-5, "nu": 1.0}),
    (aq.ExGaussian, ex_gaussian, [-60.0, -2.0, 0.3, 3.0, 60.0],
     {"mu": 0.1, "sigma": 1.0, "nu": 1e-5}),
    (aq.ExGaussian, ex_gaussian, [-6e100, -1e100, 1e100, 2e100, 4e101],
     {"mu": 1e99, "sigma": 1e100, "nu": 3e100}),
    (aq.Kumaraswamy, rest_of(lambda x, a, b: (1 - x**a) ** b), [1e-9, 0.2, 0.6, 1 - 2.0**-30],
     {"a": 0.05, "b": 40.0}),
    (aq.DiscreteWeibull, rest_of(lambda x, q, beta: q ** ((x + 1) ** beta)), [0, 3, 400],
     {"q": 0.8, "beta": 1.4}),
    (aq.HyperGeometric, hypergeometric, [4, 9, 15, 29], {"N": 60, "k": 34, "n": 30}),
]  # fmt: skip


@quick
def tails_and_slopes(dist: Any, x: Any) -> Any:
    def one(dist: Any, x: Any) -> Any:
        return log_tails(dist, x)

    def slopes(x: Any) -> Any:
        return [
            jax.grad(lambda d, k=k: one(d, x)[k], allow_int=True)(dist).parameters for k in (0, 1)
        ]

    return jax.vmap(lambda x: one(dist, x))(x), jax.vmap(slopes)(x)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0].__name__} {row[3]}")
def test_tails_and_their_slopes_are_exact(row: Any) -> None:
    family, exact, points, given = row
    with float64():
        found, slopes = tails_and_slopes(family.dist(**given).with_tails(), np.array(points, float))
    with mp.workdps(DIGITS):
        for i, x in enumerate(points):
            at = {name: mp.mpf(value) for name, value in given.items()}
            # A probability next to 1 has what it lacks to it far below.
            digits = 2200 if family in ELEMENTARY else 400
            with mp.workdps(digits):
                wanted = exact(mp.mpf(x), **at)
                right = [mp.log(tail) for tail in wanted]
            for k in (0, 1):
                error = abs(mp.mpf(float(found[k][i])) - right[k])
                assert error <= 1e-12 * max(1, abs(right[k])), (x, k, float(found[k][i]))
            for name, value in given.items():
                if isinstance(value, int):
                    continue
                check_slope(exact, x, at, name, wanted, [s[name][i] for s in slopes], digits)


def check_slope(
    exact: Any, x: Any, at: Any, name: str, wanted: Any, found: Any, digits: int
) -> None:
    """Compare with central differences of the lesser of both tails, which cancel nothing."""
    with mp.workdps(digits):
        step = abs(at[name]) * mp.mpf(10) ** -20
        less = int(wanted[1] < wanted[0])
        ends = [exact(mp.mpf(x), **{**at, name: at[name] + s * step})[less] for s in (-1, 1)]
        change = (ends[1] - ends[0]) / (2 * step) * (1 if less == 0 else -1)
        for k, sign in ((0, 1), (1, -1)):
            right = sign * change / wanted[k]
            size = abs(right) + 1e-3 / abs(at[name])
            assert abs(mp.mpf(float(found[k])) - right) <= 1e-9 * size, (x, k, name, found[k])


NARROW = [
    (aq.Normal.dist(0.0, 1.0), 20.0, 1e-9),
    (aq.Gamma.dist(0.03, 1.0), 3.0, 1e-9),
    (aq.Beta.dist(2.0, 3.5), 0.3, 1e-12),
    (aq.StudentT.dist(4.5), -5.0, 1e-9),
    (aq.Laplace.dist(0.0, 1.0), -5e-10, 1e-9),
    (aq.Mixture.dist([0.5, 0.5], [aq.Normal.dist(-9, 1), aq.Normal.dist(9, 1)]), 0.0, 1e-9),
]


@quick
def mass(dist: Any, low: Any, high: Any) -> Any:
    return log_mass(dist, low, high)


@pytest.mark.parametrize(("dist", "low", "width"), NARROW, ids=lambda value: f"{value!r:.30}")
def test_narrow_intervals_keep_their_digits(dist: Any, low: float, width: float) -> None:
    """Of so small an interval the probability is the density in the middle times the width."""
    high = low + width
    expected = float(dist.log_prob(0.5 * low + 0.5 * high)) + np.log(high - low)
    with float64():
        assert float(mass(dist, low, high)) == pytest.approx(expected, rel=1e-8 * width / 1e-9)
        assert float(mass(dist, high, low)) == -np.inf


def tabled() -> dict[str, Case]:
    """Give a row of the table for each family of numbers that is not among the rows above."""
    above = {row[0].__name__ for row in ROWS}
    found: dict[str, Case] = {}
    for case in CASES:
        dist = case.build()
        known = case.cdf is not None or (dist.discrete and case.pmf is not None)
        if known and not dist.shape and dist.family not in above and "dist" not in dist.parameters:
            found.setdefault(dist.family, case)
    return found


@quick
def tails_and_masses(dists: Any, points: Any) -> Any:
    return {
        name: (*log_tails(dist, x := points[name]), log_mass(dist, x[:-1], x[1:]))
        if type(dist)._log_between is not Distribution._log_between
        else log_tails(dist, points[name])
        for name, dist in dists.items()
    }


def test_every_family_has_the_tails_of_its_table_or_says_why_not() -> None:
    """What is not followed to the end above: in one program, against SciPy or sums."""
    dists, points, refused = {}, {}, set()
    for name, case in tabled().items():
        try:
            dists[name] = case.build().with_tails()
            points[name] = np.sort(np.asarray(case.points, float))
        except aq.ParameterError:
            refused.add(name)
    assert refused == {"SkewNormal", "VonMises"}
    seen = set(dists) | refused | {row[0].__name__ for row in ROWS}
    seen |= {dist.family for dist in (case.build() for case in CASES) if dist.event_dims}
    # Improper; given by its density alone; with a value that has a probability of its own.
    unseen = {"Flat", "HalfFlat", "CustomDist", "HurdleGamma", "HurdleLogNormal"}
    unseen |= {"Truncated", "Censored"}  # whose densities are tails; those of `cases_cut`
    assert set(aq.families.__all__) - seen == unseen
    with float64():
        found = tails_and_masses(dists, points)
    for name, dist in dists.items():
        case, x = tabled()[name], points[name]
        if dist.discrete:
            first = int(np.max(dist.support.lower))
            sums = np.cumsum(case.pmf(np.arange(first, int(x[-1]) + 1)))
            below = sums[x.astype(int) - first]
        else:
            below = case.cdf(x)
        for log, expected in zip(found[name], (below, 1 - below, np.diff(below)), strict=False):
            np.testing.assert_allclose(np.exp(log), expected, rtol=1e-8, atol=1e-13, err_msg=name)


def of_variable_n(family: Any, *parameters: Any) -> Any:
    with aq.Model():
        return family.dist(*parameters, aq.DiscreteUniform("n", 1, 9))


@pytest.mark.parametrize(
    ("dist", "why"),
    [
        (aq.Flat.dist(), "it is improper"),
        (aq.VonMises.dist(), "angles"),
        (aq.SkewNormal.dist(), "Owen's T"),
        (aq.CustomDist.dist(logp=lambda x: -x, support="positive"), "only its density is known"),
        (of_variable_n(aq.BetaBinomial, 1, 1), "n has to be a number"),
        (of_variable_n(aq.HyperGeometric, 20, 9), "n has to be a number"),
    ],
    ids=lambda value: getattr(value, "family", ""),
)
def test_what_has_no_tails_is_refused_by_name(dist: Any, why: str) -> None:
    message = f"Censored: dist cannot be {dist.family}: .*{why}"
    with pytest.raises(aq.ParameterError, match=message):
        aq.Censored.dist(dist, upper=1)
