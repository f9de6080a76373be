"""Blocks of elements under one numbering, and rows of elements as comparable codes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aliquot.marginal.elimination.records import Factor, Variable

Scope = tuple[int, ...]


class Numbering:
    """The elements of all blocks, numbered one after the other."""

    def __init__(self, blocks: Sequence[Variable]) -> None:
        self.blocks = tuple(blocks)
        sizes = np.array([block.size for block in blocks], np.int64)
        self.starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.count = int(self.starts[-1])
        self.states = np.array([block.states for block in blocks], np.int64)

    def block_of(self, elements: np.ndarray) -> np.ndarray:
        """Give the number of the block that each element belongs to."""
        return np.searchsorted(self.starts, elements, side="right") - 1

    def elements_of(self, block: int) -> np.ndarray:
        """Give the numbers of a block's elements."""
        return np.arange(self.starts[block], self.starts[block + 1])

    def states_of(self, scope: Scope) -> tuple[int, ...]:
        """Give the number of states of each column."""
        return tuple(int(self.states[block]) for block in scope)

    def scope_of(self, factor: Factor, number: int) -> Scope:
        """Give the block of each column of a factor, or say why there is none."""
        elements = factor.elements
        if elements.ndim != 2:
            raise ValueError(
                f"factor {number} has elements of {elements.ndim} axes; two are needed"
            )
        if elements.size == 0:
            if elements.shape[1]:
                raise ValueError(f"factor {number} has no rows")
            return ()
        low, high = elements.min(axis=0), elements.max(axis=0)
        if low.min() < 0 or high.max() >= self.count:
            raise ValueError(
                f"factor {number} is about elements {low.min()} to {high.max()}, and there are "
                f"{self.count}"
            )
        first, last = self.block_of(low), self.block_of(high)
        if np.any(first != last):
            raise ValueError(f"factor {number} has a column with elements of different blocks")
        return tuple(int(block) for block in first)

    def codes(self, elements: np.ndarray) -> np.ndarray:
        """Give each row of elements, shape (rows, columns), a number that no other set has."""
        code = elements[:, 0].astype(np.int64)
        room = self.count
        for column in range(1, elements.shape[1]):
            if room > np.iinfo(np.int64).max // max(self.count, 1):
                values, code = np.unique(code, return_inverse=True)
                room = values.size
            code = code * self.count + elements[:, column]
            room *= self.count
        return code


def groups_of_rows(matrix: np.ndarray) -> list[np.ndarray]:
    """Give the rows of each distinct content of an integer matrix, in order of first appearance."""
    rows = matrix.shape[0]
    if rows == 0:
        return []
    if matrix.shape[1] == 0 or np.all(matrix == matrix[0]):
        return [np.arange(rows)]
    code = np.zeros(rows, np.int64)
    for column in matrix.T:
        values, inverse = np.unique(column, return_inverse=True)
        code = np.unique(code * values.size + inverse, return_inverse=True)[1]
    order = np.argsort(code, kind="stable")
    cuts = np.flatnonzero(np.diff(code[order])) + 1
    return sorted(np.split(order, cuts), key=lambda group: int(group[0]))
