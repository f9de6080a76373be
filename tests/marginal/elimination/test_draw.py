"""Joint draws: their frequencies are the probabilities of the joint states."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy import stats

from aliquot.marginal.elimination import Variable, plan
from aliquot.precision import float64
from tests.marginal.elimination.enumeration import Enumeration
from tests.marginal.elimination.test_chain import problem, windows
from tests.programs import quick

DRAWS = 4_000
# All seven goodness-of-fit tests together fail by chance less than once in 100,000.
SMALLEST_P = 1e-6

Z4 = np.arange(4)[None]
Z3 = np.arange(3)[None]
GRID = [[3 * i + j, 3 * i + j + 1] for i in range(3) for j in range(2)] + [
    [3 * i + j, 3 * i + j + 3] for i in range(2) for j in range(3)
]
CASES = {
    "rows": ([Variable("z", 3, 3)], [Z3.T, [[0], [2]]]),
    "two to a row": (
        [Variable("z", 3, 2), Variable("c", 3, 3)],
        [Z3.T + 3, np.hstack([Z3.T + 3, Z3.T])],
    ),
    "grid": ([Variable("z", 9, 2)], [GRID, np.arange(9)[:, None]]),
    "chain": (
        [Variable("z", 6, 2, np.arange(6)[None])],
        [np.arange(6)[:, None], windows(np.arange(6), 2)],
    ),
    "lag 2": ([Variable("z", 5, 2, np.arange(5)[None], 2)], [[[0, 1]], windows(np.arange(5), 3)]),
    "shared": (
        [Variable("z", 4, 2, Z4.reshape(2, 2)), Variable("g", 1, 3)],
        [windows(Z4.reshape(2, 2), 2), np.column_stack([Z4[0], np.full(4, 4)]), [[4]]],
    ),
    "coupled": (
        [Variable("a", 3, 2, Z3), Variable("b", 3, 3, Z3)],
        [windows(Z3, 2), windows(Z3 + 3, 2), np.column_stack([Z3[0], Z3[0] + 3])],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_frequencies_of_joint_states(rng, name):
    blocks, elements = CASES[name]
    impossible = 0.0 if name == "grid" else 0.1
    case = problem(rng, blocks, elements, impossible=impossible)
    oracle = Enumeration(case)
    while (DRAWS * oracle.weights >= 5).sum() < 2:  # impossible moves have left one way, or none
        case = problem(rng, blocks, elements, impossible=impossible)
        oracle = Enumeration(case)
    elimination = plan(blocks, case.factors, largest=10**6)
    with float64():
        keys = jax.random.split(jax.random.key(7), DRAWS)
        draw = quick(jax.vmap(lambda key: elimination.draw(case.tables(), key)))
        drawn = np.concatenate(jax.device_get(draw(keys)), axis=1)
    states = [block.states for block in blocks for _ in range(block.size)]
    counts = np.bincount(np.ravel_multi_index(drawn.T, states), minlength=len(oracle.joint))
    expected = DRAWS * oracle.weights
    assert not counts[expected == 0].any()
    often = expected >= 5
    observed = np.append(counts[often], counts[~often].sum())
    rare = expected[~often].sum()
    if rare < 5:
        observed, expected = observed[:-1], expected[often]
        observed[0] += DRAWS - observed.sum()
        expected[0] += rare
    else:
        expected = np.append(expected[often], rare)
    assert observed.size > 1
    assert stats.chisquare(observed, expected).pvalue > SMALLEST_P
