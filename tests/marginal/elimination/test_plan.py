"""Any structure: what is summed out equals the sum over all joint states."""

from __future__ import annotations

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

from aliquot.marginal.elimination import Factor, Table, TooLarge, Variable, plan
from aliquot.precision import float64
from tests.marginal.elimination.checks import check
from tests.marginal.elimination.enumeration import Problem, as_cells, random_table
from tests.marginal.elimination.test_chain import problem


@st.composite
def problems(draw):
    """A random factor graph with at most about 4,000 joint states."""
    blocks, joint = [], 1
    for number in range(draw(st.integers(1, 4))):
        states = draw(st.integers(1, 4))
        size = draw(st.integers(1, 6))
        while joint * states**size > 4_000:
            size -= 1
        if size:
            blocks.append(Variable(f"z{number}", size, states))
            joint *= states**size
    starts = np.cumsum([0] + [block.size for block in blocks])
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    impossible = draw(st.sampled_from([0.0, 0.2]))
    factors, arrays, cells = [], [], []
    for _ in range(draw(st.integers(0, 5))):
        scope = rng.integers(len(blocks), size=draw(st.integers(0, 3)))
        counts = np.bincount(scope, minlength=len(blocks))
        if any(count > block.size for count, block in zip(counts, blocks, strict=True)):
            continue
        rows = draw(st.integers(1, 7))
        elements = np.empty((rows, scope.size), np.int64)
        for row in range(rows):
            for number in np.unique(scope):
                chosen = rng.choice(blocks[number].size, counts[number], replace=False)
                elements[row, scope == number] = starts[number] + chosen
        factors.append(Factor(elements))
        states = [blocks[number].states for number in scope]
        equal = bool(rng.random() < 0.3)
        arrays.append(random_table(rng, states, rows, impossible=impossible, equal_rows=equal))
        cells.append(bool(rng.random() < 0.5))
    return Problem(blocks, factors, arrays, cells)


@pytest.mark.slow
@settings(max_examples=8)
@given(problems())
def test_everything_equals_the_enumeration(problem):
    check(problem)


def cycle(size):
    return [[i, (i + 1) % size] for i in range(size)]


GRID = [[3 * i + j, 3 * i + j + 1] for i in range(3) for j in range(2)] + [
    [3 * i + j, 3 * i + j + 3] for i in range(2) for j in range(3)
]
GRAPHS = {
    "grid": GRID,
    "cycle": cycle(7),
    "star": [[0, i] for i in range(1, 6)],
    "triples": [[i, i + 1, i + 2] for i in range(4)],
    "many partners": [[i, j] for i in range(2) for j in range(2, 6)],
}


@pytest.mark.parametrize("scalars", [False, True])
@pytest.mark.parametrize("name", GRAPHS)
def test_networks_within_a_block_and_between_blocks(rng, name, scalars):
    pairs = np.array(GRAPHS[name])
    size = int(pairs.max()) + 1
    blocks = [Variable(f"z{i}", 1, 2) for i in range(size)] if scalars else [Variable("z", size, 2)]
    elements = [pairs[i : i + 1] for i in range(len(pairs))] if scalars else [pairs, pairs[:, ::-1]]
    check(problem(rng, blocks, [*elements, [[4]]], impossible=0.1))


@pytest.mark.slow
def test_one_at_a_time_where_many_at_once_is_too_large(rng):
    case = problem(rng, [Variable("z", 5, 2)], [cycle(5)])
    many, single = (plan(case.blocks, case.factors, largest=n) for n in (10**6, 8))
    assert max(step.entries for step in many.steps) > 8
    assert max(step.entries for step in single.steps) == 8
    check(case, elimination=single)


def test_rows_of_a_hundred_thousand_are_one_step():
    size = 100_000
    z = np.arange(size)[:, None]
    prior, shared = Factor(z), Factor(np.column_stack([z, np.full(size, size)]))
    found = plan(
        [Variable("z", size, 2), Variable("g", 1, 3)], [prior, prior, shared], largest=10**8
    )
    assert [(s.names, s.elements, s.method, s.entries) for s in found.steps] == [
        (("z",), size, "rows", 6 * size),
        (("g",), 1, "rows", 3),
    ]


def test_a_network_of_forty_scalars_keeps_its_tables_small():
    blocks = [Variable(f"z{i}", 1, 2) for i in range(40)]
    factors = [Factor(np.array([[i, j]])) for i in range(40) for j in (i + 1, i + 3) if j < 40]
    (step,) = plan(blocks, factors, largest=1_000).steps
    assert step.entries <= 2**4 * 40  # a window of four at each of them


def test_too_large_is_refused_by_name():
    blocks = [Variable("a", 20, 2), Variable("b", 10, 2), Variable("c", 3, 4)]
    together = Factor(np.arange(30)[None])
    with pytest.raises(TooLarge, match="too many states and rows of a and b") as refused:
        plan(blocks, [together, Factor(np.arange(30, 33)[:, None])], largest=10**6)
    assert refused.value.names == ("a", "b")
    assert refused.value.entries == pytest.approx(2.0**30)


def test_too_many_rows_are_refused_by_name():
    pairs = np.column_stack([np.arange(1_000), np.full(1_000, 1_000)])
    with pytest.raises(TooLarge, match="one step combines too many") as refused:
        plan([Variable("z", 1_000, 30), Variable("g", 1, 30)], [Factor(pairs)], largest=10_000)
    assert refused.value.names == ("z", "g")


def test_program_of_a_mixture_holds_no_gather_or_scatter():
    rows = np.arange(100)[:, None]
    elimination = plan([Variable("z", 100, 3)], [Factor(rows), Factor(rows)], largest=10**6)

    def log_sum(weights, values):
        return elimination.log_sum([as_cells(weights[:, None]), as_cells(values)])

    gradient = jax.jit(jax.grad(log_sum, argnums=(0, 1)))
    text = gradient.lower(np.zeros(3, np.float32), np.zeros((3, 100), np.float32)).as_text()
    assert "gather" not in text
    assert "scatter" not in text


def test_no_unknowns_and_no_factors():
    with float64():
        assert plan([], [], largest=1).log_sum([]) == 0
        nothing_known = plan([Variable("z", 3, 4)], [], largest=100)
        np.testing.assert_allclose(nothing_known.log_sum([]), 3 * np.log(4), rtol=1e-14)
        np.testing.assert_allclose(nothing_known.probabilities([])[0], 0.25, rtol=1e-14)


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ([[0, 0]], "same element in two slots"),
        ([[5]], "elements 5 to 5"),
        ([[0], [3]], "elements of different blocks"),
        (np.empty((0, 1), int), "no rows"),
    ],
)
def test_factors_that_do_not_fit_are_refused(elements, message):
    with pytest.raises(ValueError, match=message):
        plan([Variable("a", 3, 2), Variable("b", 2, 2)], [Factor(np.array(elements))], largest=100)


def test_tables_that_do_not_fit_are_refused():
    elimination = plan([Variable("z", 3, 2)], [Factor(np.arange(3)[:, None])], largest=100)
    with float64(), pytest.raises(ValueError, match=r"over states \(3,\)"):
        elimination.log_sum([Table(jnp.zeros((3, 3)))])
    with float64(), pytest.raises(ValueError, match="2 rows"):
        elimination.log_sum([Table(jnp.zeros((2, 2)))])
