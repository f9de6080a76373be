"""Tables of log probabilities over all states, against the log probability of every joint state."""

from __future__ import annotations

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aliquot.distributions.base import Distribution
from aliquot.distributions.binary import Bernoulli
from aliquot.distributions.categorical import Categorical
from aliquot.distributions.counts import Poisson
from aliquot.distributions.markov_chain import MarkovChain
from aliquot.precision import float64
from tests.distributions.law import log_prob_of

P = np.array([[0.2, 0.0, 0.8], [0.5, 0.25, 0.25]])

MOVES = np.array([[0.5, 0.5, 0.0], [0.0, 0.3, 0.7], [1.0, 0.0, 0.0]])
MANY = np.random.default_rng(1).dirichlet(np.ones(2), (2, 3, 2))  # chains, time, from, to
JOINT = np.random.default_rng(2).dirichlet(np.ones(4)).reshape(2, 2)
FROM_TWO = np.random.default_rng(3).dirichlet(np.ones(2), (2, 2))

CHAINS = {
    "chain": MarkovChain(MOVES, [0.2, 0.0, 0.8], steps=3),
    "chain of one step": MarkovChain(MOVES, [0.2, 0.0, 0.8], steps=1),
    "chain without a start": MarkovChain(MOVES, shape=3),
    "chain that varies": MarkovChain(MANY[0], [0.4, 0.6], time_varying=True),
    "chains that vary": MarkovChain(MANY, [[0.4, 0.6], [1.0, 0.0]], time_varying=True),
    "chains that share the transitions": MarkovChain(MANY[0, 0], MANY[:, 0, 0], steps=3),
    "chains, each with its own": MarkovChain(MANY[:, 0], [0.4, 0.6], steps=3),
    "chain of lag 2": MarkovChain(FROM_TWO, JOINT, lag=2, steps=5),
    "chains of lag 2 by logits": MarkovChain(
        logit_P=np.log(MANY[:, :2]), logit_init=np.log(JOINT), lag=2, shape=(2, 3)
    ),
    "chain of lag 2 that varies": MarkovChain(
        MANY.reshape(3, 2, 2, 2), JOINT, lag=2, time_varying=True
    ),
}
CASES = {
    "categorical": Categorical(P[0], shape=3),
    "categorical of shape ()": Categorical(P[0]),
    "categorical by row": Categorical(P),
    "categorical by column": Categorical(P[:, None], shape=(2, 2)),
    "categorical, logits": Categorical(logit_p=[[0.5, -1.0, 2.0]], shape=(2, 2)),
    "bernoulli": Bernoulli(0.3, shape=(2, 1)),
    "bernoulli, impossible and sure": Bernoulli([0.0, 1.0, 0.4]),
    "bernoulli, logits": Bernoulli(logit_p=[0.3, -2.0], shape=(2, 2)),
}


def by_tables(distribution: Distribution, values: np.ndarray) -> Any:
    """Compute the log probability of one value of the variable from the tables."""
    tables = distribution.state_tables()
    assert tables is not None
    total = 0.0
    for table in tables:
        batch, m = table.elements.shape[:-1], table.elements.shape[-1]
        states = table.log_prob.shape[len(batch) :]
        assert len(states) == m
        full = jnp.broadcast_to(table.log_prob, (*batch, *states))
        for row in np.ndindex(batch):
            chosen = tuple(int(values.flat[e]) for e in table.elements[row])
            total = total + full[row][chosen]
    return total


@pytest.mark.parametrize("name", [*CASES, *CHAINS])
def test_tables_add_up_to_the_log_probability(name: str) -> None:
    distribution = (CASES | CHAINS)[name]
    states = range(int(distribution.support.upper) + 1)
    size = int(np.prod(distribution.shape))
    with float64():
        for values in itertools.islice(itertools.product(states, repeat=size), 30):
            x = np.array(values).reshape(distribution.shape)
            expected = log_prob_of(distribution, x).sum()
            np.testing.assert_allclose(by_tables(distribution, x), expected, rtol=1e-14)


@pytest.mark.parametrize("name", CASES)
def test_shared_parameters_are_not_repeated(name: str) -> None:
    distribution = CASES[name]
    with float64():
        (table,) = distribution.state_tables() or ()
    (parameter,) = distribution.parameters.values()
    states = int(distribution.support.upper) + 1
    assert table.log_prob.ndim == len(distribution.shape) + 1
    assert np.broadcast_shapes(table.log_prob.shape[:-1], distribution.shape) == distribution.shape
    own_states = states if isinstance(distribution, Categorical) else 1
    assert table.log_prob.size // states == parameter.size // own_states
    assert table.elements.dtype == np.int64


def test_what_is_impossible_has_no_slope() -> None:
    def total(p: Any) -> Any:
        (table,) = Categorical._unflatten((("p",), (("shape", (2,)),)), (p,)).state_tables()
        return jnp.sum(jnp.exp(table.log_prob)), table.log_prob

    with float64():
        (_, table), slope = jax.value_and_grad(total, has_aux=True)(jnp.array([0.0, 0.25, 0.75]))
    assert float(table[0, 0]) == -np.inf
    np.testing.assert_allclose(slope, [0.0, 1.0, 1.0], rtol=1e-14)


def test_families_without_tables_say_so() -> None:
    assert Poisson(1.0).state_tables() is None
