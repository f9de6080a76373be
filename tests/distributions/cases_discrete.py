"""The discrete rows of the table, against SciPy."""

from __future__ import annotations

import numpy as np
from scipy import special, stats

from aliquot.distributions.binary import Bernoulli, BetaBinomial, Binomial
from aliquot.distributions.categorical import Categorical, Multinomial, OrderedLogistic
from aliquot.distributions.counts import DiscreteUniform, Geometric, NegativeBinomial, Poisson
from aliquot.distributions.discrete_weibull import DiscreteWeibull
from aliquot.distributions.hypergeometric import HyperGeometric
from aliquot.distributions.markov_chain import MarkovChain
from aliquot.distributions.ordered_probit import OrderedProbit
from aliquot.distributions.zero_inflated import (
    ZeroInflatedBinomial,
    ZeroInflatedNegativeBinomial,
    ZeroInflatedPoisson,
)
from tests.distributions.case import Case

__all__ = ["CASES"]

NOT_COUNTS = [-1, 0.5, np.nan, np.inf]


def zero_inflated(psi, counts):
    """Give the probabilities, mean and variance of a zero-inflated SciPy distribution."""

    def pmf(x):
        return psi * counts.pmf(x) + (1 - psi) * (np.asarray(x) == 0)

    mean = psi * counts.mean()
    variance = psi * (counts.var() + counts.mean() ** 2) - mean**2
    return {"pmf": pmf, "log_prob": lambda x: np.log(pmf(x)), "mean": mean, "variance": variance}


def ordered_pmf(x, eta=0.3, cutpoints=(-1.0, 0.5, 2.0)):
    below = special.expit(np.concatenate([[-np.inf], cutpoints, [np.inf]]) - eta)
    return np.diff(below)[np.asarray(x, int)]


def probit_pmf(x, eta=0.3, cutpoints=(-1.0, 0.5, 2.0), sigma=1.7):
    below = special.ndtr((np.concatenate([[-np.inf], cutpoints, [np.inf]]) - eta) / sigma)
    return np.diff(below)[np.asarray(x, int)]


def weibull_pmf(x, q=0.8, beta=1.4):
    x = np.asarray(x, float)
    return q ** (x**beta) - q ** ((x + 1) ** beta)


def at_most(upper, pmf, lowest=0):
    """Fill a row from the probabilities of a count that is known to be at most `upper`."""
    values = np.arange(lowest, upper + 1)
    total = pmf(values).sum()

    def truncated(x):
        return pmf(x) / total

    return {
        "log_prob": lambda x: np.log(truncated(x)),
        "pmf": truncated,
        "points": [lowest, lowest + 1, upper],
        "outside": [upper + 1, lowest - 1, 0.5, np.nan],
        "atoms": values[:-1],
        "differentiable": False,
        **moments(truncated, values),
    }


MOVES = np.array([[0.5, 0.5, 0.0], [0.1, 0.3, 0.6], [1.0, 0.0, 0.0]])
SECOND = np.array([[[0.5, 0.5], [0.1, 0.9]], [[0.3, 0.7], [1.0, 0.0]]])
JOINT = np.array([[0.1, 0.2], [0.3, 0.4]])


def chain_pmf(x):
    """Compute the probabilities of three steps, written out."""
    x = np.asarray(x, int)
    start = np.array([0.2, 0.3, 0.5])
    return start[x[..., 0]] * MOVES[x[..., 0], x[..., 1]] * MOVES[x[..., 1], x[..., 2]]


def second_order_pmf(x):
    a, b, c, d = np.moveaxis(np.asarray(x, int), -1, 0)
    return JOINT[a, b] * SECOND[a, b, c] * SECOND[b, c, d]


def moments(pmf, atoms):
    p = pmf(np.asarray(atoms))
    mean = np.sum(p * atoms)
    return {"mean": mean, "variance": np.sum(p * (atoms - mean) ** 2)}


def against(reference, atoms, **more):
    """Fill a row from a SciPy distribution."""
    return {
        "log_prob": reference.logpmf,
        "pmf": reference.pmf,
        "atoms": np.asarray(atoms),
        "mean": reference.mean(),
        "variance": reference.var(),
        "differentiable": False,
        **more,
    }


P = np.array([0.2, 0.0, 0.5, 0.3])
MANY = np.arange(1.0, 41.0) / 820

CASES: list[Case] = [
    Case(
        "bernoulli",
        Bernoulli,
        {"p": 0.3},
        points=[0, 1],
        outside=[-1, 2, 0.5, np.nan],
        bad=[({"p": 1.2}, "p.*1.2"), ({"p": -0.1}, "p.*-0.1"), ({"p": np.nan}, "p.*NaN")],
        **against(stats.bernoulli(0.3), [0]),
    ),
    Case(
        "bernoulli-logit",
        Bernoulli,
        {"logit_p": -1.3},
        points=[0, 1],
        outside=[-1, 2],
        bad=[({"logit_p": np.nan}, "logit_p.*NaN")],
        **against(stats.bernoulli(special.expit(-1.3)), [0]),
    ),
    Case(
        "bernoulli-sure",
        Bernoulli,
        {"p": 1.0},
        points=[1],
        outside=[2],
        **against(stats.bernoulli(1.0), [1]),
    ),
    Case(
        "binomial",
        Binomial,
        {"n": 12, "p": 0.35},
        points=[0, 1, 5, 12],
        outside=[*NOT_COUNTS, 13],
        bad=[({"p": 1.2}, "p.*1.2"), ({"n": -3}, "n.*-3"), ({"n": 2.5}, "n.*2.5")],
        **against(stats.binom(12, 0.35), range(1, 8)),
    ),
    Case(
        "binomial-logit",
        Binomial,
        {"n": 40, "logit_p": 1.3},
        points=[0, 1, 5, 40],
        outside=[*NOT_COUNTS, 41],
        **against(stats.binom(40, special.expit(1.3)), range(25, 38)),
    ),
    Case(
        "beta-binomial",
        BetaBinomial,
        {"alpha": 2.0, "beta": 0.7, "n": 10},
        points=[0, 1, 5, 10],
        outside=[*NOT_COUNTS, 11],
        bad=[({"alpha": 0.0}, "alpha.*0"), ({"beta": -1.5}, "beta.*-1.5")],
        **against(stats.betabinom(10, 2.0, 0.7), range(10)),
    ),
    Case(
        "categorical",
        Categorical,
        {"p": P},
        points=[0, 2, 3],
        outside=[-1, 4, 1.5, np.nan],
        bad=[
            ({"p": [0.5, 0.4]}, r"p.*sum to 1.*sums to 0\.9"),
            ({"p": [-0.5, 1.5]}, "p.*-0.5"),
            ({"p": 0.5}, "p must be a vector"),
        ],
        **against(stats.rv_discrete(values=(np.arange(4), P)), [0, 2]),
    ),
    Case(
        "categorical-many",
        Categorical,
        {"p": MANY},
        points=[0, 2, 39],
        outside=[-1, 40],
        **against(stats.rv_discrete(values=(np.arange(40), MANY)), range(5, 39)),
    ),
    Case(
        "categorical-logit",
        Categorical,
        {"logit_p": [1.0, 0.0, -2.0]},
        points=[0, 1, 2],
        outside=[-1, 3],
        **against(stats.rv_discrete(values=(range(3), special.softmax([1.0, 0.0, -2.0]))), [0, 1]),
    ),
    Case(
        "discrete-uniform",
        DiscreteUniform,
        {"lower": -2, "upper": 4},
        points=[-2, 0, 4],
        outside=[-3, 5, 0.5, np.nan],
        bad=[({"lower": 5}, "upper.*lower 5.*4"), ({"upper": 4.5}, "upper.*4.5")],
        **against(stats.randint(-2, 5), range(-2, 4)),
    ),
    Case(
        "poisson",
        Poisson,
        {"mu": 3.7},
        points=[0, 1, 5, 60],
        outside=NOT_COUNTS,
        bad=[({"mu": -1.0}, "mu.*-1"), ({"mu": np.nan}, "mu.*NaN")],
        **against(stats.poisson(3.7), range(10)),
    ),
    Case(
        "negative-binomial",
        NegativeBinomial,
        {"mu": 3.0, "alpha": 1.7},
        points=[0, 1, 5, 60],
        outside=NOT_COUNTS,
        bad=[
            ({"mu": -1.0}, "mu.*-1"),
            ({"alpha": 0.0}, "alpha.*0"),
            ({"n": 2.0}, "mu and alpha, or n and p; got mu and alpha and n"),
        ],
        **against(stats.nbinom(1.7, 1.7 / 4.7), range(12)),
    ),
    Case(
        "negative-binomial-trials",
        NegativeBinomial,
        {"n": 3.0, "p": 0.4},
        points=[0, 1, 5, 60],
        outside=NOT_COUNTS,
        bad=[({"p": 1.5}, "p.*1.5")],
        **against(stats.nbinom(3.0, 0.4), range(12)),
    ),
    Case(
        "geometric",
        Geometric,
        {"p": 0.3},
        points=[1, 2, 30],
        outside=[0, -1, 1.5, np.nan],
        bad=[({"p": 1.3}, "p.*1.3")],
        **against(stats.geom(0.3), range(1, 10)),
    ),
    Case(
        "ordered-logistic",
        OrderedLogistic,
        {"eta": 0.3, "cutpoints": [-1.0, 0.5, 2.0]},
        lambda x: np.log(ordered_pmf(x)),
        points=[0, 1, 2, 3],
        outside=[-1, 4, 0.5],
        bad=[({"cutpoints": [1.0, 0.0]}, "cutpoints.*increasing"), ({"eta": np.nan}, "eta.*NaN")],
        pmf=ordered_pmf,
        atoms=np.arange(3),
        differentiable=False,
        **moments(ordered_pmf, np.arange(4)),
    ),
    Case(
        "ordered-probit",
        OrderedProbit,
        {"eta": 0.3, "cutpoints": [-1.0, 0.5, 2.0], "sigma": 1.7},
        lambda x: np.log(probit_pmf(x)),
        points=[0, 1, 2, 3],
        outside=[-1, 4, 0.5],
        bad=[
            ({"cutpoints": [1.0, 0.0]}, "cutpoints.*increasing"),
            ({"eta": np.nan}, "eta.*NaN"),
            ({"sigma": -1.7}, "sigma.*-1.7"),
        ],
        pmf=probit_pmf,
        atoms=np.arange(3),
        differentiable=False,
        **moments(probit_pmf, np.arange(4)),
    ),
    Case(
        "ordered-probit-of-two",
        OrderedProbit,
        {"eta": -0.4, "cutpoints": [0.2]},
        points=[0, 1],
        outside=[-1, 2, 0.5],
        **against(stats.bernoulli(special.ndtr(-0.6)), [0]),
    ),
    Case(
        "discrete-weibull",
        DiscreteWeibull,
        {"q": 0.8, "beta": 1.4},
        lambda x: np.log(weibull_pmf(x)),
        points=[0, 1, 5, 9],
        outside=NOT_COUNTS,
        bad=[
            ({"q": 1.0}, "q.*1"),
            ({"q": 0.0}, "q.*0"),
            ({"beta": -1.4}, "beta.*-1.4"),
        ],
        pmf=weibull_pmf,
        atoms=np.arange(7),
        differentiable=False,
    ),
    Case(
        "discrete-weibull-upper",
        DiscreteWeibull,
        {"q": 0.8, "beta": 1.4, "upper": 5},
        **at_most(5, weibull_pmf),
    ),
    *(
        Case(
            f"hypergeometric-{size}-{k}-{n}",
            HyperGeometric,
            {"N": size, "k": k, "n": n},
            points=points,
            outside=[*NOT_COUNTS, points[0] - 1, points[-1] + 1],
            bad=[
                ({"k": size + 1}, f"k must be at most N; got k={size + 1} and N={size}"),
                ({"n": size + 2}, f"n must be at most N; got n={size + 2}"),
                ({"N": -1}, "N.*-1"),
                ({"n": 2.5}, r"n.*2\.5"),
            ],
            **against(stats.hypergeom(size, k, n), atoms),
        )
        for size, k, n, points, atoms in (
            (20, 7, 12, [0, 3, 7], range(2, 7)),
            (20, 13, 12, [5, 8, 12], range(6, 11)),
            (300, 120, 90, [0, 30, 40, 90], range(29, 44)),
        )
    ),
    Case(
        "multinomial",
        Multinomial,
        {"n": 5, "p": P},
        stats.multinomial(5, P).logpmf,
        points=np.array([[5, 0, 0, 0], [1, 0, 2, 2], [0, 0, 4, 1]]),
        outside=np.array([[4, 0, 0, 0], [-1, 0, 6, 0], [1.5, 0, 1.5, 2]]),
        bad=[({"p": [0.5, 0.4]}, r"p.*sums to 0\.9"), ({"n": -1}, "n.*-1")],
        mean=5 * P,
        variance=5 * P * (1 - P),
        pmf=stats.multinomial(5, P).pmf,
        atoms=np.array([[1, 0, 2, 2], [1, 0, 3, 1], [0, 0, 3, 2], [2, 0, 2, 1]]),
        differentiable=False,
    ),
    Case(
        "poisson-upper",
        Poisson,
        {"mu": 3.7, "upper": 5},
        bad=[
            ({"upper": -1}, "upper must be .* at least 0; got -1"),
            ({"upper": 2.5}, r"upper.*integer.*2\.5"),
        ],
        **at_most(5, stats.poisson(3.7).pmf),
    ),
    Case(
        "negative-binomial-upper",
        NegativeBinomial,
        {"mu": 3.0, "alpha": 1.7, "upper": 6},
        **at_most(6, stats.nbinom(1.7, 1.7 / 4.7).pmf),
    ),
    Case(
        "negative-binomial-trials-upper",
        NegativeBinomial,
        {"n": 3.0, "p": 0.4, "upper": 1},
        **at_most(1, stats.nbinom(3.0, 0.4).pmf),
    ),
    Case(
        "geometric-upper",
        Geometric,
        {"p": 0.3, "upper": 4},
        bad=[({"upper": 0}, "upper must be .* at least 1; got 0")],
        **at_most(4, stats.geom(0.3).pmf, lowest=1),
    ),
    Case(
        "zero-inflated-poisson-upper",
        ZeroInflatedPoisson,
        {"psi": 0.7, "mu": 2.5, "upper": 4},
        **at_most(4, zero_inflated(0.7, stats.poisson(2.5))["pmf"]),
    ),
    Case(
        "zero-inflated-negative-binomial-upper",
        ZeroInflatedNegativeBinomial,
        {"psi": 0.8, "mu": 3.0, "alpha": 1.7, "upper": 7},
        **at_most(7, zero_inflated(0.8, stats.nbinom(1.7, 1.7 / 4.7))["pmf"]),
    ),
    Case(
        "markov-chain",
        MarkovChain,
        {"P": MOVES, "init": [0.2, 0.3, 0.5], "steps": 3},
        lambda x: np.log(chain_pmf(x)),
        points=np.array([[0, 0, 0], [0, 1, 2], [1, 2, 0], [2, 0, 1]]),
        outside=np.array([[0, 0, 3], [-1, 0, 0], [0, 0.5, 0], [np.nan, 0, 0]]),
        bad=[
            ({"P": np.diag([1.0, 0.9, 1.0])}, r"P.*index \(1,\), which sums to 0\.9"),
            ({"init": [0.5, 0.4, 0.0]}, r"init.*sum to 1.*sums to 0\.9"),
            ({"init": [0.5, 0.5]}, r"init.*first state, of shape \(\.\.\., 3\).*\(2,\)"),
            ({"P": [[0.5, 0.5]]}, r"P must have shape \(\.\.\., S, S\).*\(1, 2\)"),
        ],
        pmf=chain_pmf,
        atoms=np.array([[0, 0, 0], [0, 0, 1], [0, 1, 2], [1, 1, 1], [1, 2, 0], [2, 0, 1]]),
        differentiable=False,
    ),
    Case(
        "markov-chain-lag-2",
        MarkovChain,
        {"P": SECOND, "init": JOINT, "lag": 2, "steps": 4},
        lambda x: np.log(second_order_pmf(x)),
        points=np.array([[0, 0, 0, 0], [0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 1]]),
        outside=np.array([[0, 0, 0, 2]]),
        bad=[({"init": [0.5, 0.5]}, r"first 2 states together.*\(\.\.\., 2, 2\)")],
        pmf=second_order_pmf,
        atoms=np.array([[0, 0, 0, 0], [0, 1, 1, 1], [1, 0, 1, 0], [1, 1, 0, 1], [1, 0, 0, 1]]),
        differentiable=False,
    ),
    Case(
        "zero-inflated-poisson",
        ZeroInflatedPoisson,
        {"psi": 0.7, "mu": 2.5},
        points=[0, 1, 20],
        outside=NOT_COUNTS,
        bad=[({"psi": 1.2}, "psi.*1.2"), ({"mu": -1.0}, "mu.*-1")],
        atoms=np.arange(8),
        differentiable=False,
        **zero_inflated(0.7, stats.poisson(2.5)),
    ),
    Case(
        "zero-inflated-binomial",
        ZeroInflatedBinomial,
        {"psi": 0.6, "n": 9, "p": 0.4},
        points=[0, 1, 9],
        outside=[*NOT_COUNTS, 10],
        bad=[({"psi": -0.2}, "psi.*-0.2"), ({"p": 1.2}, "p.*1.2")],
        atoms=np.arange(7),
        differentiable=False,
        **zero_inflated(0.6, stats.binom(9, 0.4)),
    ),
    Case(
        "zero-inflated-negative-binomial",
        ZeroInflatedNegativeBinomial,
        {"psi": 0.8, "mu": 3.0, "alpha": 1.7},
        points=[0, 1, 30],
        outside=NOT_COUNTS,
        bad=[({"psi": 1.2}, "psi.*1.2"), ({"alpha": None}, "mu and alpha, or n and p; got mu")],
        atoms=np.arange(10),
        differentiable=False,
        **zero_inflated(0.8, stats.nbinom(1.7, 1.7 / 4.7)),
    ),
]
