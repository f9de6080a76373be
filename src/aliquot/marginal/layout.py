"""From what a term depends on to factors: which rows are about which elements.

A piece of a term is an array. Axes along which its dependence does not vary are summed; what is
left are its rows. A row that depends on m different elements is a table over their joint states.
Each element of a row is found in the piece's value along a *lane*: an axis of the evaluation along
which all elements of one variable and colour go through their states together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aliquot.marginal.coloring import color
from aliquot.marginal.covering import cover
from aliquot.marginal.dependence import Piece, Slot


@dataclass(frozen=True)
class Lane:
    """The elements of a variable that have one colour."""

    variable: int
    color: int


# Parts that differ only in which lanes their rows are read along: more of them become one.
MOST_ALIKE = 2


@dataclass(frozen=True)
class Part:
    """The rows of a piece that depend on their elements in the same way.

    Attributes
    ----------
    rows : int array or None
        Which rows, ``None`` for all.
    elements : int array, shape (rows, m)
        Numbers of the elements, over all variables.
    lanes : tuple of int
        For each column of `elements` its lane's number (where rows are read by assignment, that of
        the first row).
    where : int array or None, shape (K1, ..., Km, rows)
        The assignment in which a row has these states, where the layout lists assignments.
    """

    rows: np.ndarray | None
    elements: np.ndarray
    lanes: tuple[int, ...]
    where: np.ndarray | None = None


@dataclass(frozen=True)
class Layout:
    """How a piece becomes factors.

    Attributes
    ----------
    shape : tuple of int
        Of the piece's value, without own axes.
    summed : tuple of int
        Axes along which the rows' elements do not vary.
    count : int
        Number of rows: the product of the other axes.
    lanes : tuple of Lane
        Those of the variables that the value is evaluated for.
    colors : dict from int to int array
        Each element's colour, for variables of more than one.
    own : tuple of int
        Variables whose states are the last axes of the value itself (a table of probabilities).
    parts : tuple of Part
    assignments : int array or None, shape (assignments, lanes)
        States of all lanes together, of which the piece is evaluated in each. ``None``: it is in
        all joint states.
    """

    piece: Piece
    shape: tuple[int, ...]
    summed: tuple[int, ...]
    count: int
    lanes: tuple[Lane, ...]
    colors: dict[int, np.ndarray]
    own: tuple[int, ...]
    parts: tuple[Part, ...]
    assignments: np.ndarray | None = None

    def variables(self) -> list[int]:
        """List the variable of each element that a row depends on at most."""
        if self.assignments is None:
            return [*(lane.variable for lane in self.lanes), *self.own]
        most = max(self.parts, key=lambda part: len(part.lanes)).lanes
        lanes = [self.lanes[lane].variable for lane in most if lane < len(self.lanes)]
        return [*lanes, *self.own]


def lay_out_piece(
    piece: Piece,
    shape: tuple[int, ...],
    slots: Sequence[Slot],
    own: Sequence[Slot],
    sizes: Sequence[int],
    states: Sequence[int] | None = None,
) -> Layout:
    """Find a piece's rows, their elements and the lanes to evaluate it along.

    Parameters
    ----------
    piece : Piece
    shape : tuple of int
        Of its value, without own axes.
    slots : sequence of Slot
        What each element of the value depends on.
    own : sequence of Slot
        The elements whose states are the value's last axes.
    sizes : sequence of int
        Number of elements of each variable.
    states : sequence of int, optional
        Number of states of each variable. Where they are given, a piece whose rows are spread over
        many sets of lanes is evaluated in a few assignments of states to lanes.
    """
    all_slots = [*slots, *own]
    varying = [
        axis for axis in range(len(shape)) if any(slot.index.shape[axis] > 1 for slot in all_slots)
    ]
    summed = tuple(axis for axis in range(len(shape)) if axis not in varying)
    rest = tuple(shape[axis] for axis in varying)
    count = int(np.prod(rest, dtype=int))
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    columns = []
    for slot in all_slots:
        index = slot.index.reshape([slot.index.shape[axis] for axis in varying])
        flat = np.broadcast_to(index, rest).reshape(-1)
        columns.append(np.where(flat < 0, -1, flat + offsets[slot.variable]))
    elements = np.stack(columns, axis=1) if columns else np.zeros((count, 0), dtype=np.int64)
    owners = np.array([slot.variable for slot in all_slots])
    colors = _colors(elements, owners, len(slots), offsets, sizes)
    lanes = tuple(
        Lane(variable, c)
        for variable in dict.fromkeys(slot.variable for slot in slots)
        for c in range(int(colors[variable].max()) + 1 if variable in colors else 1)
    )
    parts = tuple(_parts(elements, owners, len(slots), lanes, colors, offsets))
    own_variables = tuple(slot.variable for slot in own)
    assignments = None
    if states is not None:
        of_lanes = [states[lane.variable] for lane in lanes]
        assignments, parts = _by_assignment(parts, lanes, of_lanes, len(own))
    return Layout(piece, shape, summed, count, lanes, colors, own_variables, parts, assignments)


def _by_assignment(
    parts: tuple[Part, ...], lanes: Sequence[Lane], states: Sequence[int], own: int
) -> tuple[np.ndarray | None, tuple[Part, ...]]:
    """Make one part of those that are about elements of the same variables, if they are many."""
    alike: dict[tuple[int, ...], list[Part]] = {}
    for part in parts:
        kind = sorted(lanes[lane].variable for lane in part.lanes if lane < len(lanes))
        if len(part.lanes) != len(kind) + own:
            return None, parts
        alike.setdefault(tuple(kind), []).append(part)
    if max((len(each) for each in alike.values()), default=0) <= MOST_ALIKE:
        return None, parts
    merged: list[tuple[np.ndarray, np.ndarray, tuple[int, ...]]] = []
    patterns: list[tuple[int, ...]] = []
    which: list[np.ndarray] = []
    for same in alike.values():
        width = len(same[0].lanes) - own
        rows = [np.arange(len(p.elements)) if p.rows is None else p.rows for p in same]
        elements = np.concatenate([part.elements for part in same])
        of_lanes = np.concatenate([np.tile(p.lanes, (len(p.elements), 1)) for p in same])
        of_lanes = of_lanes.reshape(len(elements), -1).astype(np.int64)
        order = np.argsort(np.concatenate(rows), kind="stable")
        elements, of_lanes = elements[order], of_lanes[order]
        across = np.argsort(elements[:, :width], axis=1)
        for each in (elements, of_lanes):
            each[:, :width] = np.take_along_axis(each[:, :width], across, axis=1)
        found, inverse = np.unique(of_lanes[:, :width], axis=0, return_inverse=True)
        first = tuple(int(lane) for lane in of_lanes[0])
        merged.append((np.sort(np.concatenate(rows)), elements, first))
        which.append(inverse.reshape(-1) + len(patterns))
        patterns.extend(tuple(int(lane) for lane in each) for each in found)
    covered = cover(patterns, states)
    if covered is None:
        return None, parts
    assignments, where = covered
    result = []
    for (rows_here, elements, first), chosen in zip(merged, which, strict=True):
        at = np.stack([where[pattern] for pattern in range(chosen.min(), chosen.max() + 1)])
        result.append(
            Part(rows_here, elements, first, np.moveaxis(at[chosen - chosen.min()], 0, -1))
        )
    return assignments, tuple(result)


def _colors(
    elements: np.ndarray, owners: np.ndarray, width: int, offsets: np.ndarray, sizes: Sequence[int]
) -> dict[int, np.ndarray]:
    result = {}
    for variable in dict.fromkeys(owners[:width].tolist()):
        columns = [j for j in range(width) if owners[j] == variable]
        if len(columns) == 1:
            continue
        pairs = [
            elements[:, [a, b]][(elements[:, a] >= 0) & (elements[:, b] >= 0)]
            for i, a in enumerate(columns)
            for b in columns[i + 1 :]
        ]
        found = color(np.concatenate(pairs) - offsets[variable], sizes[variable])
        if found.max(initial=0) > 0:
            result[variable] = found
    return result


def _parts(
    elements: np.ndarray,
    owners: np.ndarray,
    width: int,
    lanes: Sequence[Lane],
    colors: dict[int, np.ndarray],
    offsets: np.ndarray,
) -> list[Part]:
    numbers = {lane: i for i, lane in enumerate(lanes)}
    lane_of = np.full(elements.shape, -1, dtype=np.int64)
    for j in range(elements.shape[1]):
        if j >= width:
            lane_of[:, j] = len(lanes) + j - width  # own axes follow the lanes
            continue
        variable = int(owners[j])
        if variable not in colors:
            lane_of[:, j] = numbers[Lane(variable, 0)]
            continue
        color_lane = np.array(
            [numbers[Lane(variable, c)] for c in range(int(colors[variable].max()) + 1)]
        )
        position = np.maximum(elements[:, j] - offsets[variable], 0)
        lane_of[:, j] = color_lane[colors[variable][position]]
    # A pattern says of each column: absent or a repetition (-1), or the lane to read it along.
    pattern = np.where(elements >= 0, lane_of, -1)
    for j in range(1, elements.shape[1]):
        repeated = (elements[:, [j]] == elements[:, :j]).any(axis=1)
        pattern[repeated, j] = -1
    if len(pattern) and np.all(pattern == pattern[0]):
        kinds, which = pattern[:1], None
    else:
        kinds, which = np.unique(pattern, axis=0, return_inverse=True)
    parts = []
    for number, kind in enumerate(kinds):
        rows = None if which is None else np.flatnonzero(which.reshape(-1) == number)
        chosen = elements if rows is None else elements[rows]
        present = np.flatnonzero(kind >= 0)
        parts.append(Part(rows, chosen[:, present], tuple(kind[present].tolist())))
    return parts


def evaluations(layout: Layout, states: Sequence[int]) -> int:
    """Count the combinations of states that the piece is evaluated in, own axes included."""
    if layout.assignments is None:
        return joint_states(layout, states)
    own = [states[variable] for variable in layout.own]
    return len(layout.assignments) * int(np.prod(own, dtype=int))


def joint_states(layout: Layout, states: Sequence[int]) -> int:
    """Count the joint states of a piece's lanes and its own axes."""
    counts = [states[lane.variable] for lane in layout.lanes]
    counts += [states[variable] for variable in layout.own]
    result = 1
    for count in counts:  # Python's integers: the product may be astronomical
        result *= count
    return result
