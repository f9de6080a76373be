"""Components that do not correspond by number: variables written apart, or in another order."""

from __future__ import annotations

import numpy as np

import aliquot as aq
from tests.symmetry.finding.cases.case import DATA, PLANE, X, block, case, mixture


@case(block(("a", "b"), components=2))
def written_apart():
    a, b = aq.Normal("a", 0, 10), aq.Normal("b", 0, 10)
    mixture(aq.math.stack([a, b]))


@case(block(("a", "b", "c"), ("w", 0), ("s1", "s2", "s3"), components=3))
def three_written_apart():
    a, b, c = (aq.Normal(name, 0, 10) for name in "abc")
    scales = [aq.HalfNormal(name, 2) for name in ("s1", "s2", "s3")]
    mixture(aq.math.stack([a, b, c]), aq.Dirichlet("w", np.ones(3)), aq.math.stack(scales))


@case()
def written_apart_with_priors_that_differ():
    a, b = aq.Normal("a", 0, 10), aq.Normal("b", 1, 10)
    mixture(aq.math.stack([a, b]))


@case(block(("a", "b", "c", "d"), ("w", 0), components=4))
def four_written_apart():
    means = [aq.Normal(name, 0, 10) for name in "abcd"]
    mixture(aq.math.stack(means), aq.Dirichlet("w", np.ones(4)))


@case(
    block(("a", "b", "c", "d"), ("w", 0), ("sa", "sb", "sc", "sd"), components=4),
)
def four_with_scales_written_apart():
    means = [aq.Normal(name, 0, 10) for name in "abcd"]
    scales = [aq.HalfNormal("s" + name, 2) for name in "abcd"]
    mixture(aq.math.stack(means), aq.Dirichlet("w", np.ones(4)), aq.math.stack(scales))


@case(block(("a", "b", "c"), ("w", 0), ("p", "q", "r"), components=3))
def means_and_slopes_written_apart():
    means = aq.math.stack([aq.Normal(name, 0, 10) for name in "abc"])
    slopes = aq.math.stack([aq.Normal(name, 0, 10) for name in "pqr"])
    mixture(means + X[:, None] * slopes, aq.Dirichlet("w", np.ones(3)))


@case(block(("mu", 0), ("w", 0), components=4))
def in_opposite_order():
    mu = aq.Normal("mu", 0, 10, shape=4)
    mixture(mu[::-1], aq.Dirichlet("w", np.ones(4)))


@case(block(("mu", 0), ("s", 0), ("w", 0), components=5))
def in_three_orders():
    mu, s = aq.Normal("mu", 0, 10, shape=5), aq.HalfNormal("s", 2, shape=5)
    w = aq.Dirichlet("w", np.ones(5))
    mixture(mu[np.array([3, 0, 4, 1, 2])], w, s[np.array([1, 2, 0, 4, 3])])


@case(
    block(("a", "b", "e"), ("w", 0), components=3),
    block(("c", "d", "f"), ("v", 0), components=3),
)
def two_mixtures_written_apart():
    one, other = ([aq.Normal(name, 0, 10) for name in names] for names in ("abe", "cdf"))
    mixture(aq.math.stack(one), aq.Dirichlet("w", np.ones(3)))
    v = aq.Dirichlet("v", np.ones(3))
    aq.NormalMixture("second", v, aq.math.stack(other), 1, observed=DATA[:20] + 1)


@case(block(("a", "b", "c", "d"), ("P", 0), ("P", 1), components=4), states=("z",))
def hidden_markov_model_with_means_written_apart():
    P = aq.Dirichlet("P", np.ones(4), shape=(4, 4))
    means = aq.math.stack([aq.Normal(name, 0, 10) for name in "abcd"])
    z = aq.MarkovChain("z", P=P, init=np.full(4, 0.25), shape=20)
    aq.Normal("obs", means[z], 1, observed=DATA[:20])


@case(
    block(("short", "long"), ("duration", 0), ("wait", 0), ("w", 0), components=2),
    states=("z",),
)
def covariances_written_apart():
    duration, wait = aq.Normal("duration", 3, 2, shape=2), aq.Normal("wait", 70, 20, shape=2)
    scales = aq.LogNormal.dist([-1.0, 2.0], 1.0)
    short, *_ = aq.LKJCholeskyCov("short", n=2, eta=2, sd_dist=scales)
    long, *_ = aq.LKJCholeskyCov("long", n=2, eta=2, sd_dist=scales)
    w = aq.Dirichlet("w", np.ones(2))
    z = aq.Categorical("z", p=w, shape=len(PLANE))
    means, factors = np.stack([duration, wait], axis=-1), np.stack([short, long])
    aq.MvNormal("obs", means[z], chol=factors[z], observed=PLANE)
