"""Tables of log weights over joint states, in two forms, with one row for each set of elements.

A table is either a NumPy object array of shape (K1..Km) whose entries are arrays of shape (rows,)
or (1,), or one array of shape (K1..Km, rows or 1). The first is the fast form for few joint states,
because XLA does not vectorise over a short axis on a CPU; the second the one for many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.marginal.elimination.semiring import Semiring

Table = Any
# Joint states up to which an entry is an array of its own: past it, the program grows too long.
MOST_CELLS = 64
MOST_CELLS_OF_ARRAYS = 8


def is_cells(table: Table) -> bool:
    """Say whether a table is in the form with one array for each joint state."""
    return isinstance(table, np.ndarray) and table.dtype == object


def states_of(table: Table) -> tuple[int, ...]:
    """Give the shape (K1..Km) of the joint states."""
    return tuple(table.shape) if is_cells(table) else tuple(table.shape[:-1])


def each_cell(shape: Sequence[int], cell: Callable[[tuple[int, ...]], Any]) -> Table:
    """Make a table in cells: ``cell(joint state)`` is the array of its rows."""
    table = np.empty(tuple(shape), object)
    for at in np.ndindex(*shape):
        table[at] = cell(at)
    return table


def as_cells(table: Table) -> Table:
    """Give the form with one array for each joint state."""
    return table if is_cells(table) else each_cell(table.shape[:-1], lambda at: table[at])


def as_array(table: Table) -> Any:
    """Give the form of one array."""
    if not is_cells(table):
        return table
    cells = [table[at] for at in np.ndindex(*table.shape)]
    rows = max((cell.shape[-1] for cell in cells), default=1)
    full = [jnp.broadcast_to(cell, (rows,)) for cell in cells]
    return jnp.stack(full).reshape(*table.shape, rows)


def map_rows(table: Table, change: Callable[[Any], Any]) -> Table:
    """Apply a function of (..., rows) to a table."""
    if is_cells(table):
        return each_cell(table.shape, lambda at: change(table[at]))
    return change(table)


def spread(table: Table, axes: Sequence[int], dimension: int) -> Table:
    """Put a table's axes at places of a larger joint state, length 1 along the others.

    Parameters
    ----------
    table : table over (K1..Km)
    axes : sequence of int
        For each axis of the table, its place in the result.
    dimension : int
        The number of axes of the result.
    """
    order = sorted(range(len(axes)), key=lambda i: axes[i])
    if order != list(range(len(axes))):
        rows = () if is_cells(table) else (len(axes),)
        table = table.transpose(*order, *rows)
    states = states_of(table)
    shape = [1] * dimension
    for place, i in enumerate(order):
        shape[axes[i]] = states[place]
    return table.reshape(shape) if is_cells(table) else table.reshape(*shape, table.shape[-1])


def total(tables: Sequence[Table], states: Sequence[int]) -> Table:
    """Add tables that have been spread to the same joint state, to one that is full.

    Parameters
    ----------
    tables : sequence of tables, each axis full or of length 1
    states : sequence of int
        The full joint state.
    """
    joint = int(np.prod(states, dtype=np.int64))
    any_cells = any(is_cells(table) for table in tables)
    if joint <= MOST_CELLS_OF_ARRAYS or (any_cells and joint <= MOST_CELLS):
        cells = [np.broadcast_to(as_cells(table), tuple(states)) for table in tables]
        return each_cell(states, lambda at: _add([table[at] for table in cells]))
    added = _add([as_array(table) for table in tables])
    return jnp.broadcast_to(added, (*states, added.shape[-1]))


def reduce_axes(table: Table, axes: tuple[int, ...], semiring: Semiring) -> Table:
    """Combine the states along some axes, which go."""
    if not is_cells(table):
        return semiring.along(table, axes)
    kept = [axis for axis in range(table.ndim) if axis not in axes]
    moved = table.transpose(*kept, *axes)
    shape = moved.shape[: len(kept)]
    return each_cell(
        shape,
        lambda at: (
            semiring.of_terms([moved[at][rest] for rest in np.ndindex(*moved.shape[len(kept) :])])
            if axes
            else moved[at]
        ),
    )


def zeros(states: Sequence[int]) -> Table:
    """Make the table of weights one."""
    joint = int(np.prod(states, dtype=np.int64))
    if joint <= MOST_CELLS:
        return each_cell(states, lambda at: jnp.zeros(1))
    return jnp.zeros((*states, 1))


def _add(arrays: Sequence[Any]) -> Any:
    added = arrays[0]
    for array in arrays[1:]:
        added = added + array
    return added
