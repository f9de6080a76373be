"""Any structure: what is summed out equals the sum over all joint states."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from aliquot.marginal.elimination import Block, Factor, TooLarge, plan
from tests.marginal.elimination.checks import check
from tests.marginal.elimination.enumeration import Problem, random_table


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
            blocks.append(Block(f"z{number}", size, states))
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


@settings(max_examples=60)
@given(problems())
def test_everything_equals_the_enumeration(problem):
    check(problem)
