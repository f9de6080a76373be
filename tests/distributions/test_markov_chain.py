"""Markov chains: what tells their length, what is refused, batches, and draws without a start."""

from __future__ import annotations

import itertools

import jax
import numpy as np
import pytest
from scipy import stats

import aliquot as aq
from aliquot.distributions.markov_chain import MarkovChain, stationary_distribution
from aliquot.errors import ParameterError, ShapeError
from aliquot.precision import float64
from tests.distributions.law import log_prob_of
from tests.programs import quick

P = np.array([[0.9, 0.1], [0.25, 0.75]])
RNG = np.random.default_rng(5)
BY_TIME = RNG.dirichlet(np.ones(2), (4, 2))


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({"P": P, "steps": 4}, (4,)),
        ({"P": P, "shape": 4}, (4,)),
        ({"P": P, "shape": (3, 4), "steps": 4}, (3, 4)),
        ({"P": P, "init": np.full((3, 2), 0.5), "steps": 4}, (3, 4)),
        ({"P": np.stack([P] * 3), "steps": 4}, (3, 4)),
        ({"P": BY_TIME, "time_varying": True}, (5,)),
        ({"P": BY_TIME, "time_varying": True, "shape": (3, 5)}, (3, 5)),
        ({"P": BY_TIME, "steps": 2}, (4, 2)),  # without time_varying, four chains
        ({"P": np.stack([P, P]), "lag": 2, "steps": 3}, (3,)),
        ({"P": P, "steps": 1}, (1,)),
        ({"logit_P": [[1.0, 0.0], [0.5, 0.5]], "logit_init": [0.0, 1.0], "steps": 3}, (3,)),
    ],
)
def test_shapes(arguments: dict, shape: tuple[int, ...]) -> None:
    chain = MarkovChain(**arguments)
    assert chain.shape == shape
    assert chain.batch_shape == shape[:-1]
    draws = chain.sample(2, random_seed=0)
    assert draws.shape == (2, *shape)
    log_prob = log_prob_of(chain, draws)
    assert log_prob.shape == (2, *shape[:-1])
    assert np.isfinite(log_prob).all()
    np.testing.assert_array_equal(
        chain.chain_positions(), np.arange(np.prod(shape)).reshape(-1, shape[-1])
    )


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"P": P}, ShapeError, "give steps, or a shape or dims"),
        ({"P": P, "steps": 3, "shape": 4}, ShapeError, "steps says 3, the last axis .* says 4"),
        (
            {"P": BY_TIME, "time_varying": True, "steps": 4},
            ShapeError,
            "steps says 4, P, by its 4 transitions, says 5",
        ),
        ({"P": BY_TIME, "shape": 5}, ShapeError, "say time_varying=True"),
        ({"P": P, "time_varying": True, "steps": 4}, ParameterError, "transitions, S, S"),
        ({"P": np.stack([P, P]), "lag": 2, "steps": 1}, ShapeError, "at least 2 steps; got 1"),
        ({"P": P, "lag": 0, "steps": 4}, ParameterError, "lag must be a whole number.*got 0"),
        ({"P": P, "lag": 2, "steps": 4}, ParameterError, r"\(..., S, S, S\).*lag=2"),
        ({"P": P, "steps": 2.5}, ShapeError, r"steps must be a whole number; got 2\.5"),
        ({"steps": 4}, ParameterError, "P or logit_P.*none"),
        (
            {"P": P, "init": [0.5, 0.5], "logit_init": [0.0, 0.0], "steps": 4},
            ParameterError,
            "init or logit_init.*init and logit_init",
        ),
        (
            {"P": P, "init": "uniform", "steps": 4},
            ParameterError,
            "or \"stationary\"; got 'uniform'",
        ),
        (
            {"P": np.stack([P, P]), "init": "stationary", "lag": 2, "steps": 4},
            ParameterError,
            'init="stationary" needs lag=1',
        ),
        (
            {"P": np.eye(2), "init": "stationary", "steps": 4},
            ParameterError,
            "P has several stationary distributions",
        ),
        (
            {"P": np.stack([P, P]), "init": [[0.5, 0.5], [0.5, 0.5]], "lag": 2, "steps": 4},
            ParameterError,
            "init must be .* sum to 1 .*sums to 2",
        ),
    ],
)
def test_what_is_refused(arguments: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"MarkovChain: .*{message}"):
        MarkovChain(**arguments)


def test_each_chain_and_each_step_has_its_own_transitions() -> None:
    tables = RNG.dirichlet(np.ones(3), (2, 4, 3))  # chains, transitions, from, to
    init = RNG.dirichlet(np.ones(3), 2)
    chain = MarkovChain(tables, init, time_varying=True)
    x = RNG.integers(0, 3, (2, 5))
    expected = [
        np.log(init[c, x[c, 0]]) + sum(np.log(tables[c, t, x[c, t], x[c, t + 1]]) for t in range(4))
        for c in range(2)
    ]
    np.testing.assert_allclose(chain.log_prob(x), expected, rtol=1e-13)
    logits = MarkovChain(logit_P=np.log(tables) + 3.0, logit_init=np.log(init), time_varying=True)
    np.testing.assert_allclose(logits.log_prob(x), expected, rtol=1e-13)


def test_many_states_are_read_by_index() -> None:
    table = RNG.dirichlet(np.ones(12), (2, 12))
    x = RNG.integers(0, 12, (3, 2, 6))
    expected = np.stack(
        [np.log(table[c, x[:, c, :-1], x[:, c, 1:]]).sum(-1) for c in range(2)], axis=-1
    )
    np.testing.assert_allclose(MarkovChain(table, steps=6).log_prob(x), expected, rtol=1e-13)
    one = MarkovChain(table[0], shape=(2, 6)).log_prob(x)
    np.testing.assert_allclose(one[:, 0], expected[:, 0], rtol=1e-13)


def test_without_init_every_start_has_weight_one() -> None:
    chain = MarkovChain(P, steps=3)
    every = np.array(list(itertools.product(range(2), repeat=3)))
    assert np.exp(chain.log_prob(every)).sum() == pytest.approx(2.0, rel=1e-14)
    first = chain.sample(4_000, random_seed=4)[:, 0]
    assert stats.binomtest(int(first.sum()), len(first), 0.5).pvalue > 1e-4


def test_draws_of_a_batch_follow_their_own_chain() -> None:
    stay, switch = np.eye(2), np.eye(2)[::-1]
    draws = MarkovChain(np.stack([stay, switch]), [[1.0, 0.0], [0.0, 1.0]], steps=4).sample(
        5, random_seed=0
    )
    np.testing.assert_array_equal(draws, np.broadcast_to([[0, 0, 0, 0], [1, 0, 1, 0]], (5, 2, 4)))
    by_time = np.stack([stay, switch, switch])
    draws = MarkovChain(by_time, [1.0, 0.0], time_varying=True).sample(5, random_seed=0)
    np.testing.assert_array_equal(draws, np.broadcast_to([0, 0, 1, 0], (5, 4)))


def test_start_is_possible_where_the_first_state_is_not() -> None:
    chain = MarkovChain([[0.0, 1.0], [1.0, 0.0]], [0.0, 1.0], steps=4)
    with float64():
        start = np.asarray(quick(lambda it: it.start())(chain))
    np.testing.assert_array_equal(start, [1, 0, 1, 0])


@pytest.mark.parametrize("size", [1, 4])
def test_a_chain_that_starts_from_its_stationary_distribution(size: int) -> None:
    tables = RNG.dirichlet(np.ones(size), (3, size))
    for chain in (
        MarkovChain(tables, "stationary", steps=2),
        MarkovChain(logit_P=np.log(tables), init="stationary", steps=2),
    ):
        pairs = np.array(list(itertools.product(range(size), repeat=2)))
        joint = np.exp(log_prob_of(chain, np.repeat(pairs[:, None], 3, 1))).reshape(size, size, 3)
        np.testing.assert_allclose(joint.sum(axis=(0, 1)), 1.0, rtol=1e-13)
        np.testing.assert_allclose(joint.sum(axis=0), joint.sum(axis=1), rtol=1e-12)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ([[1.0, 0.0], [0.5, 0.5]], [1.0, 0.0]),
        ([[0.5, 0.5], [0.0, 1.0]], [0.0, 1.0]),
        ([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.2, 0.3, 0.5]], [0.5, 0.5, 0.0]),
        ([[0.2, 0.3, 0.5], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]], [0.0, 0.5, 0.5]),
    ],
)
def test_stationary_distribution_of_chains_with_states_that_are_left_for_good(
    table: list[list[float]], expected: list[float]
) -> None:
    with float64():
        found = np.asarray(quick(stationary_distribution)(np.array(table)))
        slopes = np.asarray(quick(jax.jacobian(stationary_distribution))(np.array(table)))
    np.testing.assert_allclose(found, expected, rtol=1e-14)
    assert np.isfinite(slopes).all()


def test_in_a_model() -> None:
    with aq.Model(coords={"time": 5, "person": ["a", "b"]}) as model:
        p = aq.Dirichlet("p", np.ones(2), shape=(2, 2))
        z = aq.MarkovChain("z", P=p, init=[0.5, 0.5], dims=("person", "time"))
        aq.MarkovChain("seen", P=p, observed=[0, 0, 1, 1, 0])
        with pytest.raises(aq.SupportError, match=r"two: .*integers from 0 to 1.*at index \(2,\)"):
            aq.MarkovChain("two", P=p, observed=[0, 1, 2])
    assert z.shape == (2, 5)
    assert model["z"].dims == ("person", "time")
    assert model["seen"].distribution.shape == (5,)
