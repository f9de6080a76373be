"""Rows, their elements and lanes, from what a piece depends on."""

from __future__ import annotations

import numpy as np

from aliquot.marginal.dependence import Reference, Summand
from aliquot.marginal.layout import ColorClass, Layout, joint_states, lay_out


def laid_out(
    shape: tuple[int, ...],
    references: list[Reference],
    sizes: list[int],
    own: list[Reference] | None = None,
) -> Layout:
    piece = Summand(0, None, 1.0, (), tuple(references))
    return lay_out(piece, shape, references, own or [], sizes)


def reference(variable: int, index: object) -> Reference:
    return Reference(variable, np.asarray(index, dtype=np.int64))


def parts_of(layout: Layout) -> list[tuple[list[int], list[list[int]], tuple[int, ...]]]:
    """Rows, elements and lanes of each group."""
    return [
        (
            list(range(layout.count)) if group.rows is None else group.rows.tolist(),
            group.elements.tolist(),
            group.classes,
        )
        for group in layout.groups
    ]


def test_axes_along_which_nothing_varies_are_summed() -> None:
    layout = laid_out((4, 5), [reference(0, np.arange(4)[::-1, None])], [4])
    assert layout.summed == (1,) and layout.count == 4
    assert layout.classes == (ColorClass(0, 0),)
    assert parts_of(layout) == [([0, 1, 2, 3], [[3], [2], [1], [0]], (0,))]


def test_one_element_for_all_rows_is_one_row() -> None:
    layout = laid_out((4, 5), [reference(0, [[2]])], [3])
    assert layout.summed == (0, 1) and layout.count == 1
    assert parts_of(layout) == [([0], [[2]], (0,))]


def test_elements_are_numbered_over_all_variables() -> None:
    layout = laid_out((3,), [reference(0, [1, 1, 0]), reference(1, [0, 1, 2])], [2, 3])
    assert layout.classes == (ColorClass(0, 0), ColorClass(1, 0))
    assert parts_of(layout) == [([0, 1, 2], [[1, 2], [1, 3], [0, 4]], (0, 1))]


def test_crossed_axes_are_all_pairs() -> None:
    layout = laid_out((2, 3), [reference(0, [[0], [1]]), reference(1, [[0, 1, 2]])], [2, 3])
    ((_, elements, lanes),) = parts_of(layout)
    assert elements == [[i, 2 + j] for i in range(2) for j in range(3)]
    assert lanes == (0, 1)


def test_neighbours_take_two_colours_in_turn() -> None:
    layout = laid_out((4,), [reference(0, [1, 2, 3, 4]), reference(0, [0, 1, 2, 3])], [5])
    np.testing.assert_array_equal(layout.colors[0], [0, 1, 0, 1, 0])
    assert layout.classes == (ColorClass(0, 0), ColorClass(0, 1))
    found = {lanes: (rows, elements) for rows, elements, lanes in parts_of(layout)}
    assert found[(1, 0)] == ([0, 2], [[1, 0], [3, 2]])
    assert found[(0, 1)] == ([1, 3], [[2, 1], [4, 3]])


def test_an_element_that_a_row_has_twice_is_one_column() -> None:
    """z[i] with z[2 - i]: the row in the middle depends on one element."""
    layout = laid_out((3,), [reference(0, [0, 1, 2]), reference(0, [2, 1, 0])], [3])
    colors = layout.colors[0]
    assert colors[0] != colors[2]
    by_rows = {row: e for rows, each, _ in parts_of(layout) for row, e in zip(rows, each)}  # noqa: B905
    assert by_rows == {0: [0, 2], 1: [1], 2: [2, 0]}


def test_rows_on_nothing_are_a_part_of_their_own() -> None:
    layout = laid_out((4,), [reference(0, [-1, 0, -1, 1])], [2])
    found = {lanes: (rows, elements) for rows, elements, lanes in parts_of(layout)}
    assert found == {(): ([0, 2], [[], []]), (0,): ([1, 3], [[0], [1]])}


def test_own_axes_come_after_the_lanes() -> None:
    """A table of transitions: P[z[t]] has a state of its own, that of z[t + 1]."""
    layout = laid_out(
        (3,), [reference(1, [[0]])], [4, 1], own=[reference(0, [0, 1, 2]), reference(0, [1, 2, 3])]
    )
    assert layout.classes == (ColorClass(1, 0),) and layout.tabulated == (0, 0)
    assert parts_of(layout) == [([0, 1, 2], [[4, 0, 1], [4, 1, 2], [4, 2, 3]], (0, 1, 2))]
    assert joint_states(layout, [3, 2]) == 2 * 3 * 3


def test_astronomical_numbers_of_states_are_counted() -> None:
    references = [reference(0, [[i]]) for i in range(60)]
    layout = laid_out((1,), [Reference(s.variable, s.index[0]) for s in references], [60])
    assert joint_states(layout, [10]) == 10**60
