"""What is left to sum out of: rows of tables in registers, and the elements that each is about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Live:
    """A factor that is still there."""

    register: int  # where its table is
    size: int  # how many rows the table has, these among them
    rows: np.ndarray  # which rows of the table are still there
    elements: np.ndarray  # (rows, columns), ascending within a row; no set of elements twice

    def only(self, which: np.ndarray) -> Live:
        """Keep some of the rows."""
        return Live(self.register, self.size, self.rows[which], self.elements[which])


@dataclass(frozen=True)
class Rows:
    """Rows of a table that are to become rows of a live factor, in any order and repeated.

    The register, the size and the rows are as of `Live`.
    """

    register: int
    size: int
    rows: np.ndarray
    elements: np.ndarray  # (rows, columns), ascending within a row
    axes: tuple[int, ...]  # for each axis of the table, the column of `elements` that it is about


def rows_of_factor(register: int, elements: np.ndarray) -> list[Rows]:
    """Put the columns of each row into ascending order of elements: one for each permutation."""
    size, columns = elements.shape
    rows = np.arange(size)
    if columns < 2:
        return [Rows(register, size, rows, elements, tuple(range(columns)))]
    order = np.argsort(elements, axis=1)
    codes = order @ (columns ** np.arange(columns))
    parts = []
    for code in np.unique(codes):
        which = np.flatnonzero(codes == code)
        ascending = order[which[0]]
        axes = tuple(int(column) for column in np.argsort(ascending))
        parts.append(Rows(register, size, which, elements[which][:, ascending], axes))
    return parts
