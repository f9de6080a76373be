"""The steps of an elimination, run: the log of the sum, probabilities, draws, the largest."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.marginal.elimination.merge import Merge, Values
from aliquot.marginal.elimination.numbering import Numbering, Scope
from aliquot.marginal.elimination.records import StepRecord
from aliquot.marginal.elimination.semiring import LARGEST, LOG_SUM, Semiring
from aliquot.marginal.elimination.table import Table, each_cell, is_cells, states_of


class Step(Protocol):
    """An operation that sums elements out."""

    @property
    def target(self) -> int: ...

    def forward(self, values: Values, semiring: Semiring) -> tuple[Table, Any]: ...

    def outside(self, values: Values, above: Any) -> list[tuple[int, Any]]: ...

    def backtrack(self, memory: Any, states: Any, key: Any | None) -> Any: ...


type Operation = Merge | Step


class Elimination:
    """A way to sum out discrete variables, made by `plan`.

    The methods are pure functions of the tables, to be traced. A table belongs to the factor of the
    same number, and is either a NumPy object array over the joint states of the slots,
    shape (K1..Km), whose entries are arrays of shape (rows,) or (1,), or one array (K1..Km, rows or
    1). Length 1 stands for the same in all rows. Entries may be ``-inf``.

    Attributes
    ----------
    steps : tuple of StepRecord
    kinds : int
        How many steps by rows there are that each are a piece of the program: elements of other
        kinds of neighbourhoods. The time to compile grows with it.
    """

    def __init__(
        self,
        numbering: Numbering,
        scopes: Sequence[Scope],
        rows: Sequence[int],
        operations: Sequence[Operation],
        records: Sequence[StepRecord],
        slots: int,
        kinds: int = 0,
    ) -> None:
        self.steps = tuple(records)
        self.kinds = kinds
        self._numbering = numbering
        self._scopes = tuple(scopes)
        self._rows = tuple(rows)
        self._operations = tuple(operations)
        self._slots = slots

    def log_sum(self, tables: Sequence[Table]) -> Any:
        """Compute the log of the sum, over all joint states, of the exponential of all tables.

        Returns
        -------
        scalar array
            ``-inf`` where all joint states are impossible; the gradient is then finite, and what
            is impossible adds nothing to it. (It is not made zero as a whole: that would have the
            value computed wherever a gradient is wanted.)
        """
        return self._forward(tables, LOG_SUM)[0]

    def probabilities(self, tables: Sequence[Table]) -> list[Any]:
        """Compute the probability of each state of each element, given all tables.

        It is the gradient of the log sum by a weight on that state.

        Returns
        -------
        list of arrays, shape (size, states)
            One for each block; zero where all joint states are impossible.
        """
        blocks = self._numbering.blocks
        free = [number for number, block in enumerate(blocks) if block.states > 1]

        def weighted(weights: list[Any]) -> Any:
            return self._forward(tables, LOG_SUM, dict(zip(free, weights, strict=True)))[0]

        dtype = jnp.result_type(float)
        zeros = [jnp.zeros((blocks[n].states, blocks[n].size), dtype) for n in free]
        total, gradient = jax.value_and_grad(weighted)(zeros)
        found = dict(zip(free, gradient, strict=True))
        possible = jnp.where(total > -jnp.inf, jnp.ones((), dtype), 0.0)
        return [
            possible * found[number].T
            if number in found
            else jnp.broadcast_to(possible, (block.size, 1))
            for number, block in enumerate(blocks)
        ]

    def draw(self, tables: Sequence[Table], key: Any) -> list[Any]:
        """Draw all elements jointly, exactly.

        Parameters
        ----------
        tables : sequence of tables
        key : PRNG key

        Returns
        -------
        list of int arrays, shape (size,)
            The number of the state of each element, for each block.
        """
        _, _, memory = self._forward(tables, LOG_SUM)
        return self._backtrack(memory, key)

    def most_probable(self, tables: Sequence[Table]) -> tuple[list[Any], Any]:
        """Find the joint state with the largest log weight.

        Returns
        -------
        states : list of int arrays, shape (size,)
        log_weight : scalar array
        """
        value, _, memory = self._forward(tables, LARGEST)
        return self._backtrack(memory, None), value

    def outside(self, tables: Sequence[Table]) -> list[Table]:
        """Sum out everything but one factor row, for each row of each factor.

        Returns
        -------
        list of tables
            Like those given, with all rows: the log of the sum, over the elements that a row is not
            about, of the exponential of all but that row. It is exact also where the row is
            ``-inf``.
        """
        _, values, _ = self._forward(tables, LOG_SUM)
        above: list[Any] = [None] * self._slots
        above[-1] = jnp.zeros(1)
        for operation in reversed(self._operations):
            for slot, piece in operation.outside(values, above[operation.target]):
                above[slot] = piece if above[slot] is None else above[slot] + piece
        results = []
        for number, table in enumerate(tables):
            shape = states_of(table)
            array = above[number].reshape(*shape, self._rows[number])
            results.append(_like(table, array))
        return results

    def _forward(
        self, tables: Sequence[Table], semiring: Semiring, weights: dict[int, Any] | None = None
    ) -> tuple[Any, Values, list[Any]]:
        """Run all operations, and keep what the way back needs."""
        values: Values = [None] * self._slots
        for number, table in enumerate(tables):
            values[number] = self._prepared(number, table)
        for block, weight in (weights or {}).items():
            values[len(self._scopes) + block] = weight
        memory: list[Any] = []
        for operation in self._operations:
            if isinstance(operation, Merge):
                values[operation.target] = operation.forward(values, semiring)
                memory.append(None)
            else:
                values[operation.target], kept = operation.forward(values, semiring)
                memory.append(kept)
        result = values[-1]
        if result is None:
            return jnp.zeros(()), values, memory
        value = jnp.reshape(result[()] if is_cells(result) else result, ())
        # Of what is impossible as a whole, the gradient is zero in all its parts.
        return value, values, memory

    def _backtrack(self, memory: list[Any], key: Any | None) -> list[Any]:
        """Set the states in the opposite order: each element given those summed out after it."""
        states = jnp.zeros(self._numbering.count, int)
        for number, (operation, kept) in reversed(
            list(enumerate(zip(self._operations, memory, strict=True)))
        ):
            if not isinstance(operation, Merge):
                own = None if key is None else jax.random.fold_in(key, number)
                states = operation.backtrack(kept, states, own)
        starts = self._numbering.starts
        return [states[a:b] for a, b in pairwise(starts)]

    def _prepared(self, number: int, table: Table) -> Table:
        """Check a table against its factor, and drop the slots with one state."""
        states = self._numbering.states_of(self._scopes[number])
        if not is_cells(table):
            table = jnp.asarray(table)
        if states_of(table) != states:
            raise ValueError(
                f"the table of factor {number} is over states {states_of(table)}; its elements "
                f"have {states}"
            )
        cells = [table[at] for at in np.ndindex(*states)] if is_cells(table) else [table]
        rows = self._rows[number]
        for cell in cells:
            if cell.shape[-1:] not in ((1,), (rows,)):
                raise ValueError(
                    f"the table of factor {number} has {cell.shape[-1]} rows; it is about {rows}"
                )
        kept = [count for count in states if count > 1]
        return table.reshape(kept) if is_cells(table) else table.reshape(*kept, table.shape[-1])


def _like(table: Table, array: Any) -> Table:
    """Give an array the form of a table."""
    return each_cell(table.shape, lambda at: array[at]) if is_cells(table) else array
