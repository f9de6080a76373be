"""The rows of what is truncated, censored or beyond a hurdle, against SciPy.

Most are of families whose tails are compiled quickly. The others are checked themselves by
`test_tails.py`; `make verify` goes over `LONG`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from aliquot.distributions.binary import BetaBinomial, Binomial
from aliquot.distributions.bounded import Beta
from aliquot.distributions.categorical import Categorical
from aliquot.distributions.censored import Censored
from aliquot.distributions.counts import Geometric, NegativeBinomial, Poisson
from aliquot.distributions.gamma import Gamma
from aliquot.distributions.heavy_tailed import StudentT
from aliquot.distributions.hurdle import (
    HurdleGamma,
    HurdleLogNormal,
    HurdleNegativeBinomial,
    HurdlePoisson,
)
from aliquot.distributions.kumaraswamy import Kumaraswamy
from aliquot.distributions.location_scale import Laplace, Normal
from aliquot.distributions.mixture import Mixture
from aliquot.distributions.normal_mixture import NormalMixture
from aliquot.distributions.positive import Exponential, Weibull
from aliquot.distributions.truncated import Truncated
from tests.distributions.case import Case

__all__ = ["CASES", "LONG"]

NOT_REAL = [np.nan, np.inf, -np.inf]
W = [0.3, 0.7]


class Mixed:
    """A mixture as SciPy's distributions are."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __getattr__(self, name: str) -> Any:
        return lambda x: sum(w * getattr(p, name)(x) for w, p in zip(W, self.parts, strict=True))


def just_outside(bounds: dict[str, float]) -> list[float]:
    beyond = (bound + (1e-6 if key == "upper" else -1e-6) for key, bound in bounds.items())
    return [*beyond, *NOT_REAL]


def truncated(name: str, dist: Any, whole: Any, low: float, high: float, points: Any) -> Case:
    """Make a row of a continuous one."""
    total = whole.cdf(high) - whole.cdf(low)
    bounds = {"lower": low, "upper": high}
    bounds = {key: value for key, value in bounds.items() if np.isfinite(value)}
    return Case(
        f"truncated-{name}",
        Truncated,
        {"dist": dist, **bounds},
        lambda x: np.log(whole.pdf(x) / total),
        points=points,
        outside=just_outside(bounds),
        cdf=lambda x: (whole.cdf(x) - whole.cdf(low)) / total,
    )


def truncated_counts(name: str, dist: Any, whole: Any, low: int, high: int | None) -> Case:
    """Make a row of counts from `low` to `high`, both included."""
    last = 10**4 if high is None else high
    total = whole.cdf(last) - whole.cdf(low - 1)
    return Case(
        f"truncated-{name}",
        Truncated,
        {"dist": dist, "lower": low} | ({} if high is None else {"upper": high}),
        lambda x: np.log(whole.pmf(x) / total),
        points=[low, low + 1, low + 2],
        outside=[low - 1, low + 0.5, np.nan] + ([] if high is None else [high + 1]),
        pmf=lambda x: whole.pmf(x) / total,
        atoms=np.arange(low, low + 3),
        differentiable=False,
    )


def censored(
    name: str, dist: Any, whole: Any, low: float, high: float, points: Any, bad: Any = ()
) -> Case:
    """Make a row of a continuous one; the bounds are atoms."""
    bounds = {"lower": low, "upper": high}
    bounds = {key: value for key, value in bounds.items() if np.isfinite(value)}

    def log_prob(x: Any) -> Any:
        x = np.asarray(x)
        at_high = np.where(x == high, whole.sf(high), whole.pdf(x))
        return np.log(np.where(x == low, whole.cdf(low), at_high))

    return Case(
        f"censored-{name}",
        Censored,
        {"dist": dist, **bounds},
        log_prob,
        points=[*points, *bounds.values()],
        outside=just_outside(bounds),
        bad=bad,
        pmf=lambda x: np.exp(log_prob(x)),
        atoms=list(bounds.values()),
        differentiable=False,
    )


def censored_counts(name: str, dist: Any, whole: Any) -> Case:
    """Make a row of counts that are recorded as 2 or 5 beyond these."""

    def probability(x: Any) -> Any:
        x = np.asarray(x)
        ends = np.where(x == 2, whole.cdf(2), whole.sf(4))
        return np.where((x == 2) | (x == 5), ends, whole.pmf(x))

    return Case(
        f"censored-{name}",
        Censored,
        {"dist": dist, "lower": 2, "upper": 5},
        lambda x: np.log(probability(x)),
        points=[2, 3, 5],
        outside=[1, 6, 2.5, np.nan],
        pmf=probability,
        atoms=[2, 3, 4],
        differentiable=False,
    )


def hurdle(name: str, make: Any, arguments: dict[str, Any], whole: Any, **more: Any) -> Case:
    """Make a row of zeros, and of what is not zero."""
    psi = arguments["psi"]
    counts = hasattr(whole.dist, "pmf")
    none = whole.pmf(0) if counts else 0.0
    mean, second = (whole.moment(k) / (1 - none) for k in (1, 2))
    density = whole.pmf if counts else whole.pdf

    def probability(x: Any) -> Any:
        x = np.asarray(x)
        return np.where(x == 0, 1 - psi, psi * density(np.where(x == 0, 1, x)) / (1 - none))

    return Case(
        f"hurdle-{name}",
        make,
        arguments,
        lambda x: np.log(probability(x)),
        points=[0, 1, 2, 7] if counts else [0.0, 1e-9, 0.4, 3.0],
        outside=[-1, 0.5, np.nan] if counts else [-1e-9, *NOT_REAL],
        mean=psi * mean,
        variance=psi * second - (psi * mean) ** 2,
        pmf=probability,
        atoms=np.arange(5) if counts else [0.0],
        differentiable=False,
        **more,
    )


CASES: list[Case] = [
    truncated("gamma", Gamma(2.0, 1.5), stats.gamma(2.0, scale=1 / 1.5), 0.5, 3.0, [0.6, 1.0, 2.9]),
    truncated(
        "any-normal", Normal(1.0, 2.0), stats.norm(1.0, 2.0), -np.inf, 0.5, [-6.0, -1.0, 0.0, 0.4]
    ),
    # Of a proportion: with a = 1 it is Beta(1, b).
    truncated(
        "kumaraswamy",
        Kumaraswamy(1.0, 0.7),
        stats.beta(1.0, 0.7),
        0.1,
        0.8,
        [0.11, 0.4, 0.79],
    ),
    truncated("laplace", Laplace(0.0, 1.0), stats.laplace(), -1.0, np.inf, [-0.9, 0.5, 50.0]),
    truncated(
        "mixture",
        Mixture(W, [Normal(-1.0, 1.0), Exponential(1.0)]),
        Mixed(stats.norm(-1.0, 1.0), stats.expon()),
        -1.5,
        2.0,
        [-1.4, -0.3, 0.5, 1.9],
    ),
    truncated_counts("poisson", Poisson(3.7), stats.poisson(3.7), 1, 6),
    truncated_counts("geometric", Geometric(0.35), stats.geom(0.35), 3, None),
    truncated_counts(
        "categorical",
        Categorical([0.1, 0.2, 0.3, 0.25, 0.15]),
        stats.rv_discrete(values=(np.arange(5), [0.1, 0.2, 0.3, 0.25, 0.15])),
        1,
        4,
    ),
    censored(
        "normal",
        Normal(1.0, 2.0),
        stats.norm(1.0, 2.0),
        -1.0,
        3.0,
        [-0.9, 1.2],
        [
            ({"lower": 4.0}, "upper.*greater than lower.*lower=4.*upper=3"),
            ({"upper": np.nan}, "upper.*NaN"),
            ({"dist": 3.0}, "dist must be a distribution.*3"),
        ],
    ),
    censored("weibull", Weibull(1.7, 2.0), stats.weibull_min(1.7, scale=2), -np.inf, 3.0, [0.1, 2]),
    censored("exponential", Exponential(1.5), stats.expon(scale=1 / 1.5), 0.5, np.inf, [0.6, 9]),
    censored(
        "normal-mixture",
        NormalMixture(W, [-1.0, 2.0], [1.0, 0.5]),
        Mixed(stats.norm(-1, 1), stats.norm(2, 0.5)),
        -1.5,
        2.2,
        [-1.0, 2.0],
    ),
    censored_counts("geometric", Geometric(0.3), stats.geom(0.3)),
    hurdle(
        "poisson",
        HurdlePoisson,
        {"psi": 0.7, "mu": 2.5},
        stats.poisson(2.5),
        bad=[({"psi": 1.2}, "psi.*1.2"), ({"mu": 0.0}, "mu.*0")],
    ),
    hurdle(
        "negative-binomial",
        HurdleNegativeBinomial,
        {"psi": 0.8, "mu": 3.0, "alpha": 1.7},
        stats.nbinom(1.7, 1.7 / 4.7),
        bad=[({"psi": -0.2}, "psi.*-0.2"), ({"alpha": None}, "mu and alpha, or n and p; got mu")],
    ),
    hurdle(
        "negative-binomial-trials",
        HurdleNegativeBinomial,
        {"psi": 0.8, "n": 3.0, "p": 0.4},
        stats.nbinom(3.0, 0.4),
        bad=[({"p": 1.0}, "p.*1")],
    ),
    hurdle(
        "gamma",
        HurdleGamma,
        {"psi": 0.6, "alpha": 2.0, "beta": 1.5},
        stats.gamma(2.0, scale=1 / 1.5),
        bad=[({"psi": 1.2}, "psi.*1.2"), ({"mu": 1.0}, "alpha and beta and mu")],
    ),
    hurdle(
        "log-normal",
        HurdleLogNormal,
        {"psi": 0.6, "mu": 0.3, "sigma": 0.7},
        stats.lognorm(0.7, scale=np.exp(0.3)),
        bad=[({"sigma": -1.0}, "sigma.*-1")],
    ),
]

LONG: list[Case] = [
    truncated("student-t", StudentT(3.0), stats.t(3.0), 1.0, np.inf, [1.1, 2.0, 50.0]),
    truncated("beta", Beta(0.4, 0.7), stats.beta(0.4, 0.7), 0.1, 0.8, [0.11, 0.4, 0.79]),
    truncated_counts("binomial", Binomial(12, 0.35), stats.binom(12, 0.35), 3, None),
    truncated_counts(
        "negative-binomial", NegativeBinomial(3.0, 1.7), stats.nbinom(1.7, 1.7 / 4.7), 2, 30
    ),
    truncated_counts(
        "beta-binomial", BetaBinomial(2.0, 0.7, 10), stats.betabinom(10, 2, 0.7), 4, 9
    ),
    censored("gamma", Gamma(2.0, 1.5), stats.gamma(2.0, scale=1 / 1.5), 0.5, np.inf, [0.6, 9.0]),
    censored_counts("poisson", Poisson(3.7), stats.poisson(3.7)),
]
