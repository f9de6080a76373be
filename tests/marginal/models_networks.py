"""Networks of discrete variables: Bayesian networks, fields, trees."""

from __future__ import annotations

import numpy as np

import aliquot as aq
from tests.marginal.case import Cases

networks = Cases()


@networks()
def sprinkler() -> None:
    """Rain, sprinkler, wet grass, which is seen; with a sure case in the table."""
    on_if_rain = aq.Data("on_if_rain", [0.4, 0.01])
    wet_if = aq.Data("wet_if", [[0.0, 0.8], [0.9, 0.99]])
    rain = aq.Bernoulli("rain", 0.2)
    sprinkler_on = aq.Bernoulli("sprinkler", on_if_rain[rain])
    aq.Bernoulli("wet", wet_if[sprinkler_on, rain], observed=1)


@networks()
def sprinkler_with_unknown_tables() -> None:
    on_if_rain = aq.Beta("on_if_rain", 1, 1, shape=2)
    wet_if = aq.Beta("wet_if", 1, 1, shape=(2, 2))
    rain = aq.Bernoulli("rain", aq.Beta("r", 1, 1), shape=4)
    sprinkler_on = aq.Bernoulli("sprinkler", on_if_rain[rain])
    aq.Bernoulli("wet", wet_if[sprinkler_on, rain], observed=[1, 0, 1, 1])


@networks()
def burglary() -> None:
    """Burglary or earthquake, an alarm, two neighbours who call; both have called."""
    alarm_if = aq.Data("alarm_if", [[0.001, 0.29], [0.94, 0.95]])
    b = aq.Bernoulli("b", 0.001)
    e = aq.Bernoulli("e", 0.002)
    a = aq.Bernoulli("a", alarm_if[b, e])
    aq.Bernoulli("john", np.where(a == 1, 0.9, 0.05), observed=1)
    aq.Bernoulli("mary", np.where(a == 1, 0.7, 0.01), observed=1)


@networks()
def chest_clinic() -> None:
    """Eight binary nodes; one of them is a sure function of two others."""
    q = aq.Beta("q", 2, 2)
    asia = aq.Bernoulli("asia", 0.01)
    smoke = aq.Bernoulli("smoke", q)
    tub = aq.Bernoulli("tub", np.where(asia == 1, 0.05, 0.01))
    lung = aq.Bernoulli("lung", np.where(smoke == 1, 0.1, 0.01))
    bronc = aq.Bernoulli("bronc", np.where(smoke == 1, 0.6, 0.3))
    either = aq.Bernoulli("either", np.where(tub + lung > 0, 1.0, 0.0))
    aq.Bernoulli("xray", np.where(either == 1, 0.98, 0.05), observed=1)
    table = aq.Data("table", [[0.1, 0.8], [0.7, 0.9]])
    aq.Bernoulli("dysp", table[either, bronc], observed=1)


@networks()
def noisy_or() -> None:
    """Symptoms that any of four diseases can cause."""
    leak = aq.Beta("leak", 1, 5)
    strength = aq.Beta("strength", 2, 2, shape=(5, 4))
    ill = aq.Bernoulli("ill", [0.1, 0.2, 0.1, 0.3])
    none = (1 - leak) * aq.math.prod(1 - strength * ill, axis=1)
    aq.Bernoulli("symptom", 1 - none, observed=[1, 0, 1, 1, 0])


@networks()
def branching_tree() -> None:
    """A root, two children, four grandchildren, each with an observation."""
    P = aq.Dirichlet("P", np.ones((3, 3)))
    root = aq.Categorical("root", p=[0.2, 0.3, 0.5])
    children = aq.Categorical("children", p=P[root], shape=2)
    leaves = aq.Categorical("leaves", p=P[children[np.array([0, 0, 1, 1])]])
    aq.Normal("obs", aq.Normal("mu", 0, 2, shape=3)[leaves], 1, observed=[0.1, -1.0, 2.0, 1.5])


@networks()
def tree_within_one_variable() -> None:
    """The same shape, the nodes in one vector, tied by a potential."""
    J = aq.Normal("J", 0, 1)
    z = aq.Bernoulli("z", 0.5, shape=7)
    parent, child = np.array([0, 0, 1, 1, 2, 2]), np.arange(1, 7)
    aq.Potential("ties", J * (z[parent] == z[child]))
    aq.Normal("obs", J * z, 1, observed=np.linspace(-1, 2, 7))


@networks()
def field_on_a_grid() -> None:
    J = aq.Normal("J", 0, 1)
    z = aq.Bernoulli("z", 0.5, shape=(3, 3))
    s = 2 * z - 1
    aq.Potential("across", J * s[:, 1:] * s[:, :-1])
    aq.Potential("down", J * s[1:] * s[:-1])
    aq.Normal("obs", s, aq.HalfNormal("sigma", 1), observed=np.linspace(-1, 2, 9).reshape(3, 3))


@networks()
def field_with_everything_tied() -> None:
    J = aq.Normal("J", 0, 1, shape=(4, 4))
    z = aq.Bernoulli("z", 0.5, shape=4)
    aq.Potential("ties", z @ J @ z)


@networks()
def field_summed_to_one_number() -> None:
    J = aq.Normal("J", 0, 1)
    z = aq.Bernoulli("z", 0.5, shape=9)
    s = 2 * z - 1
    aq.Potential("energy", (J * s[1:] * s[:-1]).sum() + 0.1 * s.sum())


@networks()
def ring() -> None:
    J = aq.Normal("J", 0, 1)
    z = aq.Categorical("z", p=[0.2, 0.3, 0.5], shape=6)
    aq.Potential("ties", J * (z == np.roll(z, 1)))


@networks()
def parents_far_apart() -> None:
    """The children of pairs that overlap."""
    z = aq.Bernoulli("z", aq.Beta("q", 1, 1), shape=5)
    aq.Bernoulli("both", 0.1 + 0.8 * z[:-2] * z[2:], observed=[1, 0, 1])


@networks()
def everything_impossible() -> None:
    q = aq.Beta("q", 1, 1)
    a = aq.Bernoulli("a", q)
    b = aq.Bernoulli("b", 1.0 * a)
    aq.Bernoulli("obs", 1.0 * (a != b), observed=1)
