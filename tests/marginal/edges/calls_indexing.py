"""Calls of reads and writes at an index: before the first element, beyond the last, partly outside.

The dimension numbers are drawn as the operations define them, not as NumPy's indexing makes them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jax import lax

from tests.marginal.edges.call import Call, makes
from tests.marginal.edges.operands import Draw, Operand


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


def _layout(draw: Draw, *, wide: bool) -> Layout:
    """Draw a layout; a wide one has windows along several axes, which are named in any order."""
    lengths, axes = ((3, 4), (2, 2, 3)) if wide else ((1, 2, 3, 3, 4), (1, 2, 3))
    shape = tuple(draw.one(*lengths) for _ in range(draw.one(*axes)))
    batch = draw.one((), (4,), (5,), (2, 3), (1, 4), (3, 2))
    pairs: tuple[tuple[int, int], ...] = ()
    if batch and len(shape) > 1 and draw.chance(0.4):
        axis, along = draw.integer(0, len(shape) - 1), draw.integer(0, len(batch) - 1)
        shape = (*shape[:axis], batch[along], *shape[axis + 1 :])
        pairs = ((axis, along),)
    free = [axis for axis in range(len(shape)) if axis not in dict(pairs)]
    some = draw.order(len(free))[: len(free) if wide else draw.integer(1, len(free))]
    indexed = tuple(free[k] for k in some)
    sizes = [1 if axis in dict(pairs) else n for axis, n in enumerate(shape)]
    for axis in free:
        if axis in indexed or draw.chance(0.2):
            sizes[axis] = draw.integer(1, max(1, shape[axis] - draw.one(0, 1, 1)))
    if wide:
        sizes[draw.one(*indexed)] = 2
    gone = tuple(axis for axis in free if sizes[axis] == 1 and draw.chance(0.7))
    kept = len(shape) - len(gone) - len(pairs)
    inside = tuple(sorted(draw.order(len(batch) + kept)[:kept]))
    return Layout(shape, batch, indexed, tuple(sizes), gone, pairs, inside)


def _indices(draw: Draw, layout: Layout, source: str) -> Operand:
    last = [layout.shape[axis] - layout.sizes[axis] for axis in layout.indexed]
    return draw.indices(last, *layout.batch, source=source)


def _array(draw: Draw, shape: tuple[int, ...], *, compact: bool = True) -> Operand:
    compact = compact and draw.chance()
    if draw.chance(0.2):
        return draw.whole(1, 9, *shape, dtype=np.int8, compact=compact)
    return draw.reals(*shape, compact=compact)


@makes("gather")
def _gather(draw: Draw, _: str) -> Call:
    mode, wide = draw.each("fill", draw.one("clip", "promise_in_bounds")), draw.each(True, False)
    source = draw.each("known", "discrete", "known", "input")
    layout = _layout(draw, wide=wide)
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

    index = _indices(draw, layout, source)
    # What is the same along an indexed axis is listed without a look at the index, though it may
    # be outside, and filled.
    varies = len(layout.shape) == 1 and layout.shape[0] > 1
    exact = index.source != "discrete" and (varies or mode != "fill")
    array = _array(draw, layout.shape, compact=not varies)
    return Call(apply, (array, index), f"{layout}, {mode}, {filling}", exact)


@makes("scatter", "scatter-add", "scatter-sub", "scatter-mul", "scatter-min", "scatter-max")
def _scatter(draw: Draw, name: str) -> Call:
    mode, wide = draw.each("fill", "clip"), draw.each(True, False)
    source = draw.each("known", "discrete", "known", "input")
    layout = _layout(draw, wide=wide)
    numbers = lax.ScatterDimensionNumbers(
        update_window_dims=layout.inside,
        inserted_window_dims=layout.gone,
        scatter_dims_to_operand_dims=layout.indexed,
        operand_batching_dims=tuple(axis for axis, _ in layout.pairs),
        scatter_indices_batching_dims=tuple(axis for _, axis in layout.pairs),
    )
    function = getattr(lax, name.replace("-", "_"))
    index = _indices(draw, layout, source)
    array = draw.reals(*layout.shape, compact=draw.chance())
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


def _slices(draw: Draw) -> tuple[tuple[int, ...], tuple[int, ...], list[Operand]]:
    """Draw the shape of an array, that of a part of it, and where this starts."""
    shape = tuple(draw.integer(3, 5) for _ in range(draw.integer(1, 2)))
    sizes = tuple(draw.one(1, n - 1, n - 1, draw.integer(2, n)) for n in shape)
    where, source = draw.each("beyond", "before", "inside"), draw.each("known", "discrete", "input")
    starts = [
        draw.start(n - size, where, draw.one(source, source, "known"))
        for n, size in zip(shape, sizes, strict=True)
    ]
    return shape, sizes, starts


def _of_one_type(starts: tuple[Any, ...]) -> list[Any]:
    return [lax.convert_element_type(start, np.int64) for start in starts]


@makes("dynamic_slice")
def _dynamic_slice(draw: Draw, _: str) -> Call:
    shape, sizes, starts = _slices(draw)
    from_end = draw.chance(0.3)

    def apply(x: Any, *starts: Any) -> Any:
        return lax.dynamic_slice(x, _of_one_type(starts), sizes, allow_negative_indices=from_end)

    exact = all(start.source != "discrete" for start in starts)
    operands = _array(draw, shape), *starts
    return Call(apply, operands, f"{sizes} of {shape}, from the end {from_end}", exact)


@makes("dynamic_update_slice")
def _dynamic_update_slice(draw: Draw, _: str) -> Call:
    shape, sizes, starts = _slices(draw)
    from_end = draw.chance(0.3)

    def apply(x: Any, y: Any, *starts: Any) -> Any:
        return lax.dynamic_update_slice(x, y, _of_one_type(starts), allow_negative_indices=from_end)

    exact = all(start.source != "discrete" for start in starts)
    compact, source = draw.chance(0.3), draw.one(None, "discrete")
    array = draw.reals(*shape, compact=compact, source=source)
    operands = array, draw.reals(*sizes, compact=compact, source="discrete"), *starts
    return Call(apply, operands, f"{sizes} of {shape}, from the end {from_end}", exact)
