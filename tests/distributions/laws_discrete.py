"""Laws of counts and categories at large and small scales."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special, stats

from aliquot.distributions.binary import Bernoulli, BetaBinomial, Binomial
from aliquot.distributions.categorical import Categorical, Multinomial, OrderedLogistic
from aliquot.distributions.counts import DiscreteUniform, Geometric, NegativeBinomial, Poisson
from aliquot.distributions.dirichlet_multinomial import DirichletMultinomial
from aliquot.distributions.discrete_weibull import DiscreteWeibull
from aliquot.distributions.hurdle import HurdleNegativeBinomial, HurdlePoisson
from aliquot.distributions.hypergeometric import HyperGeometric
from aliquot.distributions.markov_chain import MarkovChain
from aliquot.distributions.ordered_probit import OrderedProbit
from aliquot.distributions.truncated import Truncated
from aliquot.distributions.zero_inflated import (
    ZeroInflatedBinomial,
    ZeroInflatedNegativeBinomial,
    ZeroInflatedPoisson,
)
from tests.distributions.law import Law, about, always, beta_cdf, counted, gamma_cdf

RARE = np.array([1 - 1e-9, 0.6e-9, 0.4e-9])
FIRST, LAST = np.iinfo(np.int64).min, np.iinfo(np.int64).max


def poisson(mu: float) -> Law:
    law = counted(stats.poisson(mu)) if mu < 1e5 else about(mu, np.sqrt(mu))
    return Law(f"Poisson({mu:g})", Poisson, {"mu": mu}, law)


def binomial(n: int, p: float) -> Law:
    sd = np.sqrt(n * p * (1 - p))
    law = counted(stats.binom(n, p)) if n <= 10**4 else about(_times(n, p), sd)
    return Law(f"Binomial({n:g}, {p!r})", Binomial, {"n": n, "p": p}, law)


def _times(n: int, p: float) -> Any:
    """Multiply a whole number by a double, and give what an int holds where it is large."""
    numerator, denominator = p.as_integer_ratio()
    exact = n * numerator
    return exact // denominator if exact // denominator > 2**53 else exact / denominator


def few(n: int, p: float, mean: float) -> Law:
    """Make a row of a binomial count that is a Poisson one but for terms of the order of p."""
    return Law(f"Binomial({n:g}, {p:g})", Binomial, {"n": n, "p": p}, counted(stats.poisson(mean)))


def all_but_few(x: np.ndarray, rng: np.random.Generator) -> Any:
    return counted(stats.poisson(10**18 * special.expit(-40)))(10**18 - x, rng)


def negative_binomial(mu: float, alpha: float) -> Law:
    if mu > 1e5 and alpha > 1e5:
        law = about(mu, np.sqrt(mu + mu / alpha * mu))
    elif mu > 1e5:

        def law(x: np.ndarray, rng: np.random.Generator) -> Any:  # gamma, and nothing to see more
            return gamma_cdf(alpha, np.log(x + rng.random(x.shape)) + np.log(alpha / mu))

    else:
        law = counted(stats.nbinom(alpha, alpha / (alpha + mu)))
    name = f"NegativeBinomial({mu:g}, {alpha:g})"
    return Law(name, NegativeBinomial, {"mu": mu, "alpha": alpha}, law)


def geometric(p: float) -> Law:
    """Make a row by the exponential law, of which the count is the whole part."""

    def law(x: np.ndarray, rng: np.random.Generator) -> Any:
        rate = -np.log1p(-p)
        return 1 - np.exp(-rate * (x - 1)) + rng.random(x.shape) * np.exp(-rate * (x - 1)) * p

    return Law(f"Geometric({p:g})", Geometric, {"p": p}, law)


def not_zero(frozen: Any) -> Any:
    """Use a discrete distribution of SciPy's that is known not to be zero."""

    def uniforms(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        assert np.all(x > 0)
        above = frozen.sf(x) + rng.random(x.shape) * frozen.pmf(x)
        return above / frozen.sf(0)

    return uniforms


def cut(name: str, dist: Any, frozen: Any) -> Law:
    """Make a row of a count above zero that hardly ever is."""
    return Law(f"Truncated({name})", Truncated, {"dist": dist, "lower": 1}, not_zero(frozen))


def discrete_weibull(q: float, beta: float) -> Law:
    """Make a row by the Weibull law, of which the count is the whole part."""

    def beyond(x: np.ndarray) -> Any:
        return np.exp(np.log(q) * x.astype(float) ** beta)

    def law(x: np.ndarray, rng: np.random.Generator) -> Any:
        next_one = np.where(x == LAST, 0.0, beyond(np.minimum(x, LAST - 1) + 1))
        return 1 - beyond(x) + rng.random(x.shape) * (beyond(x) - next_one)

    return Law(f"DiscreteWeibull({q!r}, {beta:g})", DiscreteWeibull, {"q": q, "beta": beta}, law)


def hypergeometric(size: int, k: int, n: int) -> Law:
    mean = size * (k / size) * (n / size)
    spread = (1 - k / size) * (1 - n / size)
    if size <= 10**6:
        law = counted(stats.hypergeom(size, k, n))
    elif mean < 100:  # Poisson, but for terms of the order of the shares
        law = counted(stats.poisson(mean))
    else:
        law = about(k * n // size if size > 2**53 else mean, np.sqrt(mean * spread))
    arguments = {"N": size, "k": k, "n": n}
    return Law(f"HyperGeometric({size:g}, {k:g}, {n:g})", HyperGeometric, arguments, law)


def discrete_uniform(lower: int, upper: int) -> Law:
    def law(x: np.ndarray, rng: np.random.Generator) -> Any:
        above = (x.astype(np.uint64) - np.int64(lower).astype(np.uint64)).astype(float)
        return (above + rng.random(x.shape)) / (float(upper - lower) + 1)

    name = f"DiscreteUniform({lower}, {upper})"
    return Law(name, DiscreteUniform, {"lower": lower, "upper": upper}, law)


def beta_binomial(alpha: float, beta: float, n: int) -> Law:
    total = alpha + beta
    p = alpha / total
    if n <= 10**4:
        law = counted(stats.betabinom(n, alpha, beta))
    elif alpha > 1e5:
        law = about(n * p, np.sqrt(n * p * (1 - p) * (1 + (n - 1) / (1 + total))))
    else:

        def law(x: np.ndarray, rng: np.random.Generator) -> Any:  # n times a beta variable
            return beta_cdf(alpha, beta, np.log((x + rng.random(x.shape)) / n))

    name = f"BetaBinomial({alpha:g}, {beta:g}, {n:g})"
    return Law(name, BetaBinomial, {"alpha": alpha, "beta": beta, "n": n}, law)


def one_of(p: Any) -> Any:
    return counted(stats.rv_discrete(values=(np.arange(len(p)), p)))


def multinomial(n: int, p: list[float]) -> Law:
    """Make a row whose counts are binomial, each given those before it."""

    def law(x: np.ndarray, rng: np.random.Generator) -> Any:
        columns, rest, left = [], np.full(len(x), n), 1.0
        for k in range(len(p) - 1):
            share = min(1.0, p[k] / left)
            if n <= 10**4:
                columns.append(counted(stats.binom(rest, share))(x[:, k], rng))
            else:
                sd = np.sqrt(rest * share * (1 - share))
                away = (x[:, k] - np.floor(rest * share).astype(np.int64)).astype(float)
                columns.append(stats.norm.cdf((away + rng.random(len(x)) - 0.5) / sd))
            rest, left = rest - x[:, k], left - p[k]
        return np.stack(columns, axis=1)

    return Law(f"Multinomial({n:g}, {p})", Multinomial, {"n": n, "p": p}, law)


def dirichlet_multinomial(n: int, a: list[float]) -> Law:
    """Make a row by the first count, which is beta-binomial, and the next, given it."""

    def law(x: np.ndarray, rng: np.random.Generator) -> Any:
        columns, rest = [], np.full(len(x), n)
        for k in range(len(a) - 1):
            columns.append(counted(stats.betabinom(rest, a[k], sum(a[k + 1 :])))(x[:, k], rng))
            rest = rest - x[:, k]
        return np.stack(columns, axis=1)

    return Law(f"DirichletMultinomial({n}, {a})", DirichletMultinomial, {"n": n, "a": a}, law)


def zero_inflated(family: Any, counts: Law, psi: float, **arguments: Any) -> Law:
    """Make a row: among counts that are never zero by themselves, a zero is an extra one."""

    def law(x: np.ndarray, rng: np.random.Generator) -> Any:
        u = psi * counts.uniforms(np.where(x == 0, 1, x), rng)
        return np.where(x == 0, psi + (1 - psi) * rng.random(x.shape), u)

    return Law(f"{family.__name__}({arguments})", family, {"psi": psi, **arguments}, law)


def chain(x: np.ndarray, rng: np.random.Generator) -> Any:
    """Spread each state over its part of the unit interval, given the state before it."""
    moves = special.softmax(LOGITS, axis=-1)
    tables = [np.broadcast_to([0.25, 0.75], (len(x), 2)), moves[x[:, 0]], moves[x[:, 1]]]
    columns = []
    for k, table in enumerate(tables):
        first = x[:, k] == 0
        v = rng.random(len(x))
        columns.append(np.where(first, v * table[:, 0], table[:, 0] + v * table[:, 1]))
    return np.stack(columns, axis=1)


# Of numbers of such a size the noise would be rounded away; their differences are small.
LOGITS = np.array([[1e17, 1e17], [1e16, 1e16 + 2]])

LAWS: list[Law] = [
    *(poisson(mu) for mu in [1e-6, 0.3, 9.99, 10.0, 40.0, 1e3, 1e6, 3e7, 1e8, 1e12, 1e15, 1e18]),
    Law("Poisson(1e-300)", Poisson, {"mu": 1e-300}, always(0)),
    *(
        Law(f"HurdlePoisson(1, {mu:g})", HurdlePoisson, {"psi": 1.0, "mu": mu}, not_zero(law))
        for mu, law in ((mu, stats.poisson(mu)) for mu in (1e-9, 0.3, 40.0))
    ),
    *(
        Law(
            f"HurdleNegativeBinomial(1, {mu:g}, {alpha:g})",
            HurdleNegativeBinomial,
            {"psi": 1.0, "mu": mu, "alpha": alpha},
            not_zero(stats.nbinom(alpha, alpha / (alpha + mu))),
        )
        for mu, alpha in ((1e-9, 2.0), (0.3, 1.7), (40.0, 0.3))
    ),
    Law("HurdlePoisson(1, 1e-300)", HurdlePoisson, {"psi": 1.0, "mu": 1e-300}, always(1)),
    cut("Categorical", Categorical(RARE), stats.rv_discrete(values=(np.arange(3), RARE))),
    Law("Poisson(0)", Poisson, {"mu": 0.0}, always(0)),
    Law("Poisson(1e300)", Poisson, {"mu": 1e300}, always(LAST)),
    *(binomial(n, p) for n, p in [(25, 0.39), (25, 0.5), (1000, 0.011), (30, 0.95)]),
    *(binomial(10**k, p) for k, p in [(6, 0.3), (9, 0.999), (12, 0.5), (15, 0.5), (18, 0.7)]),
    binomial(LAST, 0.5),
    *(
        few(10**k, 10.0**-k * mean, mean)
        for k, mean in [(9, 0.5), (12, 3.0), (18, 9.0), (15, 20.0)]
    ),
    Law("Binomial(1e18, logit 40)", Binomial, {"n": 10**18, "logit_p": 40.0}, all_but_few),
    Law("Binomial(1e12, 0)", Binomial, {"n": 10**12, "p": 0.0}, always(0)),
    Law("Binomial(2**63 - 1, 1)", Binomial, {"n": LAST, "p": 1.0}, always(LAST)),
    Law("Bernoulli(1)", Bernoulli, {"p": 1.0}, always(1)),
    Law("Bernoulli(1e-300)", Bernoulli, {"p": 1e-300}, always(0)),
    *(beta_binomial(*row) for row in [(2.0, 3.0, 10**12), (1e8, 1e8, 10**6), (0.3, 0.2, 20)]),
    *(beta_binomial(*row) for row in [(1e-3, 1e-3, 10), (1e8, 3e8, 10**15)]),
    *(negative_binomial(*row) for row in [(1e8, 1e12), (1e12, 1e12), (1e10, 2.0), (1e15, 0.5)]),
    *(negative_binomial(*row) for row in [(1.0, 1e-3), (1e3, 0.01), (5.0, 1e9)]),
    Law("NegativeBinomial(p=1)", NegativeBinomial, {"n": 3.0, "p": 1.0}, always(0)),
    Law(
        "NegativeBinomial(n=1e12, p=0.5)",
        NegativeBinomial,
        {"n": 1e12, "p": 0.5},
        about(10**12, np.sqrt(2e12)),
    ),
    *(geometric(p) for p in [0.7, 1e-6, 1e-12, 1e-17]),
    Law("Geometric(1)", Geometric, {"p": 1.0}, always(1)),
    Law("Geometric(1e-300)", Geometric, {"p": 1e-300}, always(LAST)),
    *(
        discrete_uniform(lower, upper)
        for lower, upper in [(0, 2**33), (-1, 3 * 2**61), (FIRST, LAST), (2**62, 2**62 + 1), (7, 7)]
    ),
    Law("Categorical(1e17, ...)", Categorical, {"logit_p": LOGITS[0]}, one_of([0.5, 0.5])),
    Law(
        "Categorical([1e-3, 0, ...])",
        Categorical,
        {"p": [1e-3, 0.0, 0.999]},
        one_of([1e-3, 0.0, 0.999]),
    ),
    Law(
        "OrderedLogistic(1e17, ...)",
        OrderedLogistic,
        {"eta": 1e17, "cutpoints": [1e17, 2e17]},
        one_of([0.5, 0.5, 0.0]),
    ),
    *(discrete_weibull(*row) for row in [(0.3, 1.0), (1 - 1e-12, 1.0), (0.5, 0.05), (0.9, 4.0)]),
    *(discrete_weibull(*row) for row in [(1 - 1e-10, 3.0), (1e-3, 1e-3)]),
    Law("DiscreteWeibull(1e-300, 1)", DiscreteWeibull, {"q": 1e-300, "beta": 1.0}, always(0)),
    *(hypergeometric(*row) for row in [(20, 7, 12), (20, 13, 12), (90, 80, 60), (1000, 990, 980)]),
    *(hypergeometric(10**6, k, n) for k, n in [(300_000, 500_000), (900_000, 300), (20, 10**5)]),
    *(hypergeometric(10**15, k, n) for k, n in [(10**9, 10**6), (10**6, 5 * 10**10)]),
    *(hypergeometric(10**18, k, n) for k, n in [(5 * 10**17, 3 * 10**17), (10**17, 9 * 10**17)]),
    Law("HyperGeometric(9, 9, 5)", HyperGeometric, {"N": 9, "k": 9, "n": 5}, always(5)),
    Law("HyperGeometric(9, 4, 0)", HyperGeometric, {"N": 9, "k": 4, "n": 0}, always(0)),
    Law("HyperGeometric(0, 0, 0)", HyperGeometric, {"N": 0, "k": 0, "n": 0}, always(0)),
    Law(
        "OrderedProbit(1e15, ...)",
        OrderedProbit,
        {"eta": 1e15, "cutpoints": [1e15 - 1, 1e15, 1e15 + 2]},
        one_of(np.diff(special.ndtr([-np.inf, -1, 0, 2, np.inf]))),
    ),
    *(
        dirichlet_multinomial(*row)
        for row in [(7, [0.3, 2.0, 1.0]), (50, [1e-3, 1e-3, 2e-3]), (20, [1e7, 2e7, 1e7])]
    ),
    *(multinomial(*row) for row in [(5, [0.2, 0.0, 0.5, 0.3]), (10**12, [0.2, 0.3, 0.5])]),
    multinomial(10**18, [0.5, 0.25, 0.25]),
    zero_inflated(ZeroInflatedPoisson, poisson(1e8), 0.7, mu=1e8),
    zero_inflated(ZeroInflatedBinomial, binomial(10**12, 0.5), 0.6, n=10**12, p=0.5),
    zero_inflated(
        ZeroInflatedNegativeBinomial, negative_binomial(1e8, 1e12), 0.8, mu=1e8, alpha=1e12
    ),
    Law(
        "MarkovChain(1e17, ...)",
        MarkovChain,
        {"logit_P": LOGITS, "init": [0.25, 0.75], "steps": 3},
        chain,
    ),
]
# What takes long to compile: for `make verify`.
LONG = [
    cut("Poisson(1e-9)", Poisson(1e-9), stats.poisson(1e-9)),
    cut("BetaBinomial(1e-9, 1, 9)", BetaBinomial(1e-9, 1.0, 9), stats.betabinom(9, 1e-9, 1)),
]
