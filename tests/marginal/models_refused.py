"""Models whose discrete variables cannot be summed out: refused, by name and with a reason."""

from __future__ import annotations

import numpy as np

import aliquot as aq
from tests.marginal.case import Cases

refused = Cases()


@refused("refused", ("'n'|n:", "upper"))
def count_without_an_end() -> None:
    n = aq.Poisson("n", aq.Gamma("rate", 2, 1))
    aq.Binomial("k", n, 0.5, observed=3)


@refused("refused", ("tries", "upper"))
def tries_without_an_end() -> None:
    tries = aq.Geometric("tries", aq.Beta("p", 1, 1), shape=3)
    aq.Normal("obs", tries, 1, observed=[1.0, 2.0, 0.5])


@refused("refused", ("counts", "upper"))
def missing_count_that_something_uses() -> None:
    counts = aq.Poisson("counts", aq.Gamma("rate", 2, 1), observed=[1, np.nan, 3])
    aq.Normal("obs", counts, 1, observed=[1.0, 2.0, 3.0])


@refused("refused", ("kinds",))
def vector_of_counts() -> None:
    kinds = aq.Multinomial("kinds", 4, [0.2, 0.3, 0.5])
    aq.Poisson("obs", 0.1 + kinds, observed=[1, 2, 1])


@refused("refused", ("z",))
def average_of_many() -> None:
    """A smooth function of the mean of 200 labels: no small table."""
    z = aq.Bernoulli("z", 0.3, shape=200)
    aq.Normal("obs", aq.Normal("a", 0, 1) * np.exp(z.mean()), 1, observed=0.3)


@refused("refused", ("z",))
def regression_on_many_labels() -> None:
    rng = np.random.default_rng(3)
    z = aq.Bernoulli("z", 0.3, shape=60)
    beta = aq.Normal("beta", 0, 1, shape=60)
    aq.Normal("obs", rng.normal(size=(80, 60)) @ (beta * z), 1, observed=rng.normal(size=80))


@refused("refused", ("z",))
def large_field() -> None:
    J = aq.Normal("J", 0, 1)
    z = aq.Bernoulli("z", 0.5, shape=(24, 24))
    aq.Potential("across", J * (z[:, 1:] == z[:, :-1]))
    aq.Potential("down", J * (z[1:] == z[:-1]))


@refused("refused", ("z",))
def sorted_many() -> None:
    z = aq.Bernoulli("z", 0.5, shape=60)
    mu = aq.Normal("mu", 0, 1, shape=2)
    aq.Normal("obs", mu[np.sort(z)], 1, observed=np.zeros(60))


@refused("refused", ("z",))
def bounds_of_a_continuous_variable() -> None:
    """The change to unconstrained coordinates itself depends on the label."""
    z = aq.Bernoulli("z", 0.5)
    top = aq.Data("top", [1.0, 2.0])
    x = aq.Uniform("x", 0, top[z])
    aq.Normal("obs", x, 1, observed=0.3)


@refused("refused", ("'k'", "'rate'", "before sampling", "Potential"))
def bound_that_a_continuous_variable_sets() -> None:
    """How many states there are is not known until it is sampled."""
    rate = aq.Gamma("rate", 2, 1)
    k = aq.DiscreteUniform("k", 0, aq.math.floor(rate).astype(int) + 1)
    aq.Normal("obs", k, 1, observed=2.0)


@refused("refused", ("'k'", "'z'", "Potential"))
def bound_that_is_a_sum_of_labels() -> None:
    """The states of one element each do not bound their sum."""
    z = aq.Bernoulli("z", 0.5, shape=4)
    k = aq.Binomial("k", z.sum(), 0.5)
    aq.Normal("obs", k, aq.HalfNormal("sigma", 1), observed=2.0)
