"""Where a gather, a scatter or a dynamic slice reads or writes.

A gather reads *windows* of its operand. Where a window starts is said by an index vector: one
component for each axis of the operand that is indexed, windows along the other axes start at 0. The
index vectors stand along the last axis of an array, whose other axes, the *positions*, are axes of
the result, beside those inside a window::

    operand   (rows, columns)       x[i, :], i of shape (5,)
    indices   (5 positions, 1 component)
    windows   one row each: sizes (1, columns), of which the first axis is collapsed
    result    (5 positions, columns)

A scatter is the same read backwards: its updates are the windows, and they are written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jax import lax
from numpy.typing import NDArray

from aliquot.primitives.internals import shape_of

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Indexing:
    """How the axes of an operand, of positions and of windows correspond."""

    operand: tuple[int, ...]  # the shape of what is read from or written to
    positions: tuple[int, ...]  # the shape of the index vectors' array without their own axis
    axes: tuple[int, ...]  # the operand's axis that each component of an index vector is about
    sizes: tuple[int, ...]  # the window's length along each axis of the operand
    collapsed: tuple[int, ...]  # axes of the operand, of window length 1, that the result lacks
    # Axes of the operand and of the positions that go together, as of ``vmap``.
    paired: tuple[tuple[int, int], ...]
    offsets: tuple[int, ...]  # the axes of the result that run inside a window
    mode: Any = lax.GatherScatterMode.CLIP
    fill_value: Any = None

    @property
    def clamps(self) -> bool:
        """Whether a window beyond the operand is moved inside, rather than filled or dropped.

        Where a program promises that there is none, XLA moves it, too.
        """
        return self.mode in (lax.GatherScatterMode.CLIP, lax.GatherScatterMode.PROMISE_IN_BOUNDS)

    @property
    def windows(self) -> tuple[int, ...]:
        """The operand's axes that stand in the result as axes of their own."""
        gone = {*self.collapsed, *(axis for axis, _ in self.paired)}
        return tuple(axis for axis in range(len(self.operand)) if axis not in gone)

    @property
    def ndim(self) -> int:
        """The number of axes of the result."""
        return len(self.positions) + len(self.offsets)

    @property
    def batch(self) -> list[int]:
        """The axes of the result that run along the positions."""
        return [axis for axis in range(self.ndim) if axis not in self.offsets]

    def beside_windows(self, array: NDArray[Any]) -> NDArray[Any]:
        """Give an array over the positions the axes of the result, of length 1 inside a window."""
        shape = [1] * self.ndim
        for axis, length in zip(self.batch, array.shape, strict=True):
            shape[axis] = length
        return array.reshape(shape)

    def coordinates(
        self, starts: dict[int, Index]
    ) -> tuple[list[Index], NDArray[np.bool_], NDArray[np.bool_]]:
        """Return the place in the operand of each element of the windows.

        For axes of the operand, `starts` has the start of the window, over the positions (or of
        length 1). Along the other axes windows start at 0.

        The coordinates are one array for each axis of the operand: inside it, and short along axes
        that do not matter. With them comes whether the element, and whether the whole of its
        window, was inside the operand.
        """
        paired = dict(self.paired)
        inside = whole = np.ones((1,) * self.ndim, bool)
        coordinates = []
        within = iter(self.offsets)
        for axis, length in enumerate(self.operand):
            last = length - self.sizes[axis]
            start = np.zeros((1,) * self.ndim, np.int64)
            if axis in paired:
                start = self._along(self.batch[paired[axis]], length)
            elif axis in starts:
                given = starts[axis]
                start = self.beside_windows(np.clip(given, 0, last) if self.clamps else given)
                whole = whole & ((start >= 0) & (start <= last))
            place = start
            if axis in self.windows:
                place = start + self._along(next(within), self.sizes[axis])
            if axis in starts:
                inside = inside & ((place >= 0) & (place < length))
                place = np.clip(place, 0, length - 1)
            coordinates.append(place)
        return coordinates, inside, whole

    def _along(self, axis: int, length: int) -> Index:
        """Count along one axis of the result."""
        shape = [1] * self.ndim
        shape[axis] = -1
        return np.arange(length).reshape(shape)


def gather_indexing(equation: Any) -> Indexing:
    """Read a `gather` equation."""
    params = equation.params
    numbers = params["dimension_numbers"]
    operand, indices = map(shape_of, equation.invars)
    return Indexing(
        operand=operand,
        positions=indices[:-1],
        axes=tuple(numbers.start_index_map),
        sizes=tuple(params["slice_sizes"]),
        collapsed=tuple(numbers.collapsed_slice_dims),
        paired=tuple(
            zip(numbers.operand_batching_dims, numbers.start_indices_batching_dims, strict=True)
        ),
        offsets=tuple(numbers.offset_dims),
        mode=lax.GatherScatterMode.from_any(params["mode"]),
        fill_value=params["fill_value"],
    )


def scatter_indexing(equation: Any) -> Indexing:
    """Read a `scatter` equation, or one of its kin."""
    numbers = equation.params["dimension_numbers"]
    operand, indices, updates = map(shape_of, equation.invars)
    paired = tuple(
        zip(numbers.operand_batching_dims, numbers.scatter_indices_batching_dims, strict=True)
    )
    gone = {*numbers.inserted_window_dims, *(axis for axis, _ in paired)}
    lengths = iter(updates[axis] for axis in numbers.update_window_dims)
    return Indexing(
        operand=operand,
        positions=indices[:-1],
        axes=tuple(numbers.scatter_dims_to_operand_dims),
        sizes=tuple(1 if axis in gone else next(lengths) for axis in range(len(operand))),
        collapsed=tuple(numbers.inserted_window_dims),
        paired=paired,
        offsets=tuple(numbers.update_window_dims),
        mode=lax.GatherScatterMode.from_any(equation.params["mode"]),
    )


def slice_indexing(equation: Any) -> Indexing:
    """Read a `dynamic_slice` equation: one window, whose start along every axis is clamped."""
    operand = shape_of(equation.invars[0])
    axes = tuple(range(len(operand)))
    return Indexing(
        operand=operand,
        positions=(),
        axes=axes,
        sizes=tuple(equation.params["slice_sizes"]),
        collapsed=(),
        paired=(),
        offsets=axes,
    )
