"""Components that discrete variables choose."""

from __future__ import annotations

import numpy as np

import aliquot as aq
from tests.seeds import fixed
from tests.symmetry.finding.cases.case import COUNTS, DATA, X, block, case


@case(block(("means", 0), ("w", 0), components=3), states=("z",))
def labels_written_out():
    w, means = aq.Dirichlet("w", np.ones(3)), aq.Normal("means", 0, 10, shape=3)
    z = aq.Categorical("z", p=w, shape=40)
    aq.Normal("obs", means[z], 1, observed=DATA)


@case(broken=frozenset({"sum over z"}))
def labels_with_known_weights():
    means = aq.Normal("means", 0, 10, shape=2)
    z = aq.Categorical("z", p=[0.3, 0.7], shape=40)
    aq.Normal("obs", means[z], 1, observed=DATA)


@case()
def some_labels_observed():
    w, means = aq.Dirichlet("w", np.ones(2)), aq.Normal("means", 0, 10, shape=2)
    known = np.ma.masked_array(np.zeros(40, int), mask=np.arange(40) > 0)
    z = aq.Categorical("z", p=w, observed=known)
    aq.Normal("obs", means[z], 1, observed=DATA)


@case(block(("P", 0), ("P", 1), ("mu", 0), components=3), states=("z",))
def hidden_markov_model():
    P = aq.Dirichlet("P", np.ones(3), shape=(3, 3))
    mu = aq.Normal("mu", 0, 3, shape=3)
    z = aq.MarkovChain("z", P=P, init=np.full(3, 1 / 3), shape=40)
    aq.Normal("obs", mu[z], 1, observed=DATA)


@case(broken=frozenset({"P"}))
def hidden_markov_model_that_stays():
    P = aq.Dirichlet("P", [[5.0, 1.0], [1.0, 7.0]], shape=(2, 2))
    mu = aq.Normal("mu", 0, 3, shape=2)
    z = aq.MarkovChain("z", P=P, init=[0.5, 0.5], shape=40)
    aq.Normal("obs", mu[z], 1, observed=DATA)


@case(block(("P", 0), ("P", 1), ("mu", 0), components=2), states=("z",))
def sticky_hidden_markov_model():
    P = aq.Dirichlet("P", [[5.0, 1.0], [1.0, 5.0]], shape=(2, 2))
    mu = aq.Normal("mu", 0, 3, shape=2)
    z = aq.MarkovChain("z", P=P, init="stationary", shape=40)
    aq.Normal("obs", mu[z], 1, observed=DATA)


@case()
def known_first_state():
    P = aq.Dirichlet("P", np.ones(2), shape=(2, 2))
    mu = aq.Normal("mu", 0, 3, shape=2)
    z = aq.MarkovChain("z", P=P, init=[1.0, 0.0], shape=40)
    aq.Normal("obs", mu[z], 1, observed=DATA)


@case(
    *(block(("P", 1, g), ("P", 2, g), ("mu", 1, g), components=2) for g in range(2)),
    states=("first", "second"),
)
def two_hidden_chains_in_one_array():
    P = aq.Dirichlet("P", np.ones(2), shape=(2, 2, 2))
    mu = aq.Normal("mu", 0, 2, shape=(2, 2))
    first = aq.MarkovChain("first", P=P[0], init=[0.5, 0.5], shape=15)
    second = aq.MarkovChain("second", P=P[1], init=[0.5, 0.5], shape=15)
    aq.Normal("one", mu[0][first], 1, observed=DATA[:15])
    aq.Normal("two", mu[1][second], 1, observed=DATA[15:30])


@case(block(("prevalence", 0), ("theta", 1), components=3), states=("z",))
def latent_classes_of_raters():
    prevalence = aq.Dirichlet("prevalence", np.ones(3))
    theta = aq.Dirichlet("theta", np.ones(3), shape=(2, 3, 3))
    z = aq.Categorical("z", p=prevalence, shape=10)
    votes = fixed(7).integers(0, 3, (10, 2))
    aq.Categorical("votes", p=theta[np.arange(2), z[:, None]], observed=votes)


@case()
def raters_who_are_mostly_right():
    prevalence = aq.Dirichlet("prevalence", np.ones(2))
    theta = aq.Dirichlet("theta", np.eye(2) * 3 + [[1.0, 1.0], [1.5, 1.0]], shape=(2, 2, 2))
    z = aq.Categorical("z", p=prevalence, shape=7)
    votes = np.array([[0, 1], [0, 1], [0, 0], [1, 1], [0, 1], [1, 0], [0, 0]])
    aq.Categorical("votes", p=theta[np.arange(2), z[:, None]], observed=votes)


@case()
def change_point():
    rates = aq.Exponential("rates", 1.0, shape=2)
    when = aq.DiscreteUniform("when", 0, 29)
    aq.Poisson("obs", np.where(np.arange(30) < when, rates[0], rates[1]), observed=COUNTS)


@case(
    block(("means", 0), ("w", 0), components=2),
    block(("slopes", 0), components=2),
    states=("z", "v"),
)
def two_labels_of_a_row():
    w = aq.Dirichlet("w", np.ones(2))
    means, slopes = aq.Normal("means", 0, 5, shape=2), aq.Normal("slopes", 0, 5, shape=2)
    z, v = aq.Categorical("z", p=w, shape=40), aq.Categorical("v", p=[0.5, 0.5], shape=40)
    aq.Normal("obs", means[z] + slopes[v] * X, 1, observed=DATA)


@case(block(("means", 0), ("w", 0), components=2), states=("z",))
def numbers_that_depend_on_labels():
    w, means = aq.Dirichlet("w", np.ones(2)), aq.Normal("means", 0, 5, shape=2)
    z = aq.Categorical("z", p=w, shape=10)
    x = aq.Normal("x", means[z], 1)
    aq.Normal("obs", x, 1, observed=DATA[:10])


@case(
    block(("first", 0), ("first", 1), ("mu", 0), components=2),
    block(("second", 0), ("second", 1), ("mu", 1), components=2),
    states=("z", "v"),
)
def means_by_the_states_of_two_chains():
    first = aq.Dirichlet("first", np.ones(2), shape=(2, 2))
    second = aq.Dirichlet("second", np.ones(2), shape=(2, 2))
    mu = aq.Normal("mu", 0, 3, shape=(2, 2))
    z = aq.MarkovChain("z", P=first, init=[0.5, 0.5], shape=12)
    v = aq.MarkovChain("v", P=second, init=[0.5, 0.5], shape=12)
    aq.Normal("obs", mu[z, v], 1, observed=DATA[:12])
