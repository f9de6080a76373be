"""Calls of reads and writes at an index: before the first element, beyond the last, partly outside.

The dimension numbers are drawn as the operations define them, not as NumPy's indexing makes them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jax import lax

from tests.marginal.edges.call import Call, makes
from tests.marginal.edges.operands import Draw, Operand

MODES = "clip", "fill", "promise_in_bounds"


class Layout(NamedTuple):
    """Which axes of an array are indexed, by windows of which lengths, and what goes together."""

    shape: tuple[int, ...]
    batch: tuple[int, ...]
    indexed: tuple[int, ...]
    sizes: tuple[int, ...]
    gone: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]
    inside: tuple[int, ...]

    @property
    def windows(self) -> tuple[int, ...]:
        """The axes of the array that a window keeps."""
        paired = [axis for axis, _ in self.pairs]
        return tuple(
            axis for axis in range(len(self.shape)) if axis not in self.gone and axis not in paired
        )

    @property
    def whole(self) -> tuple[int, ...]:
        """The shape of all windows together."""
        lengths = iter(self.sizes[axis] for axis in self.windows)
        rows = iter(self.batch)
        ndim = len(self.batch) + len(self.windows)
        return tuple(next(lengths if axis in self.inside else rows) for axis in range(ndim))

    def __str__(self) -> str:
        return (
            f"{self.shape} along {self.indexed}, windows {self.sizes}, without {self.gone}, "
            f"paired {self.pairs}, inside {self.inside}"
        )


def _layout(draw: Draw) -> Layout:
    shape = draw.shape(1, 3)
    batch = draw.shape(0, 2, longest=3)
    pairs: tuple[tuple[int, int], ...] = ()
    if batch and len(shape) > 1 and draw.chance(0.4):
        axis, along = draw.integer(0, len(shape) - 1), draw.integer(0, len(batch) - 1)
        shape = (*shape[:axis], batch[along], *shape[axis + 1 :])
        pairs = ((axis, along),)
    free = [axis for axis in range(len(shape)) if axis not in dict(pairs)]
    some = draw.order(len(free))[: draw.integer(1, len(free))]
    indexed = tuple(free[k] for k in some)
    sizes = [1 if axis in dict(pairs) else n for axis, n in enumerate(shape)]
    for axis in free:
        if axis in indexed or draw.chance(0.2):
            sizes[axis] = draw.integer(1, shape[axis]) if draw.chance() else 1
    gone = tuple(axis for axis in free if sizes[axis] == 1 and draw.chance(0.7))
    kept = len(shape) - len(gone) - len(pairs)
    inside = tuple(sorted(draw.order(len(batch) + kept)[:kept]))
    return Layout(shape, batch, indexed, tuple(sizes), gone, pairs, inside)


def _indices(draw: Draw, layout: Layout, **how: Any) -> Operand:
    last = max(layout.shape[axis] - layout.sizes[axis] for axis in layout.indexed)
    return draw.indices(0, last, *layout.batch, len(layout.indexed), **how)


def _anything(draw: Draw, shape: tuple[int, ...], **how: Any) -> Operand:
    if draw.chance(0.2):
        return draw.whole(1, 9, *shape, dtype=np.int8, **how)
    return draw.reals(*shape, **how)


@makes("gather")
def _gather(draw: Draw, _: str) -> Call:
    layout, mode = _layout(draw), draw.one(*MODES, "fill")
    numbers = lax.GatherDimensionNumbers(
        offset_dims=layout.inside,
        collapsed_slice_dims=layout.gone,
        start_index_map=layout.indexed,
        operand_batching_dims=tuple(axis for axis, _ in layout.pairs),
        start_indices_batching_dims=tuple(axis for _, axis in layout.pairs),
    )
    filling = draw.one(None, 7) if mode == "fill" else None

    def apply(x: Any, index: Any) -> Any:
        return lax.gather(x, index, numbers, layout.sizes, mode=mode, fill_value=filling)

    index = _indices(draw, layout, source=draw.one("known", "input", "discrete", "known"))
    # What is the same along an indexed axis is listed without a look at the index, though it may
    # be outside, and filled.
    varies = len(layout.shape) == 1 and layout.shape[0] > 1
    exact = index.source != "discrete" and (varies or mode != "fill")
    array = _anything(draw, layout.shape, compact=not varies)
    return Call(apply, (array, index), f"{layout}, {mode}, {filling}", exact)


@makes("scatter", "scatter-add", "scatter-sub", "scatter-mul", "scatter-min", "scatter-max")
def _scatter(draw: Draw, name: str) -> Call:
    layout, mode = _layout(draw), draw.one(*MODES[:2], "fill")
    numbers = lax.ScatterDimensionNumbers(
        update_window_dims=layout.inside,
        inserted_window_dims=layout.gone,
        scatter_dims_to_operand_dims=layout.indexed,
        operand_batching_dims=tuple(axis for axis, _ in layout.pairs),
        scatter_indices_batching_dims=tuple(axis for _, axis in layout.pairs),
    )
    function = getattr(lax, name.replace("-", "_"))
    index = _indices(draw, layout, source=draw.one("known", "input", "discrete", "known"))
    array = draw.reals(*layout.shape)
    if name == "scatter" and draw.chance(0.2):
        # Something is done to what is there; where it is done twice depends on the order.
        return Call(
            lambda x, i: lax.scatter_apply(
                x, i, lambda y: 2.0 * y + 1.0, numbers, update_shape=layout.whole, mode=mode
            ),
            (array, index),
            f"{layout}, {mode}, applied",
            smooth=False,
        )
    updates = draw.reals(*layout.whole)
    if name == "scatter-mul":  # whose derivative is there only where no place is met twice
        updates = draw.reals(*layout.whole, source=draw.one("discrete", "known"))
    return Call(
        lambda x, i, y: function(x, i, y, numbers, mode=mode),
        (array, index, updates),
        f"{layout}, {mode}",
        smooth=name in ("scatter-add", "scatter-sub"),
    )


def _starts(draw: Draw, shape: tuple[int, ...], sizes: tuple[int, ...]) -> list[Operand]:
    return [
        draw.indices(0, n - size, source=draw.one("known", "known", "input", "discrete"))
        for n, size in zip(shape, sizes, strict=True)
    ]


def _of_one_type(starts: tuple[Any, ...]) -> list[Any]:
    return [lax.convert_element_type(start, np.int64) for start in starts]


@makes("dynamic_slice")
def _dynamic_slice(draw: Draw, _: str) -> Call:
    shape = draw.shape()
    sizes = tuple(draw.integer(1, n) for n in shape)
    from_end = draw.chance(0.3)

    def apply(x: Any, *starts: Any) -> Any:
        starts = _of_one_type(starts)
        return lax.dynamic_slice(x, starts, sizes, allow_negative_indices=from_end)

    operands = _anything(draw, shape), *_starts(draw, shape, sizes)
    return Call(apply, operands, f"{sizes} of {shape}, from the end {from_end}")


@makes("dynamic_update_slice")
def _dynamic_update_slice(draw: Draw, _: str) -> Call:
    shape = draw.shape()
    sizes = tuple(draw.integer(1, n) for n in shape)
    from_end = draw.chance(0.3)

    def apply(x: Any, y: Any, *starts: Any) -> Any:
        starts = _of_one_type(starts)
        return lax.dynamic_update_slice(x, y, starts, allow_negative_indices=from_end)

    operands = draw.reals(*shape), draw.reals(*sizes), *_starts(draw, shape, sizes)
    return Call(apply, operands, f"{sizes} of {shape}, from the end {from_end}")
