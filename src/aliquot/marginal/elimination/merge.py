"""Factors about the same elements, added into one table with one row for each set of elements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.marginal.elimination.live import Live, Rows
from aliquot.marginal.elimination.row_map import RowMap
from aliquot.marginal.elimination.semiring import Semiring
from aliquot.marginal.elimination.step import Reading, Registers, present
from aliquot.marginal.elimination.table import Table, total


@dataclass(frozen=True)
class Merge:
    """The sum of several tables over the same elements. It sums none out."""

    readings: tuple[Reading, ...]
    target: int
    states: tuple[int, ...]

    def forward(self, registers: Registers, semiring: Semiring) -> tuple[Table | None, Any]:
        """Add up; what is absent adds nothing."""
        parts = [
            reading.read(table, len(self.states))
            for reading, table in present(self.readings, registers)
        ]
        if not parts:
            return None, None
        return (parts[0] if len(parts) == 1 else total(parts, self.states)), None

    def outside(self, registers: Registers, above: Any) -> list[tuple[int, Any]]:
        """Give each row what is outside of the sum, and the others that are added."""
        readings, full, sums = [], [], []
        for reading, table in present(self.readings, registers):
            array = table.placed(reading.axes, len(self.states)).as_array()
            array = jnp.broadcast_to(array, (*array.shape[:-1], reading.rows.sources))
            readings.append(reading)
            full.append(array)
            sums.append(reading.rows.apply(array))
        result = []
        for i, reading in enumerate(readings):
            rest = above
            for j, other in enumerate(sums):
                rest = rest + other if j != i else rest
            outside = reading.rows.read_back(rest)
            if not reading.rows.injective:
                outside = outside + _others_within(full[i], reading.rows)
            result.append((reading.register, reading.in_order(outside)))
        return result

    def backtrack(self, memory: Any, states: Any, key: Any | None) -> Any:
        """Nothing was summed out."""
        return states


def _others_within(array: Any, rows: RowMap) -> Any:
    """Sum what goes to the same target, without the row itself: exact where it is ``-inf``."""
    impossible = array == -jnp.inf
    finite = jnp.where(impossible, 0.0, array)
    count = impossible.astype(array.dtype)
    other_finite = rows.read_back(rows.apply(finite)) - finite
    other_count = rows.read_back(rows.apply(count)) - count
    covered = np.isin(np.arange(rows.sources), rows.source)
    return jnp.where(covered, jnp.where(other_count > 0.5, -jnp.inf, other_finite), 0.0)


def merge_plan(
    parts: Sequence[Rows], codes: Sequence[np.ndarray], target: int, states: tuple[int, ...]
) -> tuple[Merge | None, Live]:
    """Say how rows over the same variables become one live factor.

    For each part, `codes` has a number for each row that tells its elements. `target` is the
    register for the merged table. The merge is None where the only part can stay as it is.
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
        return None, Live(only.register, only.size, only.rows, only.elements)
    readings = tuple(
        Reading(part.register, part.axes, RowMap(part.rows, place, part.size, count))
        for part, place in zip(parts, targets, strict=True)
    )
    return Merge(readings, target, states), Live(target, count, np.arange(count), elements)
