"""Rows and what stands beside them on one axis, as elements of hidden sequences: taken apart.

Elements of an array (rows, steps) are laid out on one axis where each is a variable of its own.
What is computed of them goes row by row all the same. Here such an axis becomes two again, before
anything is asked of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from aliquot.precision import float64
from aliquot.primitives import Kind, Walk, kind, name_of, working_axes
from aliquot.primitives.internals import ClosedJaxpr, bind, every_equation, shape_of, struct
from aliquot.stacking.live import live


@dataclass(frozen=True)
class TwoAxes:
    """An axis of `count` numbers for each row: all of a row, then the next row's, or crosswise."""

    axis: int
    count: int
    crosswise: bool = False

    def sizes(self, rows: int) -> tuple[int, int]:
        return (self.count, rows) if self.crosswise else (rows, self.count)

    def at(self, axis: int) -> TwoAxes:
        return TwoAxes(axis, self.count, self.crosswise)


@dataclass(frozen=True, eq=False)
class Split:
    """A value whose axis is two: the array has one more than the value."""

    array: Any
    layout: TwoAxes


@dataclass(frozen=True, eq=False)
class Anyhow:
    """A value that can be made in several layouts, because it repeats itself from row to row."""

    plain: Callable[[], Any]
    made: dict[TwoAxes, Callable[[], Any]]


def unflattened(program: ClosedJaxpr, rows: int) -> ClosedJaxpr:
    """Give the same computation with rows on an axis of their own, wherever that can be had."""
    long = {n for e in every_equation(program) for v in e.outvars for n in shape_of(v)}
    if not any(n > rows and n % rows == 0 for n in long):
        return program

    def function(*inputs: Any) -> list[Any]:
        step = _Unflatten(rows)
        outputs = Walk(program, inputs, step, step.constant).outputs
        return [step.plain(value) for value in outputs]

    with float64():
        return live(jax.make_jaxpr(function)(*map(struct, program.jaxpr.invars)))


class _Unflatten:
    """The step of a walk that carries values, some of them `Split` or `Anyhow`."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._rules: dict[str, Callable[[Any, list[Any]], Any]] = {
            "aliquot_gather_sum": self._taken,
            "broadcast_in_dim": self._spread,
            "reshape": self._reshaped,
            "slice": self._cut,
            "stack": self._stacked,
            "transpose": self._transposed,
        }

    def __call__(self, equation: Any, operands: list[Any]) -> Sequence[Any]:
        rule = self._rules.get(name_of(equation))
        if rule is None and kind(equation) is Kind.ELEMENTWISE:
            rule = self._elementwise
        if rule is None and kind(equation) is Kind.REDUCES:
            rule = self._reduced
        found = None if rule is None else rule(equation, operands)
        if found is not None:
            return [found]
        return bind(equation, [self.plain(value) for value in operands])

    def constant(self, atom: Any, value: Any) -> Any:
        """Carry a constant: one that repeats itself from row to row can be taken apart."""
        made: dict[TwoAxes, Callable[[], Any]] = {}
        for axis, length in enumerate(np.shape(value)):
            if length <= self.rows or length % self.rows:
                continue
            for crosswise in (False, True):
                layout = TwoAxes(axis, length // self.rows, crosswise)
                array = self._apart(np.asarray(value), layout)
                along = axis + crosswise
                first = np.take(array, [0], axis=along)
                if np.array_equal(array, np.broadcast_to(first, array.shape)):
                    made[layout] = partial(np.asarray, array)
        return Anyhow(lambda: value, made) if made else value

    def plain(self, value: Any) -> Any:
        """Give a value as it was written."""
        if isinstance(value, Anyhow):
            return value.plain()
        if not isinstance(value, Split):
            return value
        shape, axis = value.array.shape, value.layout.axis
        return value.array.reshape(
            (*shape[:axis], shape[axis] * shape[axis + 1], *shape[axis + 2 :])
        )

    def _apart(self, array: Any, layout: TwoAxes) -> Any:
        axis, shape = layout.axis, array.shape
        return array.reshape((*shape[:axis], *layout.sizes(self.rows), *shape[axis + 1 :]))

    def _in(self, layout: TwoAxes, value: Any) -> Any:
        """Give an operand's array in a layout; None where it has none."""
        if isinstance(value, Split):
            return value.array if value.layout == layout else None
        if isinstance(value, Anyhow):
            return value.made[layout]() if layout in value.made else None
        shape = np.shape(value)
        if not shape:
            return value
        return jnp.expand_dims(value, layout.axis) if shape[layout.axis] == 1 else None

    def _layout(self, operands: Sequence[Any]) -> TwoAxes | None:
        split = [value.layout for value in operands if isinstance(value, Split)]
        anyhow = [value.made for value in operands if isinstance(value, Anyhow)]
        if split:
            return split[0]
        common = [one for one in (anyhow[0] if anyhow else ()) if all(one in m for m in anyhow)]
        return common[0] if common else None

    def _elementwise(self, equation: Any, operands: list[Any]) -> Any:
        layout = self._layout(operands)
        if layout is None:
            return None
        arrays = [self._in(layout, value) for value in operands]
        if any(array is None for array in arrays):
            return None
        ndim = max(np.ndim(array) for array in arrays)
        if any(np.ndim(array) not in (0, ndim) for array in arrays):
            return None
        if name_of(equation) == "select_n" or not any(np.ndim(a) == 0 for a in arrays):
            shape = np.broadcast_shapes(*map(np.shape, arrays))
            first = 1 if name_of(equation) == "select_n" and np.ndim(arrays[0]) == 0 else 0
            arrays[first:] = [jnp.broadcast_to(array, shape) for array in arrays[first:]]
        return Split(bind(equation, arrays)[0], layout)

    def _spread(self, equation: Any, operands: list[Any]) -> Any:
        (value,) = operands
        shape, dims = equation.params["shape"], equation.params["broadcast_dimensions"]
        if isinstance(value, Split):
            axis, old = dims[value.layout.axis], value.layout
            sizes = old.sizes(self.rows)
            target = (*shape[:axis], *sizes, *shape[axis + 1 :])
            places = [d + (d > axis) for d in dims]
            places.insert(old.axis + 1, axis + 1)
            return Split(lax.broadcast_in_dim(value.array, target, places), old.at(axis))
        if isinstance(value, Anyhow):
            return None
        made: dict[TwoAxes, Callable[[], Any]] = {}
        for axis, length in enumerate(shape):
            own = axis in dims and np.shape(value)[tuple(dims).index(axis)] != 1
            if length <= self.rows or length % self.rows or own:
                continue
            for crosswise in (False, True):
                layout = TwoAxes(axis, length // self.rows, crosswise)
                made[layout] = partial(self._broadcast, value, shape, dims, layout)
        return Anyhow(lambda: bind(equation, [value])[0], made) if made else None

    def _broadcast(self, value: Any, shape: Any, dims: Any, layout: TwoAxes) -> Any:
        axis = layout.axis
        target = (*shape[:axis], *layout.sizes(self.rows), *shape[axis + 1 :])
        return lax.broadcast_in_dim(value, target, [d + (d > axis) for d in dims])

    def _reshaped(self, equation: Any, operands: list[Any]) -> Any:
        (value,), shape = operands, equation.params["new_sizes"]
        if isinstance(value, Anyhow):
            return None
        array = value.array if isinstance(value, Split) else value
        whole = array.shape
        if whole.count(self.rows) != 1:
            return None
        place = whole.index(self.rows)
        before = prod(whole[:place])
        if self.rows in shape and prod(shape[: shape.index(self.rows)]) == before:
            return lax.reshape(array, shape)
        for axis, length in enumerate(shape):
            if length <= self.rows or length % self.rows:
                continue
            count, ahead = length // self.rows, prod(shape[:axis])
            for layout in (TwoAxes(axis, count), TwoAxes(axis, count, crosswise=True)):
                if before == ahead * (count if layout.crosswise else 1):
                    sizes = (*shape[:axis], *layout.sizes(self.rows), *shape[axis + 1 :])
                    return Split(lax.reshape(array, sizes), layout)
        return None

    def _cut(self, equation: Any, operands: list[Any]) -> Any:
        (value,), params = operands, equation.params
        if not isinstance(value, Split):
            return None
        array, layout, rows = value.array, value.layout, self.rows
        axis, count = layout.axis, layout.count
        ends = zip(params["start_indices"], params["limit_indices"], strict=True)
        pieces = [slice(*each) for each in ends]
        if params["strides"] is not None:
            pieces = [
                slice(p.start, p.stop, s) for p, s in zip(pieces, params["strides"], strict=True)
            ]
        own = range(rows * count)[pieces[axis]]
        if len(own) == rows * count:
            inner: tuple[Any, ...] = (slice(None), slice(None))
        elif (
            not layout.crosswise
            and own == range(own.start, rows * count, count)
            and len(own) == rows
        ):
            inner = (slice(None), own.start)
        elif layout.crosswise and own.step == 1 and own.start % rows == 0 and len(own) == rows:
            inner = (own.start // rows, slice(None))
        else:
            return None
        found = array[(*pieces[:axis], *inner, *pieces[axis + 1 :])]
        return Split(found, layout) if found.ndim == array.ndim else found

    def _taken(self, equation: Any, operands: list[Any]) -> Any:
        value, readers, _ = operands
        readers = readers.plain() if isinstance(readers, Anyhow) else readers
        if not isinstance(value, Split) or not isinstance(readers, np.ndarray) or len(readers) != 1:
            return None
        layout, rows = value.layout, self.rows
        if layout.axis != value.array.ndim - 2 or layout.crosswise or readers.size % rows:
            return None
        first = np.arange(rows)[:, None] * layout.count
        for crosswise in (False, True):
            steps = readers.reshape((-1, rows)).T if crosswise else readers.reshape((rows, -1))
            steps = steps - first
            if (steps == steps[0]).all() and steps[0].min() >= 0 and steps[0].max() < layout.count:
                found = jnp.stack([value.array[..., int(j)] for j in steps[0]], axis=-1)
                found = jnp.swapaxes(found, -1, -2) if crosswise else found
                return Split(found, TwoAxes(layout.axis, len(steps[0]), crosswise))
        return None

    def _stacked(self, equation: Any, operands: list[Any]) -> Any:
        layout, axis = self._layout(operands), equation.params["axis"]
        if layout is None:
            return None
        arrays = [self._in(layout, value) for value in operands]
        if any(array is None for array in arrays):
            return None
        arrays = [jnp.broadcast_to(a, np.broadcast_shapes(*map(np.shape, arrays))) for a in arrays]
        before = axis <= layout.axis
        found = jnp.stack(arrays, axis=axis if before else axis + 1)
        return Split(found, layout.at(layout.axis + before))

    def _transposed(self, equation: Any, operands: list[Any]) -> Any:
        (value,), order = operands, equation.params["permutation"]
        if not isinstance(value, Split):
            return None
        old = value.layout.axis
        places: list[int] = []
        for axis in order:
            places += [old, old + 1] if axis == old else [axis + (axis > old)]
        found = lax.transpose(value.array, places)
        return Split(found, value.layout.at(list(order).index(old)))

    def _reduced(self, equation: Any, operands: list[Any]) -> Any:
        (value, *_), axes = operands, working_axes(equation)
        if not isinstance(value, Split) or axes is None or "axes" not in equation.params:
            return None
        old = value.layout.axis
        if name_of(equation).startswith("arg") and old in axes:
            return None
        moved = [a + (a > old) for a in axes] + ([old + 1] if old in axes else [])
        (found,) = bind(equation, [value.array], equation.params | {"axes": tuple(sorted(moved))})
        return (
            found
            if old in axes
            else Split(found, value.layout.at(old - sum(a < old for a in axes)))
        )
