"""Where a gather or scatter reads or writes: coordinates along each axis of its operand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aliquot.marginal.dependence.slots import Index, compact
from aliquot.marginal.dependence.value import Value


@dataclass(frozen=True)
class Layout:
    """How the axes of an operand, the indices and the windows of a gather or scatter correspond.

    Attributes
    ----------
    operand : tuple of int
        Shape of what is read from or written to.
    windows : tuple of int
        Shape of what is read or written: batch axes and axes inside a window.
    offset : tuple of int
        The axes of `windows` that run inside a window.
    sizes : tuple of int
        Length of a window along each axis of the operand.
    mapped : tuple of int
        The axis of the operand that each component of an index vector is about.
    paired : dict of int to int
        Batching axes: from an axis of the operand to that of the indices.
    dropped : frozenset of int
        The axes of the operand, besides the batching ones, that a window does not keep.
    """

    operand: tuple[int, ...]
    windows: tuple[int, ...]
    offset: tuple[int, ...]
    sizes: tuple[int, ...]
    mapped: tuple[int, ...]
    paired: dict[int, int]
    dropped: frozenset[int]

    @property
    def batch(self) -> list[int]:
        """The axes of `windows` that run along the indices."""
        return [axis for axis in range(len(self.windows)) if axis not in self.offset]

    def spread(self, batched: NDArray[Any]) -> NDArray[Any]:
        """Give an array over the indices' axes the axes of the windows."""
        shape = [1] * len(self.windows)
        for axis, length in zip(self.batch, batched.shape, strict=True):
            shape[axis] = length
        return batched.reshape(shape)

    def coordinates(
        self, starts: dict[int, Index], clip: bool
    ) -> tuple[list[Index], NDArray[np.bool_], NDArray[np.bool_]]:
        """Return the place in the operand of each element of the windows.

        Parameters
        ----------
        starts : dict of int to int array
            For axes of the operand the start of the window, over the indices' axes. Windows along
            the other axes start at 0.
        clip : bool
            Whether windows that reach beyond the operand are moved inside.

        Returns
        -------
        coordinates : list of int array
            Along each axis of the operand; inside it, and short along axes that do not matter.
        inside, whole : bool array
            Whether the element, or the whole of its window, was inside the operand.
        """
        ndim = len(self.windows)
        inside = whole = np.ones((1,) * ndim, bool)
        coordinates = []
        within = iter(self.offset)
        for axis, length in enumerate(self.operand):
            last = length - self.sizes[axis]
            start = np.zeros((1,) * ndim, np.int64)
            if axis in self.paired:
                along = [1] * ndim
                along[self.batch[self.paired[axis]]] = -1
                start = np.arange(length).reshape(along)
            elif axis in starts:
                given = compact(starts[axis])
                start = self.spread(np.clip(given, 0, last) if clip else given)
                whole = whole & ((start >= 0) & (start <= last))
            place = start
            if axis not in self.paired and axis not in self.dropped:
                along = [1] * ndim
                along[next(within)] = -1
                place = start + np.arange(self.sizes[axis]).reshape(along)
            if axis in starts:
                inside = inside & ((place >= 0) & (place < length))
                place = np.clip(place, 0, length - 1)
            coordinates.append(place)
        return coordinates, inside, whole


def of_gather(equation: Any, operand: Value) -> Layout:
    """Return the layout of a gather."""
    numbers = equation.params["dimension_numbers"]
    return Layout(
        operand=operand.shape,
        windows=tuple(equation.outvars[0].aval.shape),
        offset=tuple(numbers.offset_dims),
        sizes=tuple(equation.params["slice_sizes"]),
        mapped=tuple(numbers.start_index_map),
        paired=dict(
            zip(numbers.operand_batching_dims, numbers.start_indices_batching_dims, strict=True)
        ),
        dropped=frozenset(numbers.collapsed_slice_dims),
    )


def of_scatter(equation: Any, operand: Value, updates: Value) -> Layout:
    """Return the layout of a scatter."""
    numbers = equation.params["dimension_numbers"]
    paired = dict(
        zip(numbers.operand_batching_dims, numbers.scatter_indices_batching_dims, strict=True)
    )
    dropped = frozenset(numbers.inserted_window_dims)
    lengths = iter(updates.shape[axis] for axis in numbers.update_window_dims)
    return Layout(
        operand=operand.shape,
        windows=updates.shape,
        offset=tuple(numbers.update_window_dims),
        sizes=tuple(
            1 if axis in dropped or axis in paired else next(lengths)
            for axis in range(operand.ndim)
        ),
        mapped=tuple(numbers.scatter_dims_to_operand_dims),
        paired=paired,
        dropped=dropped,
    )


def components(indices: Value, wanted: Sequence[bool]) -> list[Index | None]:
    """Return the components of the index vectors that are wanted and known, over the batch axes."""
    if indices.known is not None:
        if not any(wanted):
            return [None] * len(wanted)
        every = indices.known.integers()
        return [every[..., k] if needed else None for k, needed in enumerate(wanted)]
    columns = indices.columns or (None,) * len(wanted)
    return [
        column.integers()[..., 0] if needed and column is not None else None
        for column, needed in zip(columns, wanted, strict=True)
    ]
