"""The tables of a piece: its rows' values in every combination of their elements' states."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.marginal.assignments import Evaluator
from aliquot.marginal.dependence import Piece
from aliquot.marginal.elimination import gather_sum
from aliquot.marginal.layout import Layout
from aliquot.marginal.unknowns import Unknown

# Up to so many joint states each gets an array of its own, which XLA turns into the fastest code
# on CPU; beyond, the states are axes of one array.
FEW = 8

# A table: an object array of shape (K1, ..., Km) that holds arrays of shape (rows,) or (1,), or one
# array of shape (K1, ..., Km, rows or 1).
Table = Any


def piece_tables(
    layout: Layout, unknowns: Sequence[Unknown], positions: dict[int, int], evaluator: Evaluator
) -> list[Table]:
    """Evaluate a piece in all its joint states; one table for each of the layout's parts.

    Parameters
    ----------
    layout : Layout
    unknowns : sequence of Unknown
        By number of the variable.
    positions : dict from int to int
        The input of the computation that holds each variable.
    evaluator : Evaluator
    """
    if layout.assignments is not None:
        return _by_assignment(layout, unknowns, positions, evaluator)
    states = [unknowns[lane.variable].states for lane in layout.lanes]
    own = [unknowns[variable].states for variable in layout.own]
    if int(np.prod([*states, *own], dtype=float)) <= FEW:
        cells = np.empty((*states, *own), dtype=object)
        for combination in product(*(range(k) for k in states)):
            value = _one(layout, combination, unknowns, positions, evaluator)
            value = jnp.broadcast_to(value, (*value.shape[: value.ndim - len(own)], *own))
            for rest in product(*(range(k) for k in own)):
                entry = value[(..., *rest)] if own else value
                cells[combination + rest] = _rows(entry, layout, 0)
        return [_pick_cells(cells, part) for part in layout.parts]
    value = _stacked(layout, unknowns, positions, evaluator)
    whole = jnp.broadcast_to(value, (*states, *own, value.shape[-1]))
    return [_pick_array(whole, part) for part in layout.parts]


def _one(
    layout: Layout,
    combination: tuple[int, ...],
    unknowns: Sequence[Unknown],
    positions: dict[int, int],
    evaluator: Evaluator,
) -> Any:
    """Evaluate a piece with each lane in one state; compact, own axes last."""
    chosen = dict(zip(layout.lanes, combination, strict=True))
    given = stand_ins(unknowns, positions, 0)
    for variable in dict.fromkeys(lane.variable for lane in layout.lanes):
        unknown = unknowns[variable]
        shape = unknown.shape
        of = [chosen[lane] for lane in layout.lanes if lane.variable == variable]
        if variable in layout.colors:
            array = np.asarray(of)[layout.colors[variable]].reshape(shape)
            key = (tuple(of), layout.colors[variable].tobytes())
        else:
            array, key = np.full((1,) * len(shape), of[0]), (tuple(of), b"")
        array = (array + unknown.lowest).astype(unknown.distribution.dtype)
        given[positions[variable]] = (("one", variable, key), array)
    single = stand_ins(unknowns, positions, 0)
    return weighted(layout.piece, evaluator.at(layout.piece.var, given, 0), evaluator, single)


def _by_assignment(
    layout: Layout,
    unknowns: Sequence[Unknown],
    positions: dict[int, int],
    evaluator: Evaluator,
) -> list[Table]:
    """Evaluate a piece in each assignment, and put each part's tables together from these."""
    assert layout.assignments is not None
    number, count = len(layout.assignments), layout.count
    own = [unknowns[variable].states for variable in layout.own]
    value = _stacked(layout, unknowns, positions, evaluator)
    value = jnp.broadcast_to(value, (number, *own, count))
    value = jnp.moveaxis(value, 0, -2).reshape((*own, number * count))
    tables = []
    for part in layout.parts:
        if not part.lanes:
            tables.append(value[..., part.rows])
            continue
        assert part.where is not None
        places = (part.where * count + part.rows).reshape(-1)
        back = np.full((1, number * count), places.size, np.int32)
        back[0, places] = np.arange(places.size)
        padded_back = places.size < back.size
        found = gather_sum(
            value, places[None].astype(np.int32), back, padded=False, padded_back=padded_back
        )
        found = found.reshape((*own, *part.where.shape))
        lead, m = len(own), part.where.ndim - 1
        order = [*range(lead, lead + m), *range(lead), lead + m]
        tables.append(jnp.transpose(found, order))
    return tables


def _stacked(
    layout: Layout,
    unknowns: Sequence[Unknown],
    positions: dict[int, int],
    evaluator: Evaluator,
) -> Any:
    """Evaluate a piece along all lanes at once: shape (lanes..., own..., rows or 1).

    For assignments the one leading axis is theirs.
    """
    value, width = _along_lanes(layout, unknowns, positions, evaluator)
    if layout.own:
        last = len(layout.own)
        axes = range(value.ndim)
        order = [*axes[:width], *axes[value.ndim - last :], *axes[width : value.ndim - last]]
        value = jnp.transpose(value, order)
    return _rows(value, layout, width + len(layout.own))


def _along_lanes(
    layout: Layout,
    unknowns: Sequence[Unknown],
    positions: dict[int, int],
    evaluator: Evaluator,
) -> tuple[Any, int]:
    """Evaluate a piece along all lanes, or in all assignments of states to them.

    Returns
    -------
    value : array, shape (lanes or assignments..., *shape, own...), axes full or 1
    width : int
        How many leading axes there are.
    """
    listed = layout.assignments
    width = len(layout.lanes) if listed is None else 1
    given = stand_ins(unknowns, positions, width)
    for variable in dict.fromkeys(lane.variable for lane in layout.lanes):
        unknown = unknowns[variable]
        ones = (1,) * len(unknown.shape)
        colors = layout.colors.get(variable)
        array: Any = None
        for number, lane in enumerate(layout.lanes):
            if lane.variable != variable:
                continue
            if listed is None:
                axis = [1] * width
                axis[number] = unknown.states
                along = unknown.values.reshape((*axis, *ones))
            else:
                along = unknown.values[listed[:, number]].reshape((-1, *ones))
            if colors is None:
                array = along
            else:
                here = (colors == lane.color).reshape((*(1,) * width, *unknown.shape))
                array = np.where(here, along, 0 if array is None else array)
        array = np.asarray(array).astype(unknown.distribution.dtype)
        way: Any = "stacked" if listed is None else listed.tobytes()
        key = (way, layout.lanes, b"" if colors is None else colors.tobytes())
        given[positions[variable]] = ((*key, variable), array)
    single = stand_ins(unknowns, positions, 0)
    value = evaluator.at(layout.piece.var, given, width)
    return weighted(layout.piece, value, evaluator, single), width


def stand_ins(unknowns: Sequence[Unknown], positions: dict[int, int], lanes: int) -> dict[int, Any]:
    """Give states to the variables that a value is found not to depend on: any will do."""
    return {
        positions[i]: (
            ("any", i, lanes),
            np.full((1,) * (lanes + len(u.shape)), u.lowest, dtype=u.distribution.dtype),
        )
        for i, u in enumerate(unknowns)
    }


def unsummed(
    layout: Layout, unknowns: Sequence[Unknown], positions: dict[int, int], evaluator: Evaluator
) -> list[Any]:
    """Evaluate a piece without summing.

    Returns
    -------
    list of array, shape (K1, ..., Km, rows, product of the summed axes)
        One for each of the layout's parts.
    """
    value, lead = _along_lanes(layout, unknowns, positions, evaluator)
    states = (
        [unknowns[lane.variable].states for lane in layout.lanes]
        if layout.assignments is None
        else [len(layout.assignments)]
    )
    value = jnp.broadcast_to(value, (*states, *layout.shape))
    kept = [axis for axis in range(len(layout.shape)) if axis not in layout.summed]
    order = [*range(lead), *(lead + axis for axis in (*kept, *layout.summed))]
    value = jnp.transpose(value, order).reshape((*states, layout.count, -1))
    found = []
    for part in layout.parts:
        rows = np.arange(layout.count) if part.rows is None else part.rows
        if layout.assignments is None:
            found.append(ordered(value, part.lanes, trailing=2)[..., rows, :])
        else:
            found.append(value[0 if part.where is None else part.where, rows])
    return found


def weighted(piece: Piece, value: Any, evaluator: Evaluator, given: dict[int, Any]) -> Any:
    """Multiply what comes of a piece's value by the piece's coefficients.

    Parameters
    ----------
    piece : Piece
    value : array
        The value, or a sum over it.
    evaluator : Evaluator
    given : dict
        States for the unknowns, as from `stand_ins` without lanes.
    """
    for atom, power in piece.coefficients:
        scalar = jnp.reshape(evaluator.at(atom, given, 0), ())
        value = value * scalar if power > 0 else value / scalar
    return value if piece.sign > 0 else -value


def _rows(value: Any, layout: Layout, lead: int) -> Any:
    """Sum the axes that rows do not differ along; flatten the others, a constant one to length 1.

    Parameters
    ----------
    value : array, shape (*leading, *layout.shape), each axis full or of length 1
    layout : Layout
    lead : int
        Number of leading axes.
    """
    value = jnp.asarray(value, dtype=float)
    for axis in layout.summed:
        if value.shape[lead + axis] != layout.shape[axis]:
            value = value * layout.shape[axis]
    value = jnp.sum(value, axis=tuple(lead + axis for axis in layout.summed))
    rest = tuple(n for axis, n in enumerate(layout.shape) if axis not in layout.summed)
    front = value.shape[:lead]
    if all(n == 1 for n in value.shape[lead:]):
        return value.reshape((*front, 1))
    return jnp.broadcast_to(value, (*front, *rest)).reshape((*front, layout.count))


def _pick_cells(cells: np.ndarray, part: Any) -> Any:
    """Order an object table's axes as a part's columns, and take its rows.

    Rows that depend on no element are given as they are, an array of shape (rows,) or (1,).
    """
    table = ordered(cells, part.lanes)
    if not part.lanes:
        return _take(table, part.rows)
    result = np.empty(table.shape, dtype=object)
    for index in np.ndindex(table.shape):
        result[index] = _take(table[index], part.rows)
    return result


def _pick_array(whole: Any, part: Any) -> Any:
    return _take(ordered(whole, part.lanes, trailing=1), part.rows)


def ordered(table: Any, lanes: tuple[int, ...], trailing: int = 0) -> Any:
    """Keep the lanes that a part depends on, in its order; of the others the first state does.

    Parameters
    ----------
    table : array, shape (lanes..., trailing...)
    lanes : tuple of int
    trailing : int
        Number of axes after the lanes.
    """
    width = table.ndim - trailing
    index = tuple(slice(None) if axis in lanes else 0 for axis in range(width))
    kept = [axis for axis in range(width) if axis in lanes]
    order = [kept.index(lane) for lane in lanes]
    picked = table[index]
    if not lanes:
        return picked  # of an object array the one entry itself
    return picked.transpose([*order, *range(len(order), picked.ndim)])


def _take(value: Any, rows: np.ndarray | None) -> Any:
    if rows is None or value.shape[-1] == 1:
        return value
    first, last = int(rows[0]), int(rows[-1])
    step = (last - first) // (len(rows) - 1) if len(rows) > 1 else 1
    if len(rows) == 1 or (step > 0 and np.array_equal(rows, np.arange(first, last + 1, step))):
        return value[..., first : last + 1 : step]
    return value[..., rows]
