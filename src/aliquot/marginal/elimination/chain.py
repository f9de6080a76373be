"""Chains summed out step by step along time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.marginal.elimination.chain_sum import chain_log_sum
from aliquot.marginal.elimination.forward_backward import (
    Form,
    backtrack,
    backward,
    forward,
)
from aliquot.marginal.elimination.row_map import RowMap
from aliquot.marginal.elimination.semiring import LOG_SUM, Semiring
from aliquot.marginal.elimination.step import Registers, present
from aliquot.marginal.elimination.table import Table


@dataclass(frozen=True)
class TimedReading:
    """A register that a chain reads: the place of each axis, the time and chain of each row."""

    register: int
    # Places among the axes of the window (of the first steps, for ``times == 0``), then those of
    # the shared variables.
    axes: tuple[int, ...]
    rows: RowMap  # to rows in order of time, then chain
    times: int  # how many times there are; 0 for the first steps, which are one

    def read(self, table: Table, shape: tuple[int, ...]) -> Any:
        """Give an array with the axes of the window, a leading one of time unless times is 0.

        `shape` is that of the window (of the first steps, for ``times == 0``), its last axis the
        chains.
        """
        array = self.rows.apply(table.as_array())
        wanted = tuple(shape[axis] for axis in self.axes)
        if wanted != array.shape[:-1]:
            more = [(0, n - m) for n, m in zip(wanted, array.shape[:-1], strict=True)]
            array = jnp.pad(array, [*more, (0, 0)])
        array = Table(array).placed(self.axes, len(shape) - 1).entries
        if not self.times:
            return array
        if array.shape[-1] == 1:
            return array[None]
        array = array.reshape(*array.shape[:-1], self.times, shape[-1])
        return jnp.moveaxis(array, -2, 0)


@dataclass(frozen=True)
class ChainStep:
    """Sum out chains by the forward recursion.

    Where there are as many moves as steps, the chain begins with `lag` steps before the first one,
    all in their first state.
    """

    elements: np.ndarray  # (chains, steps, width): several variables may make up one step's state
    shared: np.ndarray  # (chains, shared): elements that all steps of a chain share, ascending
    form: Form
    first: tuple[TimedReading, ...]  # what is about the first ``lag`` steps alone
    later: tuple[TimedReading, ...]
    # (steps, *states, chains): ``-inf`` for the states that elements of a step do not have.
    absent: np.ndarray | None
    # The register of the message: a table over the shared elements, with a row for each chain.
    target: int

    def _first(self, registers: Registers) -> list[tuple[TimedReading, Any]]:
        pairs = present(self.first, registers)
        return [(reading, reading.read(table, self.form.memory)) for reading, table in pairs]

    def _later(self, registers: Registers) -> list[tuple[TimedReading, Any]]:
        pairs = present(self.later, registers)
        return [(reading, reading.read(table, self.form.window)) for reading, table in pairs]

    def _parts(self, later: list[tuple[TimedReading, Any]]) -> tuple[Any, ...]:
        """Give what adds up to the tables of the moves."""
        parts = tuple(array for _, array in later)
        if self.absent is None:
            return parts
        form, moves = self.form, self.absent.shape[0]
        shape = (moves, *(1,) * (form.width * form.lag), *form.states, *(1,) * len(form.shared))
        return (*parts, jnp.asarray(self.absent.reshape(*shape, form.chains)))

    def _start(self, first: list[Any]) -> Any:
        form = self.form
        if form.moves == self.elements.shape[1]:
            before = np.full((*form.states * form.lag, *(1,) * len(form.shared), 1), -np.inf)
            before[(0,) * (form.width * form.lag)] = 0.0
            return jnp.broadcast_to(jnp.asarray(before), form.memory)
        total: Any = jnp.zeros((1,) * len(form.memory), jnp.result_type(float))
        for array in first:
            total = total + array
        return jnp.broadcast_to(total, form.memory)

    def forward(self, registers: Registers, semiring: Semiring) -> tuple[Table, Any]:
        """Give the message, and what makes the log weights carried from step to step."""
        start = self._start([array for _, array in self._first(registers)])
        parts = self._parts(self._later(registers))

        def memory() -> Any:
            return forward(self.form, start, parts, semiring), parts

        if semiring is LOG_SUM:
            return Table(chain_log_sum(self.form, start, parts)), memory
        carried, _ = kept = memory()
        axes = tuple(range(self.form.width * self.form.lag))
        return Table(semiring.along(carried[-1], axes)), lambda: kept

    def totals(self, registers: Registers, later: Registers) -> Any:
        """Compute the log of the sum with some weights up to a step and others after it.

        There is one for each time, (moves + 1,), of all chains together. It is for chains that
        share nothing.
        """
        form = self.form
        start = self._start([array for _, array in self._first(registers)])
        before = forward(form, start, self._parts(self._later(registers)), LOG_SUM)
        after = backward(form, self._parts(self._later(later)))
        each = LOG_SUM.along(before + after, tuple(range(1, 1 + form.width * form.lag)))
        return jnp.sum(each, axis=-1)

    def outside(self, registers: Registers, above: Any) -> list[tuple[int, Any]]:
        """Give each row what comes before it, what comes after, and the others of its step."""
        form = self.form
        first, later = self._first(registers), self._later(registers)
        parts = self._parts(later)
        before = forward(form, self._start([array for _, array in first]), parts, LOG_SUM)
        after = backward(form, parts)
        results = []
        for i, (reading, _) in enumerate(first):
            rest = after[0] + above
            for j, (_, other) in enumerate(first):
                rest = rest + other if j != i else rest
            results.append(self._rows_of(reading, registers, rest[None]))
        for i, (reading, _) in enumerate(later):
            rest = jnp.expand_dims(before[:-1], [axis + 1 for axis in form.newest]) + above
            rest = rest + jnp.expand_dims(after[1:], [axis + 1 for axis in form.oldest])
            for j, other in enumerate(parts):
                rest = rest + other if j != i else rest
            results.append(self._rows_of(reading, registers, rest))
        return results

    def _rows_of(self, reading: TimedReading, registers: Registers, rest: Any) -> tuple[int, Any]:
        """Reduce (times, *window) to the axes of a reading, and give them to the rows it reads."""
        table = registers[reading.register]
        assert table is not None
        dimension = rest.ndim - 2
        away = tuple(axis + 1 for axis in range(dimension) if axis not in reading.axes)
        rest = LOG_SUM.along(rest, away)
        rank = {axis: place + 1 for place, axis in enumerate(sorted(reading.axes))}
        rest = rest.transpose(*(rank[axis] for axis in reading.axes), 0, rest.ndim - 1)
        rest = rest[tuple(slice(0, n) for n in table.states)]
        return reading.register, reading.rows.read_back(rest.reshape(*rest.shape[:-2], -1))

    def backtrack(self, memory: Any, states: Any, key: Any | None) -> Any:
        """Set the chains' states from the last step back, given the shared elements."""
        form = self.form
        carried, parts = memory()
        shared = jnp.zeros(form.chains, int)
        for column, count in enumerate(form.shared):
            shared = shared * count + states[self.shared[:, column]]
        path = backtrack(form, carried, parts, shared, key)[-self.elements.shape[1] :].T
        for place, count in enumerate(form.states):
            below = int(np.prod(form.states[place + 1 :]))
            state = path // below % count
            states = states.at[self.elements[:, :, place]].set(state.astype(states.dtype))
        return states
