"""Models in which a state is impossible for one observation, and so for what shares its unknown.

What is left of the others then decides about each: an observation that rules out a state does so
for its siblings' pointwise log likelihood, and not for its own.
"""

from __future__ import annotations

import numpy as np

import aliquot as aq
from tests.marginal.case import Cases

impossible = Cases()

WEIGHTS = np.array([[0.5, 0.3, 0.2], [0.2, 0.5, 0.3], [0.3, 0.3, 0.4]])
# In state 0 only zeros can be seen: the first group has none but zeros, the second one that rules
# out state 0, the third two.
COUNTS = np.array([[0, 0, 0], [0, 2, 0], [1, 0, 3]])


def rates(z: aq.Expression) -> aq.Expression:
    return aq.HalfNormal("rate", 1) * aq.constant([0.0, 1.0, 2.5])[z]


def counts(rate: aq.Expression, seen: np.ndarray) -> None:
    aq.Poisson("obs", rate, shape=seen.shape, observed=seen)


@impossible()
def siblings_in_a_row() -> None:
    z = aq.Categorical("z", p=WEIGHTS)
    counts(rates(z)[:, None], COUNTS)


@impossible()
def siblings_in_a_column() -> None:
    z = aq.Categorical("z", p=WEIGHTS)
    counts(rates(z)[None, :], COUNTS.T)


@impossible()
def siblings_in_a_block() -> None:
    z = aq.Categorical("z", p=WEIGHTS[1:])
    seen = np.array([[[0, 0], [2, 0]], [[1, 0], [0, 3]]])
    counts(rates(z)[:, None, None], seen)


@impossible()
def siblings_of_a_scalar() -> None:
    z = aq.Categorical("z", p=WEIGHTS[0])
    counts(rates(z), np.array([0, 1, 0, 0]))


@impossible()
def siblings_by_group() -> None:
    z = aq.Categorical("z", p=WEIGHTS)
    group = np.array([0, 1, 2, 2, 1, 0, 1, 2])
    counts(rates(z)[group], np.array([0, 0, 1, 0, 2, 0, 0, 3]))


@impossible()
def siblings_in_two_variables() -> None:
    z = aq.Categorical("z", p=WEIGHTS)
    chance = aq.constant([0.7, 0.0, 0.4])[z]
    counts(rates(z)[:, None], COUNTS)
    aq.Bernoulli("marks", chance[:, None], shape=(3, 2), observed=[[0, 0], [1, 0], [0, 0]])


@impossible()
def siblings_of_pairs() -> None:
    """Each observation is about two labels."""
    z = aq.Categorical("z", p=WEIGHTS)
    x = aq.Categorical("x", p=WEIGHTS[::-1])
    both = aq.constant([[0.0, 1.0, 0.5], [2.0, 0.0, 0.3], [0.4, 0.1, 0.0]])
    rate = aq.HalfNormal("rate", 1) * both[z, x]
    counts(rate[:, None], np.array([[0, 0], [0, 1], [2, 1]]))


@impossible()
def siblings_along_a_chain() -> None:
    moves = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.3, 0.1, 0.6]])
    z = aq.MarkovChain("z", P=moves, init=WEIGHTS[0], steps=4)
    seen = np.array([[0, 0], [0, 2], [0, 0], [1, 3]])
    counts(rates(z)[:, None], seen)


@impossible()
def siblings_with_labels_known() -> None:
    z = aq.Categorical("z", p=WEIGHTS, observed=[np.nan, 1, np.nan])
    counts(rates(z)[:, None], COUNTS)


@impossible()
def siblings_in_many_states() -> None:
    """So many that a table is one array."""
    z = aq.DiscreteUniform("z", 0, 11, shape=2)
    rate = aq.HalfNormal("rate", 1) * aq.math.maximum(z - 3, 0)
    counts(rate[:, None], np.array([[0, 1, 0], [2, 0, 1]]))
