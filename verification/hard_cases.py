"""Models whose posterior has places where a chain can stay that hold no mass, or only some of it.

`CASES` has for each name a function of a seed that gives a model, over data drawn from that seed,
and what its fit is judged by. Priors are weakly informative, and scales are free.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy import integrate, stats
from scipy.special import gammaln, logsumexp

import aliquot as aq

Values = Mapping[str, np.ndarray]
DATA = Path(__file__).parent.parent / "tests" / "data"


@dataclass(frozen=True, eq=False)
class Truth:
    """What a fit is judged by, whichever way its components are named.

    Where `shares` (R,) are given, they are the exact means of `regions` over the posterior:
    of values with axes (..., *shape) by name it gives numbers between 0 and 1, (..., R). Else the
    modes are looked for; a climb from `start` finds the one that the data were drawn from.
    """

    data: Values = field(default_factory=dict)
    start: Values = field(default_factory=dict)
    regions: Callable[[Values], np.ndarray] | None = None
    shares: np.ndarray | None = None


Build = Callable[[int], tuple[aq.Model, Truth]]
CASES: dict[str, Build] = {}


def cases(
    given: Mapping[str, Mapping[str, Any]],
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function of a seed as cases by name, each with some of its other arguments."""

    def enter(build: Callable[..., Any]) -> Callable[..., Any]:
        CASES.update({name: partial(build, **fixed) for name, fixed in given.items()})
        return build

    return enter


@cases(
    {
        "three Gaussians, n=500": {"size": 3, "n": 500},
        "three Gaussians, n=5,000": {"size": 3, "n": 5_000},
        "three Gaussians, n=50,000": {"size": 3, "n": 50_000},
        "three Gaussians without an order, n=500": {"size": 3, "n": 500, "ordered": False},
        "three Gaussians without an order, n=5,000": {"size": 3, "n": 5_000, "ordered": False},
        "six Gaussians, n=500": {"size": 6, "n": 500},
        "six Gaussians, n=2,000": {"size": 6, "n": 2_000},
        "six Gaussians, n=5,000": {"size": 6, "n": 5_000},
        "six Gaussians, n=50,000": {"size": 6, "n": 50_000},
    }
)
def gaussians(seed: int, size: int, n: int, ordered: bool = True) -> tuple[aq.Model, Truth]:
    """Gaussians side by side: two neighbours are 2 to 5 apart, and 0.5 to 1.2 wide."""
    rng = np.random.default_rng([seed, size, n])
    means = np.cumsum(rng.uniform(2, 5, size))
    means += rng.uniform(-5, 5) - means.mean()
    sigma, weights = rng.uniform(0.5, 1.2, size), rng.dirichlet(np.full(size, 10.0))
    z = rng.choice(size, size=n, p=weights)
    y = rng.normal(means[z], sigma[z])
    order = {"transform": aq.transforms.ordered} if ordered else {}
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(size))
        mu = aq.Normal("mu", 0, 10, shape=size, **order)
        sd = aq.HalfNormal("sd", 5, shape=size)
        aq.NormalMixture("y", w, mu, sd, observed=y)
    return model, Truth({"y": y}, {"w": weights, "mu": means, "sd": sigma})


def above(name: str, bound: float) -> Callable[[Values], np.ndarray]:
    """Say which values of a number are above a bound, as the one region."""
    return lambda values: (np.asarray(values[name]) > bound)[..., None].astype(float)


@cases(
    {
        "a parameter with two modes, .3 and .7": {},
    }
)
def two_far_modes(seed: int) -> tuple[aq.Model, Truth]:
    """A parameter that is a mixture of two far apart, and no data."""
    with aq.Model() as model:
        aq.NormalMixture("x", [0.3, 0.7], [-20.0, 20.0], 1.0)
    return model, Truth(regions=above("x", 0), shares=np.array([0.7]))


@cases(
    {
        "a parameter given a hidden variable, .3 and .7": {},
    }
)
def two_far_states(seed: int) -> tuple[aq.Model, Truth]:
    """The same with a discrete variable that is summed out."""
    with aq.Model() as model:
        z = aq.Bernoulli("z", 0.7)
        aq.Normal("x", np.where(z == 1, 20.0, -20.0), 1.0)
    return model, Truth(regions=above("x", 0), shares=np.array([0.7]))


@cases(
    {
        "a square observed": {},
    }
)
def square(seed: int) -> tuple[aq.Model, Truth]:
    """A root of either sign, of which a prior likes one better: by quadrature, 0.88 to 0.12."""

    def density(mu: float) -> float:
        return float(stats.norm.pdf(mu, 3, 3) * stats.norm.pdf(9, mu**2, 1))

    below, over = (integrate.quad(density, *ends)[0] for ends in ((-6, 0), (0, 6)))
    with aq.Model() as model:
        mu = aq.Normal("mu", 3, 3)
        aq.Normal("y", mu**2, 1, observed=9.0)
    return model, Truth(regions=above("mu", 0), shares=np.array([over / (below + over)]))


@cases(
    {
        "two groups between 3 and 7, priors of scale 100": {},
        "two groups between 3 and 7, priors of scale 100, no order": {"ordered": False},
    }
)
def wide_priors(seed: int, ordered: bool = True) -> tuple[aq.Model, Truth]:
    """Two groups close to each other compared with where their means may be under the prior."""
    rng = np.random.default_rng([seed, 3])
    means, sigma, weights = np.array([4.0, 6.0]), rng.uniform(0.3, 0.6, 2), rng.dirichlet([9, 9])
    z = rng.choice(2, size=200, p=weights)
    y = rng.normal(means[z], sigma[z])
    order = {"transform": aq.transforms.ordered} if ordered else {}
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(2))
        mu = aq.Normal("mu", 0, 100, shape=2, **order)
        sd = aq.HalfNormal("sd", 10, shape=2)
        aq.NormalMixture("y", w, mu, sd, observed=y)
    return model, Truth({"y": y}, {"w": weights, "mu": means, "sd": sigma})


@cases(
    {
        "hidden Markov model, two channels of scales 1 and .01": {
            "steps": 416,
            "scales": (1.0, 0.01),
        },
        "hidden Markov model, 100 to 1,000 steps, scales from .01 to 100": {},
    }
)
def channels(
    seed: int, steps: int | None = None, scales: tuple[float, ...] | None = None
) -> tuple[aq.Model, Truth]:
    """Two states seen through channels of different units, with one prior for all of them.

    States are 2 to 4 apart in units in which they are 0.5 to 1 wide, on one side or the other. The
    prior is as wide as what is seen through the channel with the largest unit.
    """
    rng = np.random.default_rng([seed, 416])
    if steps is None or scales is None:
        steps = int(rng.integers(100, 1_001))
        scales = tuple(10 ** rng.uniform(-2, 2, rng.integers(1, 4)))
    unit, widest = np.array(scales), max(scales)
    half = rng.uniform(1, 2, unit.size) * rng.choice([-1, 1], unit.size)
    means = unit * (rng.uniform(-1, 1, unit.size) + np.stack([-half, half]))
    sigma = unit * rng.uniform(0.5, 1, (2, unit.size))
    stay = rng.uniform(0.85, 0.97, 2)
    moves = np.array([[stay[0], 1 - stay[0]], [1 - stay[1], stay[1]]])
    uniform, z = rng.uniform(size=steps), np.zeros(steps, int)
    for t in range(1, steps):
        z[t] = uniform[t] > moves[z[t - 1], 0]
    y = rng.normal(means[z], sigma[z])
    with aq.Model() as model:
        P = aq.Dirichlet("P", np.ones(2), shape=(2, 2))
        mu = aq.Normal("mu", 0, 3 * widest, shape=(2, unit.size))
        sd = aq.HalfNormal("sd", 2 * widest, shape=(2, unit.size))
        states = aq.MarkovChain("z", P=P, init=[0.5, 0.5], steps=steps)
        aq.Normal("y", mu[states], sd[states], observed=y)
    return model, Truth({"y": y}, {"P": moves, "mu": means, "sd": sigma})


@cases(
    {
        "three clusters in five dimensions, labels summed out": {},
    }
)
def clusters(seed: int) -> tuple[aq.Model, Truth]:
    """Clusters whose centres are 2 from the origin in each dimension, and 0.5 to 1.5 wide."""
    rng = np.random.default_rng([seed, 35])
    means, sigma = rng.normal(0, 2, (3, 5)), rng.uniform(0.5, 1.5, (3, 5))
    weights = rng.dirichlet(np.full(3, 10.0))
    labels = rng.choice(3, size=300, p=weights)
    y = rng.normal(means[labels], sigma[labels])
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(3))
        mu = aq.Normal("mu", 0, 5, shape=(3, 5))
        sd = aq.HalfNormal("sd", 3, shape=(3, 5))
        z = aq.Categorical("z", p=w, shape=300)
        aq.Normal("y", mu[z], sd[z], observed=y)
    return model, Truth({"y": y}, {"w": weights, "mu": means, "sd": sigma})


@cases(
    {
        "a change point in the coal mines' counts": {},
    }
)
def coal(seed: int) -> tuple[aq.Model, Truth]:
    """Disasters by year: Jarrett (1979), Biometrika 66(1). Years of unknown counts are left out."""
    y = np.genfromtxt(DATA / "coal_counts.csv", delimiter=",", skip_header=1)[:, 1]
    return _change(y[np.isfinite(y)].astype(int), 39)


@cases(
    {
        "a change point where there are two": {},
    }
)
def two_steps(seed: int) -> tuple[aq.Model, Truth]:
    """Counts that fall twice, so that either year may be the one: neither has less than 1 in 10."""
    rng = np.random.default_rng([seed, 2])
    while True:
        y = rng.poisson(np.repeat([6.0, 3.0, 0.8], 25))
        model, truth = _change(y, 37)
        assert truth.shares is not None
        if 0.1 < truth.shares[0] < 0.9:
            return model, truth


def _change(y: np.ndarray, middle: int) -> tuple[aq.Model, Truth]:
    """One change of a Poisson rate; of interest is whether it is before a year, exactly.

    Rates have Gamma(1, 1/3) priors, so that they integrate out given the year of the change.
    """
    years, shape, rate = np.arange(y.size), 1.0, 1 / 3
    before, total = np.cumsum(y), y.sum()

    def alone(total: Any, count: Any) -> np.ndarray:
        return gammaln(shape + total) - (shape + total) * np.log(rate + count)

    # A change at year s leaves it and those before it with the early rate.
    log_mass = alone(before, years + 1) + alone(total - before, y.size - years - 1)
    exact = np.exp(logsumexp(log_mass[:middle]) - logsumexp(log_mass))

    def early_change(values: Values) -> np.ndarray:
        early, late = (np.asarray(values[name])[..., None] for name in ("early", "late"))
        terms = before * np.log(early / late) - (years + 1) * (early - late)
        share = logsumexp(terms[..., :middle], -1) - logsumexp(terms, -1)
        return np.exp(share)[..., None]

    with aq.Model() as model:
        early, late = aq.Gamma("early", shape, rate), aq.Gamma("late", shape, rate)
        switch = aq.DiscreteUniform("switch", 0, y.size - 1)
        aq.Poisson("y", np.where(switch >= years, early, late), observed=y)
    return model, Truth({"y": y}, regions=early_change, shares=np.array([exact]))


@cases(
    {
        "galaxies, three components": {"size": 3},
        "galaxies, four components": {"size": 4},
        "galaxies, five components": {"size": 5},
        "galaxies, six components": {"size": 6},
    }
)
def galaxies(seed: int, size: int) -> tuple[aq.Model, Truth]:
    """Velocities of 82 galaxies, with the priors of Richardson and Green (1997), section 5.

    Journal of the Royal Statistical Society B 59(4): means are in increasing order.
    """
    path = DATA.parent.parent / "docs" / "data" / "galaxies.csv"
    y = np.loadtxt(path, delimiter=",", skiprows=1)[:, 1] / 1_000
    width = np.ptp(y)
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(size))
        middle = (y.min() + y.max()) / 2
        mu = aq.Normal("mu", middle, width, shape=size, transform=aq.transforms.ordered)
        beta = aq.Gamma("beta", 0.2, 10 / width**2)
        tau = aq.Gamma("tau", 2, beta, shape=size)
        aq.NormalMixture("y", w, mu, tau=tau, observed=y)
    return model, Truth({"y": y})


def quarters(name: str, family: Any) -> Callable[[Values], np.ndarray]:
    """Say in which quarter of its distribution a number is: three regions."""
    bounds = family.ppf([0.25, 0.5, 0.75])
    return lambda values: (np.asarray(values[name])[..., None] < bounds).astype(float)


QUARTERS = np.array([0.25, 0.5, 0.75])


@cases(
    {
        "a funnel": {},
    }
)
def funnel(seed: int) -> tuple[aq.Model, Truth]:
    """Neal's (2003), Slice sampling, Annals of Statistics 31(3), section 8."""
    with aq.Model() as model:
        v = aq.Normal("v", 0, 3)
        aq.Normal("x", 0, np.exp(v / 2), shape=9)
    return model, Truth(regions=quarters("v", stats.norm(0, 3)), shares=QUARTERS)


@cases(
    {
        "a banana": {},
    }
)
def banana(seed: int) -> tuple[aq.Model, Truth]:
    """A Gaussian bent along a parabola."""
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.Normal("y", 2 * x**2, 0.3)
    return model, Truth(regions=quarters("x", stats.norm(0, 1)), shares=QUARTERS)


@cases(
    {
        "three Cauchy variables": {},
    }
)
def cauchy(seed: int) -> tuple[aq.Model, Truth]:
    """Tails in which chains go far away."""
    with aq.Model() as model:
        for name in "abc":
            aq.Cauchy(name, 0, 1)
    return model, Truth(regions=quarters("a", stats.cauchy(0, 1)), shares=QUARTERS)
