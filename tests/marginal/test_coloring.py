"""Colours: elements of one row differ, and there are few of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aliquot.marginal.coloring import color


@given(
    st.integers(1, 30).flatmap(
        lambda size: st.tuples(
            st.just(size),
            st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), max_size=60),
        )
    )
)
def test_elements_of_a_pair_differ(case: tuple[int, list[tuple[int, int]]]) -> None:
    size, listed = case
    pairs = np.array(listed, dtype=np.int64).reshape(-1, 2)
    colors = color(pairs, size)
    assert colors.shape == (size,) and colors.dtype == np.int64
    apart = pairs[:, 0] != pairs[:, 1]
    assert np.all(colors[pairs[apart, 0]] != colors[pairs[apart, 1]])
    # Every colour up to the last is used, and no more than the most neighbours ask for.
    assert set(colors.tolist()) == set(range(int(colors.max()) + 1))
    neighbours = {i: {a + b - i for a, b in listed if i in (a, b) and a != b} for i in range(size)}
    in_turn = 8
    assert colors.max() <= max(in_turn - 1, *map(len, neighbours.values()))


@pytest.mark.parametrize(
    ("pairs", "size", "count"),
    [
        ([], 5, 1),
        ([(2, 2)], 5, 1),
        ([(i, i + 1) for i in range(9)], 10, 2),
        ([(i, i + 3) for i in range(7)] + [(i, i + 1) for i in range(9)], 10, 2),
        ([(i, i + 2) for i in range(8)] + [(i, i + 1) for i in range(9)], 10, 3),
        ([(i, j) for i in range(12) for j in range(i)], 12, 12),  # all together
        ([(0, i) for i in range(1, 12)], 12, 2),  # a star
        ([(i, i + 10) for i in range(10)], 20, 2),  # first with second half
    ],
)
def test_how_many(pairs: list[tuple[int, int]], size: int, count: int) -> None:
    colors = color(np.array(pairs, dtype=np.int64).reshape(-1, 2), size)
    assert colors.max() + 1 == count
