"""The oracle: every joint state of a small problem, in NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from aliquot.marginal.elimination import Factor, Table, Variable


@dataclass(frozen=True)
class Problem:
    """Blocks, factors and tables, each table an array (K1..Km, rows or 1)."""

    blocks: list[Variable]
    factors: list[Factor]
    arrays: list[np.ndarray]
    cells: list[bool]

    def tables(self, arrays=None):
        """Give the tables in the forms that the problem asks for."""
        arrays = self.arrays if arrays is None else arrays
        return [
            as_cells(a) if cells else Table(jnp.asarray(a))
            for a, cells in zip(arrays, self.cells, strict=True)
        ]


def as_cells(array):
    """Give one array for each joint state."""
    return Table.of_cells(array.shape[:-1], lambda at: jnp.asarray(array[at]))


class Enumeration:
    """All joint states of a problem with their log weights."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        states = [block.states for block in problem.blocks for _ in range(block.size)]
        self.joint = (
            np.stack([axis.reshape(-1) for axis in np.indices(states)], axis=1)
            if states
            else np.zeros((1, 0), int)
        )
        self.each = [self.of_rows(i) for i in range(len(problem.factors))]
        self.log_weights = sum((w.sum(axis=1) for w in self.each), np.zeros(len(self.joint)))

    def cells_of(self, factor: int) -> tuple[np.ndarray, ...]:
        """Give the index of the entry that each row has in each joint state."""
        elements = self.problem.factors[factor].elements
        return tuple(self.joint[:, elements[:, slot]] for slot in range(elements.shape[1]))

    def of_rows(self, factor: int) -> np.ndarray:
        """Give the log weight of each row in each joint state, (joint states, rows)."""
        array = self.problem.arrays[factor]
        rows = self.problem.factors[factor].elements.shape[0]
        full = np.broadcast_to(array, (*array.shape[:-1], rows))
        at = (*self.cells_of(factor), np.broadcast_to(np.arange(rows), (len(self.joint), rows)))
        return full[at]

    @property
    def log_sum(self) -> float:
        return log_sum(self.log_weights)

    @property
    def weights(self) -> np.ndarray:
        """The probability of each joint state, zero where all are impossible."""
        total = self.log_sum
        return np.exp(self.log_weights - total) if total > -np.inf else np.zeros(len(self.joint))

    def probabilities(self) -> list[np.ndarray]:
        result, start = [], 0
        for block in self.problem.blocks:
            mine = self.joint[:, start : start + block.size]
            states = np.arange(block.states)
            result.append(np.einsum("j,jek->ek", self.weights, mine[:, :, None] == states))
            start += block.size
        return result

    def gradient(self, factor: int) -> np.ndarray:
        """Give the derivative of the log sum by each entry of a table."""
        array = self.problem.arrays[factor]
        rows = self.problem.factors[factor].elements.shape[0]
        result = np.zeros((*array.shape[:-1], rows))
        cells = self.cells_of(factor)
        for row in range(rows):
            at = np.full(len(self.joint), row)
            np.add.at(result, (*(c[:, row] for c in cells), at), self.weights)
        return result.sum(axis=-1, keepdims=True) if array.shape[-1] == 1 else result

    def outside(self, factor: int) -> np.ndarray:
        array = self.problem.arrays[factor]
        rows = self.problem.factors[factor].elements.shape[0]
        result = np.full((*array.shape[:-1], rows), -np.inf)
        cells = self.cells_of(factor)
        for row in range(rows):
            rest = np.zeros(len(self.joint))
            for i, each in enumerate(self.each):
                kept = [r for r in range(each.shape[1]) if i != factor or r != row]
                rest = rest + each[:, kept].sum(axis=1)
            for at in np.ndindex(*array.shape[:-1]):
                match = np.ones(len(self.joint), bool)
                for cell, state in zip(cells, at, strict=True):
                    match &= cell[:, row] == state
                result[(*at, row)] = log_sum(rest[match])
        return result


def log_sum(values: np.ndarray) -> float:
    largest = values.max()
    return float(largest + np.log(np.exp(values - largest).sum())) if largest > -np.inf else -np.inf


def random_table(rng, states, rows, *, impossible: float, equal_rows: bool) -> np.ndarray:
    """Draw a table, of which some entries and sometimes whole states are impossible."""
    array = rng.normal(0, 2, (*states, 1 if equal_rows else rows))
    array = np.where(rng.random(array.shape) < impossible, -np.inf, array)
    if impossible and states and rng.random() < 0.3:
        array[rng.integers(states[0])] = -np.inf
    return array
