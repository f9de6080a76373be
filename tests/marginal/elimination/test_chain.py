"""Chains: equal to the sum over all joint states, in time linear in their steps."""

from __future__ import annotations

import numpy as np
import pytest

from aliquot.marginal.elimination import Factor, Variable, forward_backward, plan
from tests.marginal.elimination.checks import check
from tests.marginal.elimination.enumeration import Problem, random_table


def problem(rng, blocks, elements, *, impossible=0.0, equal=(), cells=False):
    """Make a problem with random tables for factors about given elements."""
    states = np.concatenate([np.full(block.size, block.states) for block in blocks])
    factors = [Factor(np.atleast_2d(np.asarray(e, np.int64))) for e in elements]
    arrays = [
        random_table(
            rng,
            tuple(states[factor.elements[0]]),
            factor.elements.shape[0],
            impossible=impossible,
            equal_rows=i in equal,
        )
        for i, factor in enumerate(factors)
    ]
    return Problem(blocks, factors, arrays, [cells] * len(factors))


def windows(order, length):
    """Give all windows along the last axis of an array of positions."""
    view = np.lib.stride_tricks.sliding_window_view(order, length, axis=-1)
    return view.reshape(-1, length)


ORDERS = {
    "one": np.arange(6)[None],
    "two by row": np.arange(8).reshape(2, 4),
    "two by column": np.arange(8).reshape(4, 2).T,
    "backwards": np.arange(6)[None, ::-1],
    "shuffled": np.array([[3, 0, 5, 1], [2, 7, 4, 6]]),
    "one step": np.arange(3)[:, None],
}


@pytest.mark.parametrize(
    ("name", "lag", "impossible"),
    [(name, lag, (0.0, 0.2)[(i + lag) % 2]) for i, name in enumerate(ORDERS) for lag in (1, 2, 3)],
)
def test_stated_chain(rng, name, lag, impossible):
    order = ORDERS[name]
    block = Variable("z", order.size, 2, order, lag)
    elements = [order[:, :1]] if lag != 2 else []
    elements += [np.arange(order.size)[:, None]]
    elements += [windows(order, k) for k in range(2, lag + 2) if k <= order.shape[1]]
    found = check(
        problem(rng, [block], elements, impossible=impossible, equal=(2,), cells=lag == 1)
    )
    assert [step.method for step in found.steps] == ["chain"]


@pytest.mark.parametrize("each", [False, True])
def test_variables_that_all_steps_share(rng, each):
    order = np.arange(6).reshape(2, 3)
    blocks = [Variable("z", 6, 2, order), Variable("g", 2 if each else 1, 3), Variable("h", 1, 2)]
    g = np.repeat([6, 7], 3)[:, None] if each else np.full((6, 1), 6)
    z = np.arange(6)[:, None]
    pairs = windows(order, 2)
    h = blocks[1].size + 6
    elements = [z, pairs, np.hstack([g, z]), np.hstack([pairs, np.full((4, 1), h)]), [[h]]]
    found = check(problem(rng, blocks, elements, impossible=0.1, equal=(1,)))
    assert found.steps[0].method == "chain"
    assert [step.names for step in found.steps] == [("z",), ("g",), ("h",)]


def test_paths_are_found_without_being_stated(rng):
    order = rng.permutation(10).reshape(1, 10)
    blocks = [Variable("z", 10, 2)]
    found = check(problem(rng, blocks, [np.arange(10)[:, None], windows(order, 2)]))
    assert found.steps[0].method == "chain"


@pytest.mark.slow
def test_unequal_paths_are_summed_out_one_after_the_other(rng):
    elements = [np.arange(11)[:, None], [[i, i + 1] for i in range(10) if i != 4]]
    found = check(problem(rng, [Variable("z", 11, 2)], elements, impossible=0.1))
    assert [(step.method, step.elements) for step in found.steps] == [("chain", 11)]


@pytest.mark.parametrize("impossible", [0.0, 0.1])
def test_coupled_chains_become_one(rng, impossible):
    order = np.arange(5)[None]
    blocks = [Variable("a", 5, 2, order), Variable("b", 5, 3, order)]
    a, b = order, 5 + order
    elements = [windows(a, 2), windows(b, 2), np.column_stack([b[0], a[0]]), [[0]], [[5]]]
    found = check(problem(rng, blocks, elements, impossible=impossible))
    assert [(step.names, step.states, step.method) for step in found.steps] == [
        (("a", "b"), 6, "chain")
    ]


def test_rows_within_a_chain_go_first(rng):
    order = np.arange(5)[None]
    blocks = [Variable("z", 5, 2, order), Variable("c", 5, 3)]
    elements = [
        windows(order, 2),
        np.column_stack([5 + order[0], order[0]]),
        np.arange(10)[:5, None],
    ]
    found = check(problem(rng, blocks, elements, impossible=0.1))
    assert [step.names for step in found.steps] == [("c",), ("z",)]


@pytest.mark.slow
def test_a_link_across_the_chain_is_summed_out_all_the_same(rng):
    order = np.arange(8)[None]
    blocks = [Variable("z", 8, 2, order)]
    found = check(problem(rng, blocks, [windows(order, 2), [[0, 7]], [[2, 5]]], impossible=0.1))
    # One end of each link is left for later.
    assert [(step.method, step.elements) for step in found.steps] == [("chain", 6), ("rows", 2)]


@pytest.mark.parametrize("name", ["one", "two by column"])
def test_products_in_pairs_give_the_same(rng, monkeypatch, name):
    monkeypatch.setattr(
        forward_backward, "_in_pairs", lambda form: form.lag == 1 and form.moves > 0
    )
    order = ORDERS[name]
    elements = [order[:, :1], windows(order, 2), np.arange(order.size)[:, None]]
    check(problem(rng, [Variable("z", order.size, 2, order)], elements, impossible=0.2))


def test_an_unlikely_state_is_not_forgotten():
    """A state 2,000 below the other comes back, also where the chain cannot return to it."""
    steps = 6
    emissions = np.zeros((2, steps))
    emissions[1, 2], emissions[0, 4] = 2_000.0, 5_000.0
    transitions = np.array([[0.0, -1.0], [-np.inf, 0.0]])[:, :, None]
    order = np.arange(steps)[None]
    factors = [Factor(order.T), Factor(windows(order, 2))]
    case = Problem(
        [Variable("z", steps, 2, order)], factors, [emissions, transitions], [True, False]
    )
    check(case)


def test_what_a_chain_needs_must_be_stated_whole():
    with pytest.raises(ValueError, match="chains of z"):
        plan([Variable("z", 4, 2, np.array([[0, 1, 2]]))], [], largest=100)
