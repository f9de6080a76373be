"""Chains summed out step by step along time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.marginal.elimination.forward_backward import Form, backward, chain_log_sum, forward
from aliquot.marginal.elimination.merge import Values
from aliquot.marginal.elimination.row_map import RowMap
from aliquot.marginal.elimination.semiring import LOG_SUM, Semiring
from aliquot.marginal.elimination.table import Table, as_array, spread, states_of


@dataclass(frozen=True)
class TimedReading:
    """A value that a chain reads: the place of each axis, and the time and chain of each row.

    Attributes
    ----------
    slot : int
    axes : tuple of int
        Places among the axes of the window (of the first steps, for ``times == 0``), then those of
        the shared variables.
    rows : RowMap
        To rows in order of time, then chain.
    times : int
        How many times there are; 0 for the first steps, which are one.
    """

    slot: int
    axes: tuple[int, ...]
    rows: RowMap
    times: int

    def read(self, table: Table, shape: tuple[int, ...]) -> Any:
        """Give an array with the axes of the window, a leading one of time unless times is 0.

        Parameters
        ----------
        table : table
        shape : tuple of int
            Of the window (of the first steps, for ``times == 0``), its last axis the chains.
        """
        array = self.rows.apply(as_array(table))
        wanted = tuple(shape[axis] for axis in self.axes)
        if wanted != array.shape[:-1]:
            more = [(0, n - m) for n, m in zip(wanted, array.shape[:-1], strict=True)]
            array = jnp.pad(array, [*more, (0, 0)])
        array = spread(array, self.axes, len(shape) - 1)
        if not self.times:
            return array
        if array.shape[-1] == 1:
            return array[None]
        array = array.reshape(*array.shape[:-1], self.times, shape[-1])
        return jnp.moveaxis(array, -2, 0)


@dataclass(frozen=True)
class Chain:
    """Sum out chains by the forward recursion.

    Where there are as many moves as steps, the chain begins with `lag` steps before the first one,
    all in their first state.

    Attributes
    ----------
    elements : np.ndarray
        Shape (chains, steps, width): several variables may make up one step's state.
    shared : np.ndarray
        Elements that all steps of a chain share, ascending, shape (chains, shared).
    form : Form
    first : tuple of TimedReading
        What is about the first ``lag`` steps alone.
    later : tuple of TimedReading
    absent : np.ndarray or None
        ``-inf`` for the states that elements of a step do not have, (steps, *states, chains).
    target : int
        The slot of the message: a table over the shared elements, with a row for each chain.
    """

    elements: np.ndarray
    shared: np.ndarray
    form: Form
    first: tuple[TimedReading, ...]
    later: tuple[TimedReading, ...]
    absent: np.ndarray | None
    target: int

    def _first(self, values: Values) -> list[tuple[TimedReading, Any]]:
        return [
            (r, r.read(values[r.slot], self.form.memory))
            for r in self.first
            if values[r.slot] is not None
        ]

    def _later(self, values: Values) -> list[tuple[TimedReading, Any]]:
        return [
            (r, r.read(values[r.slot], self.form.window))
            for r in self.later
            if values[r.slot] is not None
        ]

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

    def forward(self, values: Values, semiring: Semiring) -> tuple[Table, Any]:
        """Give the message, and what the way back needs."""
        start = self._start([array for _, array in self._first(values)])
        parts = self._parts(self._later(values))

        def memory() -> Any:
            return forward(self.form, start, parts, semiring), parts

        if semiring is LOG_SUM:
            return chain_log_sum(self.form, start, parts), memory
        alphas, _ = kept = memory()
        axes = tuple(range(self.form.width * self.form.lag))
        return semiring.along(alphas[-1], axes), lambda: kept

    def outside(self, values: Values, above: Any) -> list[tuple[int, Any]]:
        """Give what is outside of each row read."""
        form = self.form
        first, later = self._first(values), self._later(values)
        parts = self._parts(later)
        alphas = forward(form, self._start([array for _, array in first]), parts, LOG_SUM)
        betas = backward(form, parts)
        results = []
        for i, (reading, _) in enumerate(first):
            rest = betas[0] + above
            for j, (_, other) in enumerate(first):
                rest = rest + other if j != i else rest
            results.append(
                (reading.slot, self._rows_of(reading, states_of(values[reading.slot]), rest[None]))
            )
        for i, (reading, _) in enumerate(later):
            rest = jnp.expand_dims(alphas[:-1], [axis + 1 for axis in form.newest]) + above
            rest = rest + jnp.expand_dims(betas[1:], [axis + 1 for axis in form.oldest])
            for j, other in enumerate(parts):
                rest = rest + other if j != i else rest
            results.append(
                (reading.slot, self._rows_of(reading, states_of(values[reading.slot]), rest))
            )
        return results

    def _rows_of(self, reading: TimedReading, states: tuple[int, ...], rest: Any) -> Any:
        """Reduce (times, *window) to the axes of a reading, and give them to the rows it reads."""
        dimension = rest.ndim - 2
        away = tuple(axis + 1 for axis in range(dimension) if axis not in reading.axes)
        rest = LOG_SUM.along(rest, away)
        rank = {axis: place + 1 for place, axis in enumerate(sorted(reading.axes))}
        rest = rest.transpose(*(rank[axis] for axis in reading.axes), 0, rest.ndim - 1)
        rest = rest[tuple(slice(0, n) for n in states)]
        return reading.rows.read_back(rest.reshape(*rest.shape[:-2], -1))

    def backtrack(self, memory: Any, states: Any, key: Any | None) -> Any:
        """Set the chains' states from the last step back, given the shared elements."""
        form = self.form
        alphas, parts = memory()
        per_step = int(np.prod(form.states))
        carried = per_step**form.lag
        number = int(np.prod(form.shared))
        at = jnp.zeros(form.chains, int)
        for slot, count in enumerate(form.shared):
            at = at * count + states[self.shared[:, slot]]

        def given_shared(array: Any) -> Any:
            shape = (*array.shape[:-1], form.chains)
            flat = jnp.broadcast_to(array, shape).reshape(-1, number, form.chains)
            return jnp.take_along_axis(flat, at[None, None, :], axis=1)[:, 0, :]

        def pick(scores: Any, noise: Any) -> Any:
            return jnp.argmax(scores + noise, axis=0)

        shapes = [(carried, form.chains), (form.moves, per_step, form.chains)]
        if key is None:
            last_noise, noise = (jnp.zeros(shape) for shape in shapes)
        else:
            keys = jax.random.split(key)
            last_noise, noise = (
                jax.random.gumbel(k, shape, jnp.result_type(float))
                for k, shape in zip(keys, shapes, strict=True)
            )
        last = pick(given_shared(alphas[-1]), last_noise)
        constant = [part[0] for part in parts if part.shape[0] == 1]
        varying = [part for part in parts if part.shape[0] != 1]

        def step(window: Any, each: Any) -> Any:
            alpha, tables, noise_here = each
            table = sum([*constant, *tables]) if parts else jnp.zeros(())
            table = given_shared(jnp.broadcast_to(table, form.window))
            before = given_shared(alpha).reshape(per_step, -1, form.chains)
            table = table.reshape(per_step, carried, form.chains)
            kept = window // per_step
            scores = jnp.take_along_axis(before, kept[None, None, :], axis=1)[:, 0, :]
            scores = scores + jnp.take_along_axis(table, window[None, None, :], axis=1)[:, 0, :]
            oldest = pick(scores, noise_here)
            return oldest * (carried // per_step) + kept, oldest

        _, early = jax.lax.scan(step, last, (alphas[:-1], varying, noise), reverse=True)
        late = [last // per_step**power % per_step for power in reversed(range(form.lag))]
        path = jnp.concatenate([early, jnp.stack(late)])[-self.elements.shape[1] :].T
        for lane in range(form.width):
            below = int(np.prod(form.states[lane + 1 :]))
            own = path // below % form.states[lane]
            states = states.at[self.elements[:, :, lane]].set(own.astype(states.dtype))
        return states
