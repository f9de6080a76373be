"""Tables of log weights over joint states, with one row for each set of elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.marginal.elimination.semiring import Semiring

# Joint states up to which an entry is an array of its own: past it, the program grows too long.
MOST_CELLS = 64
MOST_CELLS_OF_ARRAYS = 8


@dataclass(frozen=True)
class Table:
    """The log weights of the joint states of a few elements, for many rows of elements.

    It has one of two forms. In *cells*, each joint state has an array of its own: the fast form for
    few joint states, because XLA does not vectorise over a short axis on a CPU. As one array, for
    many.

    In cells, `entries` is a NumPy object array of shape (K1..Km), whose entries are arrays of shape
    (rows,) or (1,); else it is one array of shape (K1..Km, rows or 1). Length 1 stands for the same
    in all rows. Entries may be ``-inf``.
    """

    entries: Any

    @staticmethod
    def of_cells(states: Sequence[int], cell: Callable[[tuple[int, ...]], Any]) -> Table:
        """Make a table in cells: ``cell(joint state)`` is the array of its rows."""
        entries = np.empty(tuple(states), object)
        for at in np.ndindex(*states):
            entries[at] = cell(at)
        return Table(entries)

    @property
    def in_cells(self) -> bool:
        """Whether each joint state has an array of its own."""
        return isinstance(self.entries, np.ndarray) and self.entries.dtype == object

    @property
    def states(self) -> tuple[int, ...]:
        """The shape (K1..Km) of the joint states."""
        return tuple(self.entries.shape) if self.in_cells else tuple(self.entries.shape[:-1])

    @property
    def lengths(self) -> set[int]:
        """How many rows there are: their number or 1, in each of the arrays."""
        arrays = self.entries.reshape(-1) if self.in_cells else [self.entries]
        return {int(array.shape[-1]) for array in arrays}

    def __getitem__(self, at: tuple[int, ...]) -> Any:
        """Give the rows of one joint state."""
        return self.entries[at]

    def as_array(self) -> Any:
        """Give one array, shape (K1..Km, rows or 1)."""
        if not self.in_cells:
            return self.entries
        rows = max(self.lengths, default=1)
        full = [jnp.broadcast_to(self[at], (rows,)) for at in np.ndindex(*self.states)]
        return jnp.stack(full).reshape(*self.states, rows)

    def like(self, array: Any) -> Table:
        """Give an array, shape (K1..Km, rows), the form of this table."""
        return Table.of_cells(self.states, lambda at: array[at]) if self.in_cells else Table(array)

    def map_rows(self, change: Callable[[Any], Any]) -> Table:
        """Apply a function of (..., rows)."""
        if self.in_cells:
            return Table.of_cells(self.states, lambda at: change(self[at]))
        return Table(change(self.entries))

    def reshaped(self, states: Sequence[int]) -> Table:
        """Give the joint states another shape."""
        rows = () if self.in_cells else self.entries.shape[-1:]
        return Table(self.entries.reshape((*states, *rows)))

    def transposed(self, order: Sequence[int]) -> Table:
        """Permute the elements of the joint state."""
        if list(order) == list(range(len(order))):
            return self
        rows = () if self.in_cells else (len(order),)
        return Table(self.entries.transpose(*order, *rows))

    def placed(self, axes: Sequence[int], dimension: int) -> Table:
        """Put the axes at places of a larger joint state, length 1 along the others.

        For each axis of the table, `axes` has its place among the `dimension` axes of the result.
        """
        table = self.transposed(sorted(range(len(axes)), key=lambda i: axes[i]))
        shape = [1] * dimension
        for place, states in zip(sorted(axes), table.states, strict=True):
            shape[place] = states
        return table.reshaped(shape)

    def combined(self, axes: tuple[int, ...], semiring: Semiring) -> Table:
        """Combine the states along some axes, which go."""
        if not self.in_cells:
            return Table(semiring.along(self.entries, axes))
        if not axes:
            return self
        kept = [axis for axis in range(len(self.states)) if axis not in axes]
        moved = self.entries.transpose(*kept, *axes)
        shape, rest = moved.shape[: len(kept)], moved.shape[len(kept) :]
        return Table.of_cells(
            shape, lambda at: semiring.of_terms([moved[at][each] for each in np.ndindex(*rest)])
        )


def total(tables: Sequence[Table], states: Sequence[int]) -> Table:
    """Add tables that have been placed in the same joint state, to one that is full.

    Each axis of theirs has length 1 or its full one, that of `states`.
    """
    joint = int(np.prod(states, dtype=np.int64))
    any_cells = any(table.in_cells for table in tables)
    if joint <= MOST_CELLS_OF_ARRAYS or (any_cells and joint <= MOST_CELLS):
        in_cells = (
            table if table.in_cells else Table.of_cells(table.states, table.__getitem__)
            for table in tables
        )
        cells = [np.broadcast_to(table.entries, tuple(states)) for table in in_cells]
        return Table.of_cells(states, lambda at: _add([each[at] for each in cells]))
    added = _add([table.as_array() for table in tables])
    return Table(jnp.broadcast_to(added, (*states, added.shape[-1])))


def zeros(states: Sequence[int]) -> Table:
    """Make the table of weights one."""
    if int(np.prod(states, dtype=np.int64)) <= MOST_CELLS:
        return Table.of_cells(states, lambda at: jnp.zeros(1))
    return Table(jnp.zeros((*states, 1)))


def _add(arrays: Sequence[Any]) -> Any:
    added = arrays[0]
    for array in arrays[1:]:
        added = added + array
    return added
