"""The tables of a summand: its rows' values in every combination of their elements' states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.marginal.assignments import Evaluator
from aliquot.marginal.dependence import Summand
from aliquot.marginal.elimination import Table
from aliquot.marginal.layout import Layout, RowGroup
from aliquot.marginal.unknowns import Unknown
from aliquot.primitives.gather_sum import gather_sum
from aliquot.primitives.internals import shape_of

# Up to so many joint states each gets an array of its own, which XLA turns into the fastest code
# on CPU; beyond, the states are axes of one array.
FEW = 8


def evidence_table(unknown: Unknown, few: int = FEW) -> Table:
    """Give the log-weights of the states of a partly observed unknown.

    0 where a state is possible, ``-inf`` where it is not: of an observed element all but one.
    """
    assert unknown.evidence is not None
    states = np.arange(unknown.states)[:, None]
    possible = (unknown.evidence < 0) | (unknown.evidence == states)
    weights = np.where(possible, 0.0, -np.inf)
    if unknown.states > few:
        return Table(weights)
    return Table.of_cells((unknown.states,), lambda at: weights[at])


@dataclass(frozen=True)
class SummandValues:
    """What summands are in the states of the unknowns, inside a traced function."""

    unknowns: Sequence[Unknown]  # by number of the variable
    positions: dict[int, int]  # the input of the computation that holds each variable
    evaluator: Evaluator

    def independent(self, atom: Any) -> Any:
        """Evaluate an atom that depends on no unknown; compact."""
        return self.evaluator.at(atom, self._any_states(0), 0)

    def total(self, summand: Summand) -> Any:
        """Sum up a summand that depends on no unknown."""
        value = jnp.broadcast_to(self.independent(summand.var), shape_of(summand.var))
        return self._weighted(summand, jnp.sum(value))

    def tables(self, layout: Layout) -> list[Table]:
        """Evaluate a summand in all its joint states; one table for each group of rows."""
        if layout.assignments is not None:
            return self._by_assignment(layout)
        states, last = self._counts(layout)
        if int(np.prod([*states, *last], dtype=float)) <= FEW:
            cells = np.empty((*states, *last), dtype=object)
            for combination in product(*map(range, states)):
                value = self._in_one_state(layout, combination)
                value = jnp.broadcast_to(value, (*value.shape[: value.ndim - len(last)], *last))
                for rest in product(*map(range, last)):
                    entry = value[(..., *rest)] if last else value
                    cells[combination + rest] = _rows(entry, layout, 0)
            return [_of_group(Table(cells), group) for group in layout.groups]
        value = self._in_all_states(layout)
        whole = Table(jnp.broadcast_to(value, (*states, *last, value.shape[-1])))
        return [_of_group(whole, group) for group in layout.groups]

    def unsummed(self, layout: Layout) -> list[Any]:
        """Evaluate a summand without summing: an array for each group of rows.

        Its shape is (K1, ..., Km, rows, product of the summed axes).
        """
        value, lead = self._along_classes(layout)
        listed = layout.assignments
        states = self._counts(layout)[0] if listed is None else [len(listed)]
        value = jnp.broadcast_to(value, (*states, *layout.shape))
        kept = [axis for axis in range(len(layout.shape)) if axis not in layout.summed]
        order = [*range(lead), *(lead + axis for axis in (*kept, *layout.summed))]
        value = jnp.transpose(value, order).reshape((*states, layout.count, -1))
        found = []
        for group in layout.groups:
            rows = np.arange(layout.count) if group.rows is None else group.rows
            if listed is None:
                found.append(_of_classes(value, group.classes, lead)[..., rows, :])
            else:
                found.append(value[0 if group.where is None else group.where, rows])
        return found

    def _counts(self, layout: Layout) -> tuple[list[int], list[int]]:
        """Count the states of each colour class, and of each tabulated variable."""
        classes = [self.unknowns[each.variable].states for each in layout.classes]
        return classes, [self.unknowns[variable].states for variable in layout.tabulated]

    def _any_states(self, batch: int) -> dict[int, Any]:
        """Give states to the variables that a value is found not to depend on: any will do."""
        return {
            self.positions[i]: (
                ("any", i, batch),
                np.full((1,) * (batch + len(u.shape)), u.lowest, dtype=u.distribution.dtype),
            )
            for i, u in enumerate(self.unknowns)
        }

    def _weighted(self, summand: Summand, value: Any) -> Any:
        """Multiply a summand's value, or a sum over it, by the summand's coefficients."""
        for atom, power in summand.coefficients:
            scalar = jnp.reshape(self.independent(atom), ())
            value = value * scalar if power > 0 else value / scalar
        return value if summand.sign > 0 else -value

    def _in_one_state(self, layout: Layout, combination: tuple[int, ...]) -> Any:
        """Evaluate with each colour class in one state; compact, tabulated axes last."""
        chosen = dict(zip(layout.classes, combination, strict=True))
        states = self._any_states(0)
        for variable in dict.fromkeys(each.variable for each in layout.classes):
            unknown = self.unknowns[variable]
            of = tuple(chosen[each] for each in layout.classes if each.variable == variable)
            colors = layout.colors.get(variable)
            if colors is None:
                array = np.full((1,) * len(unknown.shape), of[0])
            else:
                array = np.asarray(of)[colors].reshape(unknown.shape)
            array = (array + unknown.lowest).astype(unknown.distribution.dtype)
            key = ("one", variable, of, b"" if colors is None else colors.tobytes())
            states[self.positions[variable]] = (key, array)
        value = self.evaluator.at(layout.summand.var, states, 0)
        return self._weighted(layout.summand, value)

    def _by_assignment(self, layout: Layout) -> list[Table]:
        """Evaluate in each assignment, and put each group's table together from these."""
        assert layout.assignments is not None
        number, count = len(layout.assignments), layout.count
        _, last = self._counts(layout)
        value = jnp.broadcast_to(self._in_all_states(layout), (number, *last, count))
        value = jnp.moveaxis(value, 0, -2).reshape((*last, number * count))
        tables = []
        for group in layout.groups:
            if not group.classes:
                tables.append(Table(value[..., group.rows]))
                continue
            assert group.where is not None
            places = (group.where * count + group.rows).reshape(-1)
            back = np.full((1, number * count), places.size, np.int32)
            back[0, places] = np.arange(places.size)
            padded_back = places.size < back.size
            found = gather_sum(
                value, places[None].astype(np.int32), back, padded=False, padded_back=padded_back
            )
            found = found.reshape((*last, *group.where.shape))
            lead, m = len(last), group.where.ndim - 1
            order = [*range(lead, lead + m), *range(lead), lead + m]
            tables.append(Table(jnp.transpose(found, order)))
        return tables

    def _in_all_states(self, layout: Layout) -> Any:
        """Evaluate in all states at once: shape (classes..., tabulated..., rows or 1).

        For assignments the one leading axis is theirs.
        """
        value, width = self._along_classes(layout)
        last = len(layout.tabulated)
        axes = range(value.ndim)
        order = [*axes[:width], *axes[value.ndim - last :], *axes[width : value.ndim - last]]
        return _rows(jnp.transpose(value, order) if last else value, layout, width + last)

    def _along_classes(self, layout: Layout) -> tuple[Any, int]:
        """Evaluate with an axis of states for each colour class, or one of assignments.

        The value has shape (classes or assignments..., *shape, tabulated...), each axis full or of
        length 1. With it comes the number of leading axes.
        """
        listed = layout.assignments
        width = len(layout.classes) if listed is None else 1
        states = self._any_states(width)
        for variable in dict.fromkeys(each.variable for each in layout.classes):
            unknown = self.unknowns[variable]
            ones = (1,) * len(unknown.shape)
            colors = layout.colors.get(variable)
            array: Any = None
            for number, each in enumerate(layout.classes):
                if each.variable != variable:
                    continue
                if listed is None:
                    axis = [1] * width
                    axis[number] = unknown.states
                    along = unknown.values.reshape((*axis, *ones))
                else:
                    along = unknown.values[listed[:, number]].reshape((-1, *ones))
                if colors is None:
                    array = along
                else:
                    here = (colors == each.color).reshape((*(1,) * width, *unknown.shape))
                    array = np.where(here, along, 0 if array is None else array)
            array = np.asarray(array).astype(unknown.distribution.dtype)
            way: Any = "all" if listed is None else listed.tobytes()
            key = (way, layout.classes, b"" if colors is None else colors.tobytes(), variable)
            states[self.positions[variable]] = (key, array)
        value = self.evaluator.at(layout.summand.var, states, width)
        return self._weighted(layout.summand, value), width


def _rows(value: Any, layout: Layout, lead: int) -> Any:
    """Sum the axes that rows do not differ along; flatten the others, a constant one to length 1.

    The value has `lead` leading axes, then those of `layout.shape`. Each of them is full or of
    length 1.
    """
    value = jnp.asarray(value, dtype=float)
    for axis in layout.summed:
        if value.shape[lead + axis] != layout.shape[axis]:
            value = value * layout.shape[axis]
    value = jnp.sum(value, axis=tuple(lead + axis for axis in layout.summed))
    rest = tuple(n for axis, n in enumerate(layout.shape) if axis not in layout.summed)
    front = value.shape[:lead]
    if all(n == 1 for n in value.shape[lead:]):
        return value.reshape((*front, 1))
    return jnp.broadcast_to(value, (*front, *rest)).reshape((*front, layout.count))


def _of_group(table: Table, group: RowGroup) -> Table:
    """Give the table of a group: its elements in order, and its rows.

    Of rows that depend on no element it is one array, shape (rows,) or (1,).
    """
    states = _of_classes(table.entries, group.classes, len(table.states))
    picked = Table(states)
    return picked.map_rows(lambda rows: _take(rows, group.rows))


def _of_classes(array: Any, classes: tuple[int, ...], width: int) -> Any:
    """Keep the axes of some classes, in their order; of the others the first state does.

    The array has `width` axes of classes, then the rest.
    """
    index = tuple(slice(None) if axis in classes else 0 for axis in range(width))
    kept = [axis for axis in range(width) if axis in classes]
    picked = array[index]
    if not classes:
        return picked  # of an object array the one entry itself
    order = [kept.index(each) for each in classes]
    return picked.transpose([*order, *range(len(order), picked.ndim)])


def _take(value: Any, rows: np.ndarray | None) -> Any:
    if rows is None or value.shape[-1] == 1:
        return value
    first, last = int(rows[0]), int(rows[-1])
    step = (last - first) // (len(rows) - 1) if len(rows) > 1 else 1
    if len(rows) == 1 or (step > 0 and np.array_equal(rows, np.arange(first, last + 1, step))):
        return value[..., first : last + 1 : step]
    return value[..., rows]
