"""Factors about the same elements, added into one table with one row for each set of elements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.marginal.elimination.row_map import RowMap
from aliquot.marginal.elimination.semiring import Semiring
from aliquot.marginal.elimination.table import Table, as_array, is_cells, map_rows, total

Values = list[Any]


@dataclass(frozen=True)
class Source:
    """A value that is read: which axes it has in order, and where its rows go."""

    slot: int
    axes: tuple[int, ...]
    rows: RowMap

    def arranged(self, table: Table) -> Table:
        """Put the axes in order."""
        if self.axes == tuple(range(len(self.axes))):
            return table
        rows = () if is_cells(table) else (len(self.axes),)
        return table.transpose(*self.axes, *rows)

    def disarranged(self, array: Any) -> Any:
        """Undo `arranged`, for one array."""
        back = np.argsort(self.axes).tolist() if self.axes else []
        return array.transpose(*back, len(self.axes))


@dataclass(frozen=True)
class Merge:
    """The sum of several tables over the same slots.

    Attributes
    ----------
    sources : tuple of Source
    target : int
        The slot of the value that is made.
    states : tuple of int
    """

    sources: tuple[Source, ...]
    target: int
    states: tuple[int, ...]

    def forward(self, values: Values, semiring: Semiring) -> Table | None:
        """Add up; absent values (None) add nothing."""
        parts = [
            map_rows(source.arranged(values[source.slot]), source.rows.apply)
            for source in self.sources
            if values[source.slot] is not None
        ]
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else total(parts, self.states)

    def outside(self, values: Values, above: Any) -> list[tuple[int, Any]]:
        """Give each source row what is outside of it: what is outside of the sum and the others.

        Parameters
        ----------
        above : array, shape (*states, rows)
            What is outside of the merged table.

        Returns
        -------
        list of (slot, array over the source's own axes and rows)
        """
        present = [source for source in self.sources if values[source.slot] is not None]
        full = []
        for source in present:
            array = as_array(source.arranged(values[source.slot]))
            full.append(jnp.broadcast_to(array, (*array.shape[:-1], source.rows.sources)))
        sums = [source.rows.apply(array) for source, array in zip(present, full, strict=True)]
        result = []
        for i, source in enumerate(present):
            rest = above
            for j, other in enumerate(sums):
                rest = rest + other if j != i else rest
            outside = source.rows.read_back(rest)
            if not source.rows.injective:
                outside = outside + _others_within(full[i], source.rows)
            result.append((source.slot, source.disarranged(outside)))
        return result


def _others_within(array: Any, rows: RowMap) -> Any:
    """Sum what goes to the same target, without the row itself: exact where it is ``-inf``."""
    impossible = array == -jnp.inf
    finite = jnp.where(impossible, 0.0, array)
    count = impossible.astype(array.dtype)
    other_finite = rows.read_back(rows.apply(finite)) - finite
    other_count = rows.read_back(rows.apply(count)) - count
    covered = np.isin(np.arange(rows.sources), rows.source)
    return jnp.where(covered, jnp.where(other_count > 0.5, -jnp.inf, other_finite), 0.0)


@dataclass(frozen=True)
class Live:
    """A factor that is still there: rows of a value, and the elements that each is about.

    Attributes
    ----------
    slot : int
        Where the value is.
    size : int
        How many rows the value has, these among them.
    rows : np.ndarray
        Which rows of the value are still there.
    elements : np.ndarray
        Shape (rows, slots), ascending within a row; no set of elements twice.
    """

    slot: int
    size: int
    rows: np.ndarray
    elements: np.ndarray

    def only(self, which: np.ndarray) -> Live:
        """Keep some of the rows."""
        return Live(self.slot, self.size, self.rows[which], self.elements[which])


@dataclass(frozen=True)
class Part:
    """Rows of a value that are to become rows of a live factor, in any order and repeated."""

    slot: int
    size: int
    rows: np.ndarray
    elements: np.ndarray
    axes: tuple[int, ...]


def parts_of_factor(slot: int, elements: np.ndarray) -> list[Part]:
    """Put the slots of each row into ascending order of elements: one part for each permutation."""
    size, slots = elements.shape
    rows = np.arange(size)
    if slots < 2:
        return [Part(slot, size, rows, elements, tuple(range(slots)))]
    order = np.argsort(elements, axis=1)
    codes = order @ (slots ** np.arange(slots))
    parts = []
    for code in np.unique(codes):
        which = np.flatnonzero(codes == code)
        axes = tuple(int(axis) for axis in order[which[0]])
        parts.append(Part(slot, size, which, elements[which][:, list(axes)], axes))
    return parts


def merge_plan(
    parts: Sequence[Part], codes: Sequence[np.ndarray], target: int, states: tuple[int, ...]
) -> tuple[Merge | None, Live]:
    """Say how parts over the same blocks become one live factor.

    Parameters
    ----------
    parts : sequence of Part
    codes : sequence of arrays
        For each part, a number for each row that tells its elements.
    target : int
        Where the merged value will be.
    states : tuple of int

    Returns
    -------
    merge : Merge or None
        None where the only part can stay as it is.
    live : Live
    """
    in_order = bool(np.all(codes[0][1:] > codes[0][:-1]))
    if in_order and all(np.array_equal(codes[0], code) for code in codes[1:]):
        elements = parts[0].elements
        targets = [np.arange(codes[0].size)] * len(parts)
    else:
        everything = np.concatenate(codes)
        _, first, inverse = np.unique(everything, return_index=True, return_inverse=True)
        elements = np.concatenate([part.elements for part in parts])[first]
        targets = np.split(inverse, np.cumsum([code.size for code in codes])[:-1])
    only = parts[0]
    count = elements.shape[0]
    as_it_is = only.axes == tuple(range(len(only.axes))) and count == only.elements.shape[0]
    if len(parts) == 1 and as_it_is:
        return None, Live(only.slot, only.size, only.rows, only.elements)
    sources = tuple(
        Source(part.slot, part.axes, RowMap(part.rows, place, part.size, count))
        for part, place in zip(parts, targets, strict=True)
    )
    return Merge(sources, target, states), Live(target, count, np.arange(count), elements)
