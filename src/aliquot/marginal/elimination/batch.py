"""Many elements summed out at once, none of them a neighbour of another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.marginal.elimination.live import Live
from aliquot.marginal.elimination.numbering import Numbering, Scope, groups_of_rows
from aliquot.marginal.elimination.semiring import LOG_SUM, Semiring
from aliquot.marginal.elimination.step import Reading, Registers, present
from aliquot.marginal.elimination.table import Table, total, zeros


@dataclass(frozen=True)
class Batch:
    """Sum out elements that all have the same kind of neighbourhood."""

    elements: np.ndarray  # (rows,): those that are summed out
    # (rows, neighbours): the elements that share a factor with each, ascending.
    neighbours: np.ndarray
    # The joint state is that of the element, then those of its neighbours.
    readings: tuple[Reading, ...]
    states: tuple[int, ...]
    target: int  # the register of the message: a table over the neighbours

    def _terms(self, registers: Registers) -> list[tuple[Reading, Table]]:
        dimension = len(self.states)
        pairs = present(self.readings, registers)
        return [(reading, reading.read(table, dimension)) for reading, table in pairs]

    def forward(self, registers: Registers, semiring: Semiring) -> tuple[Table, Table]:
        """Give the message, and the table over the element and its neighbours."""
        terms = [table for _, table in self._terms(registers)]
        joint = total(terms, self.states) if terms else zeros(self.states)
        return joint.combined((0,), semiring), joint

    def outside(self, registers: Registers, above: Any) -> list[tuple[int, Any]]:
        """Give each row what is outside of the message, and the other rows that are read."""
        terms = [(reading, table.as_array()) for reading, table in self._terms(registers)]
        results = []
        for i, (reading, _) in enumerate(terms):
            rest = jnp.broadcast_to(above[None], (*self.states, self.elements.size))
            for j, (_, other) in enumerate(terms):
                rest = rest + other if j != i else rest
            away = tuple(axis for axis in range(len(self.states)) if axis not in reading.axes)
            rest = reading.in_order(LOG_SUM.along(rest, away))
            results.append((reading.register, reading.rows.read_back(rest)))
        return results

    def backtrack(self, memory: Table, states: Any, key: Any | None) -> Any:
        """Set the elements' states given those of their neighbours."""
        array = memory.as_array()
        count, rows = self.states[0], self.elements.size
        flat = array.reshape(count, -1, array.shape[-1])
        flat = jnp.broadcast_to(flat, (*flat.shape[:2], rows))
        at = jnp.zeros(rows, int)
        for column, number in enumerate(self.states[1:]):
            at = at * number + states[self.neighbours[:, column]]
        scores = jnp.take_along_axis(flat, at[None, None, :], axis=1)[:, 0, :]
        if key is not None:
            scores = scores + jax.random.gumbel(key, scores.shape, scores.dtype)
        return states.at[self.elements].set(jnp.argmax(scores, axis=0).astype(states.dtype))


def batches(
    chosen: np.ndarray, live: Mapping[Scope, Live], numbering: Numbering
) -> Iterator[tuple[np.ndarray, np.ndarray, list[tuple[Scope, tuple[int, ...], np.ndarray]]]]:
    """Group elements of one block by the kind of their neighbourhood.

    The chosen elements are ascending, and no two of them share a factor. Of each group come the
    elements, (rows,), their neighbours, (rows, neighbours), and the readings: a scope, the place of
    each axis in the joint state, and the rows of the live factor.
    """
    block = int(numbering.block_of(chosen[:1])[0])
    rank = np.full(numbering.count, -1, np.int64)
    rank[chosen] = np.arange(chosen.size)
    kinds: list[tuple[Scope, int]] = []
    who, what, row = [], [], []
    for scope, factor in live.items():
        for column, of_block in enumerate(scope):
            if of_block != block:
                continue
            element = rank[factor.elements[:, column]]
            rows = np.flatnonzero(element >= 0)
            if rows.size:
                who.append(element[rows])
                what.append(np.full(rows.size, len(kinds)))
                row.append(rows)
                kinds.append((scope, column))
    if not kinds:
        yield chosen, np.empty((chosen.size, 0), np.int64), []
        return
    element, kind, rows = (np.concatenate(list(each)) for each in (who, what, row))
    order = np.argsort(element, kind="stable")
    element, kind, rows = element[order], kind[order], rows[order]
    degree = np.bincount(element, minlength=chosen.size)
    starts = np.cumsum(degree) - degree
    for number in np.unique(degree):
        members = np.flatnonzero(degree == number)
        at = starts[members][:, None] + np.arange(number)
        for group in groups_of_rows(kind[at]):
            these, of_these = members[group], at[group]
            which = [kinds[k] for k in kind[of_these[0]]] if number else []
            yield from _same_kind(chosen[these], which, rows[of_these], live)


def _same_kind(
    elements: np.ndarray,
    kinds: list[tuple[Scope, int]],
    rows: np.ndarray,
    live: Mapping[Scope, Live],
) -> Iterator[tuple[np.ndarray, np.ndarray, list[tuple[Scope, tuple[int, ...], np.ndarray]]]]:
    """Split elements with the same kinds of factors by which of their neighbours coincide."""
    others = []
    for place, (scope, mine) in enumerate(kinds):
        kept = [column for column in range(len(scope)) if column != mine]
        others.append(live[scope].elements[rows[:, place]][:, kept])
    beside = np.concatenate(others, axis=1) if others else np.empty((elements.size, 0), np.int64)
    order = np.argsort(beside, axis=1, kind="stable")
    ascending = np.take_along_axis(beside, order, axis=1)
    new = np.ones(ascending.shape, bool)
    new[:, 1:] = ascending[:, 1:] != ascending[:, :-1]
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.cumsum(new, axis=1) - 1, axis=1)
    for group in groups_of_rows(places):
        distinct = int(places[group[0]].max(initial=-1)) + 1
        neighbours = ascending[group][new[group]].reshape(group.size, distinct)
        readings, column = [], 0
        for place, (scope, mine) in enumerate(kinds):
            axes = []
            for each in range(len(scope)):
                axes.append(0 if each == mine else 1 + int(places[group[0], column]))
                column += each != mine
            readings.append((scope, tuple(axes), rows[group, place]))
        yield elements[group], neighbours, readings
