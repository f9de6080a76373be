"""Reductions and matrix products of values of which many elements are alike.

A result is computed once for all places at which it is made of the same numbers. A sum is then the
product of a matrix of counts and the numbers that are distinct.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aliquot.alike.nodes import Counted, KnownNumbers, NumbersAt, Products, Reduced, distinct, used
from aliquot.alike.partition import Index, by_members, by_order, by_segment
from aliquot.primitives import Kind, kind, name_of, primitive, scatter_indexing
from aliquot.primitives.internals import shape_of

Result = Sequence[NumbersAt] | None

# Fewer elements are not worth it.
LEAST = 64
# A product with counts may cost so many multiplications for each addition that it spares.
COSTLIER = 8
# Of larger matrices of counts none is made.
MOST = 20_000_000


def reduced(equation: Any, views: Sequence[NumbersAt]) -> Result:
    """Follow a reduction along axes of one operand."""
    if kind(equation) is not Kind.REDUCES or len(views) != 1 or "axes" not in equation.params:
        return None
    (view,) = views
    about = primitive(equation)
    if about.numpy is None or view.is_whole:
        return None
    axes = tuple(equation.params["axes"])
    shape, dtype = shape_of(equation.outvars[0]), equation.outvars[0].aval.dtype
    if view.known is not None:
        return [_known(np.asarray(about.numpy(view.known, axis=axes), dtype))]
    if not axes:
        return [view]
    rest = [axis for axis in range(view.at.ndim) if axis not in axes]
    rows = view.at.transpose([*rest, *axes]).reshape((int(np.prod(shape, dtype=int)), -1))
    if not worthwhile(view) or rows.shape[1] == 0:
        return None
    if name_of(equation) == "reduce_sum" and np.dtype(dtype).kind == "f":
        summed = _sums(view, rows, None, shape)
        if summed is not None:
            return summed
    found = by_members(rows, view.node.size)
    at = rows[found.first]
    if 2 * at.size > view.at.size:
        return None
    node = Reduced(found.count, dtype, equation, view.node, at)
    return [NumbersAt(node, found.of.reshape(shape), merged=True)]


def worthwhile(view: NumbersAt) -> bool:
    """Say whether at least half of many elements are repetitions."""
    return view.at.size >= LEAST and 2 * distinct(view) <= view.at.size


def _known(values: Any) -> NumbersAt:
    return NumbersAt(
        KnownNumbers(values.size, values.dtype, values.reshape(-1)),
        np.arange(values.size).reshape(values.shape),
    )


def _sums(view: NumbersAt, rows: Index, target: Index | None, shape: tuple[int, ...]) -> Result:
    """Sum each of the rows; or with `target`, each number into the row that this names."""
    taken, places = used(NumbersAt(view.node, rows))
    room = taken.size
    if target is None:
        found = by_members(places, room)
        members = places[found.first]
        row = np.repeat(np.arange(found.count), members.shape[1])
        members = members.reshape(-1)
    else:
        targets = int(np.prod(shape, dtype=int))
        found = by_segment(places, target, targets, room)
        number = np.full(targets, -1)
        number[found.first] = np.arange(found.count)
        row = number[target]
        members, row = places[row >= 0], row[row >= 0]
    entries = found.count * room
    if entries > min(COSTLIER * rows.size, MOST):
        return None
    counts = np.bincount(row * room + members, minlength=entries).astype(float)
    node = Counted(found.count, view.node.dtype, taken, counts.reshape(found.count, room))
    return [NumbersAt(node, found.of.reshape(shape), merged=True)]


def _scatter_add(equation: Any, views: Sequence[NumbersAt]) -> Result:
    start, index, updates = views
    known = index.known
    zero = start.known is not None and not np.any(start.known)
    if known is None or not zero or not worthwhile(updates):
        return None
    indexing = scatter_indexing(equation)
    starts = {axis: known[..., k].astype(np.int64) for k, axis in enumerate(indexing.axes)}
    coordinates, _, whole = indexing.coordinates(starts)
    if not whole.all():
        return None  # what is written beyond the ends is dropped
    shape = shape_of(equation.outvars[0])
    places = np.broadcast_arrays(*coordinates, updates.at)[:-1]
    target = np.ravel_multi_index(tuple(places), shape).reshape(-1)
    return _sums(updates, updates.at.reshape(-1), target, shape)


def _gather_sum(equation: Any, views: Sequence[NumbersAt]) -> Result:
    rows, readers, _ = views
    read = readers.known
    if read is None or rows.at.ndim != 1 or not worthwhile(rows):
        return None
    there = read < rows.at.shape[0]
    target = np.broadcast_to(np.arange(read.shape[1]), read.shape)[there]
    shape = shape_of(equation.outvars[0])
    return _sums(rows, rows.at[read[there]], target, shape)


def _dot_general(equation: Any, views: Sequence[NumbersAt]) -> Result:
    contracted, batched = equation.params["dimension_numbers"]
    if batched[0] or all(view.is_whole for view in views):
        return None
    shape = shape_of(equation.outvars[0])
    sides = []
    for view, axes in zip(views, contracted, strict=True):
        free = [axis for axis in range(view.at.ndim) if axis not in axes]
        count = int(np.prod([view.at.shape[axis] for axis in free], dtype=int))
        sides.append(view.at.transpose([*free, *axes]).reshape((count, -1)))
    size = int(np.prod(shape, dtype=int))
    if size < LEAST or sides[0].shape[1] == 0:
        return None
    found = [by_order(side, view.node.size) for side, view in zip(sides, views, strict=True)]
    count = found[0].count * found[1].count
    if 2 * count > size:
        return None
    at = (found[0].of[:, None] * found[1].count + found[1].of[None, :]).reshape(shape)
    node = Products(
        count,
        equation.outvars[0].aval.dtype,
        equation,
        views[0].node,
        sides[0][found[0].first],
        views[1].node,
        sides[1][found[1].first],
    )
    return [NumbersAt(node, at, merged=True)]


RULES: dict[str, Callable[[Any, Sequence[NumbersAt]], Result]] = {
    "aliquot_gather_sum": _gather_sum,
    "dot_general": _dot_general,
    "scatter-add": _scatter_add,
}
