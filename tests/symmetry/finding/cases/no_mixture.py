"""Models without a mixture, a few of which have parts that can trade places all the same."""

from __future__ import annotations

import numpy as np

import aliquot as aq
from tests.symmetry.finding.cases.case import DATA, block, case, mixture


@case()
def eight_schools():
    mu, tau = aq.Normal("mu", 0, 5), aq.HalfCauchy("tau", 5)
    theta = aq.Normal("theta", mu, tau, shape=8)
    sigma = np.array([15.0, 10, 16, 11, 9, 11, 10, 18])
    aq.Normal("y", theta, sigma, observed=[28, 8, -3, 7, -1, 1, 18, 12.0])


@case()
def regression():
    beta = aq.Normal("beta", 0, 5, shape=3)
    design = np.random.default_rng(1).normal(size=(40, 3))
    aq.Normal("obs", design @ beta, 1, observed=DATA)


@case(alike=(block(("theta", 0), components=3),))
def groups_without_data():
    mu = aq.Normal("mu", 0, 5)
    aq.Normal("theta", mu, 1, shape=3)
    aq.Normal("obs", mu, 1, shape=40, observed=DATA)


@case(alike=(block(("obs_missing", 0), components=4),))
def missing_values():
    mu = aq.Normal("mu", 0, 5)
    data = DATA.copy()
    data[[3, 8, 9, 20]] = np.nan
    obs = aq.Normal("obs", mu, 1, shape=40, observed=data)
    aq.Potential("tilt", -(obs**4))


@case(block(("mu", 0), ("w", 0), components=2), states=("z",))
def components_with_missing_rows():
    mu = aq.Normal("mu", 0, 5, shape=2)
    data = DATA.copy()
    data[[3, 8, 9, 20]] = np.nan
    z = aq.Categorical("z", p=aq.Dirichlet("w", np.ones(2)), shape=40)
    aq.Normal("obs", mu[z], 1, observed=data)


@case()
def random_walk():
    x = aq.GaussianRandomWalk("x", sigma=1.0, init_dist=aq.Normal.dist(0, 1), shape=6)
    aq.Normal("obs", x, 1, observed=DATA[:6])


@case(block(("x", 0), components=3))
def only_the_sum_is_seen():
    x = aq.Normal("x", 0, 1, shape=3)
    aq.Normal("obs", x.sum(), 1, shape=40, observed=DATA)


@case(block(("x", 0), components=2), block(("x", "mirrored"), components=2))
def a_potential():
    x = aq.Normal("x", 0, 3, shape=2)
    aq.Potential("apart", -(((x[0] - x[1]) ** 2 - 4) ** 2))


@case(broken=frozenset())
def a_potential_that_orders():
    x = aq.Normal("x", 0, 3, shape=2)
    mixture(x)
    aq.Potential("order", np.where(x[0] < x[1], 0.0, -np.inf))


@case(broken=frozenset({"gap"}))
def a_potential_that_bites_in_a_corner():
    x = aq.Normal("x", 0, 3, shape=2)
    mixture(x)
    aq.Potential("gap", -np.maximum(x[0] - x[1] - 3, 0.0))


@case()
def nothing_to_exchange():
    aq.Normal("obs", aq.Normal("mu", 0, 1), 1, shape=40, observed=DATA)
