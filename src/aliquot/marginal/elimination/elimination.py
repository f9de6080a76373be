"""The steps of an elimination, run: the log of the sum, probabilities, draws, the largest."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.marginal.elimination.chain import ChainStep
from aliquot.marginal.elimination.merge import Merge
from aliquot.marginal.elimination.numbering import Numbering, Scope
from aliquot.marginal.elimination.records import StepRecord
from aliquot.marginal.elimination.semiring import LARGEST, LOG_SUM, Semiring
from aliquot.marginal.elimination.step import EliminationStep, Registers
from aliquot.marginal.elimination.table import Table


class Elimination:
    """A way to sum out discrete variables, made by `plan`.

    The methods are pure functions of the tables, to be traced. A `Table` belongs to the factor of
    the same number, its axes to the columns of that factor's elements.

    `kinds` is the number of steps by rows that each are a piece of the program: elements of other
    kinds of neighbourhoods. The time to compile grows with it.
    """

    def __init__(
        self,
        numbering: Numbering,
        scopes: Sequence[Scope],
        rows: Sequence[int],
        steps: Sequence[EliminationStep],
        records: Sequence[StepRecord],
        registers: int,
        kinds: int,
        parts: np.ndarray,
        origins: Sequence[np.ndarray],
    ) -> None:
        self.steps = tuple(records)
        self.kinds = kinds
        self._numbering = numbering
        self._scopes = tuple(scopes)
        self._rows = tuple(rows)
        self._steps = tuple(steps)
        self._registers = registers
        # Of each element the connected part that it is in, and of each number that the last step
        # adds up an element that it came from: below 0 where there is none.
        self._parts = parts
        self._origins = tuple(origins)

    def log_sum(self, tables: Sequence[Table]) -> Any:
        """Compute the log of the sum, over all joint states, of the exponential of all tables.

        It is ``-inf`` where all joint states are impossible; the gradient is then finite, and what
        is impossible adds nothing to it. (It is not made zero as a whole: that would have the value
        computed wherever a gradient is wanted.)
        """
        return self._forward(tables, LOG_SUM)[0]

    def log_sum_by_part(self, tables: Sequence[Table], block: int) -> Any:
        """Compute the log of the sum of each connected part alone, for the elements of a block.

        The array has the shape (size,): elements that hang together, over whatever other elements,
        have the same number. Different parts add up to `log_sum`.
        """
        _, registers, _ = self._forward(tables, LOG_SUM)
        result = jnp.zeros(self._numbering.count)
        last = self._steps[-1]
        assert isinstance(last, Merge)
        for reading, origin in zip(last.readings, self._origins, strict=True):
            table = registers[reading.register]
            known = np.flatnonzero(origin >= 0)
            if table is None or not known.size:
                continue
            rows = jnp.broadcast_to(table.as_array(), (reading.rows.sources,))
            where = self._parts[origin[known]]
            result = result.at[where].add(rows[reading.rows.source[known]])
        return result[self._parts[self._numbering.elements_of(block)]]

    @property
    def chain_steps(self) -> int | None:
        """How many steps the chains have, where all elements along time are in chains alike."""
        chain = self._chain
        return None if chain is None else chain.elements.shape[1]

    def totals(self, tables: Sequence[Table], later: Sequence[Table]) -> Any:
        """Compute the log of the sum with some tables up to each step of chains, others after it.

        It has one number for each of the last steps, (steps,) or fewer: the first of them where a
        step looks back on several. What is about no element of the chains is as in `later`.
        """
        chain = self._chain
        assert chain is not None
        _, registers, _ = self._forward(tables, LOG_SUM)
        value, after, _ = self._forward(later, LOG_SUM)
        own = after[chain.target]
        assert own is not None
        found = value - jnp.sum(own.as_array()) + chain.totals(registers, after)
        return found[-chain.elements.shape[1] :]

    @property
    def _chain(self) -> ChainStep | None:
        """The one step that sums out chains, if there is one and they share nothing."""
        chains = [step for step in self._steps if isinstance(step, ChainStep)]
        return chains[0] if len(chains) == 1 and not chains[0].form.shared else None

    def probabilities(self, tables: Sequence[Table]) -> list[Any]:
        """Compute the probability of each state of each element, given all tables.

        It is the gradient of the log sum by a weight on that state. Each variable has an array of
        shape (size, states), which is zero where all joint states are impossible.
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

        Each block has an array of shape (size,): the number of the state of each element.
        """
        _, _, memory = self._forward(tables, LOG_SUM)
        return self._backtrack(memory, key)

    def most_probable(self, tables: Sequence[Table]) -> tuple[list[Any], Any]:
        """Find the joint state with the largest log weight, given as by `draw`, and that weight."""
        value, _, memory = self._forward(tables, LARGEST)
        return self._backtrack(memory, None), value

    def outside(self, tables: Sequence[Table]) -> list[Table]:
        """Sum out everything but one factor row, for each row of each factor.

        The tables are like those given, with all rows: the log of the sum, over the elements that a
        row is not about, of the exponential of all but that row. It is exact also where the row is
        ``-inf``.
        """
        _, registers, _ = self._forward(tables, LOG_SUM)
        above: list[Any] = [None] * self._registers
        above[-1] = jnp.zeros(1)
        for step in reversed(self._steps):
            for register, part in step.outside(registers, above[step.target]):
                above[register] = part if above[register] is None else above[register] + part
        return [
            table.like(above[number].reshape(*table.states, self._rows[number]))
            for number, table in enumerate(tables)
        ]

    def _forward(
        self, tables: Sequence[Table], semiring: Semiring, weights: dict[int, Any] | None = None
    ) -> tuple[Any, Registers, list[Any]]:
        """Run all steps, and keep what the way back needs."""
        registers: Registers = [None] * self._registers
        for number, table in enumerate(tables):
            registers[number] = self._prepared(number, table)
        for block, weight in (weights or {}).items():
            registers[len(self._scopes) + block] = Table(weight)
        memory = []
        for step in self._steps:
            registers[step.target], kept = step.forward(registers, semiring)
            memory.append(kept)
        last = registers[-1]
        value = jnp.zeros(()) if last is None else jnp.reshape(last.as_array(), ())
        return value, registers, memory

    def _backtrack(self, memory: list[Any], key: Any | None) -> list[Any]:
        """Set the states in the opposite order: each element given those summed out after it."""
        states = jnp.zeros(self._numbering.count, int)
        for number, step in reversed(list(enumerate(self._steps))):
            key_here = None if key is None else jax.random.fold_in(key, number)
            states = step.backtrack(memory[number], states, key_here)
        return [states[a:b] for a, b in pairwise(self._numbering.starts)]

    def _prepared(self, number: int, table: Table) -> Table:
        """Check a table against its factor, and drop the elements with one state."""
        states = self._numbering.states_of(self._scopes[number])
        if table.states != states:
            raise ValueError(
                f"the table of factor {number} is over states {table.states}; its elements "
                f"have {states}"
            )
        rows = self._rows[number]
        for length in table.lengths - {1, rows}:
            raise ValueError(f"the table of factor {number} has {length} rows; it is about {rows}")
        return table.reshaped([count for count in states if count > 1])
