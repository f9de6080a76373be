"""Indexing by the states of discrete variables, without a gather in the program.

A gather looks up windows of an operand at positions that an index gives, one component for each
indexed axis. Where a component is a known number for each assignment of states, the axis is sliced
(or becomes the axis of the states itself); where it counts along an axis of the result, the axis is
that axis; where the operand is constant along the axis, the component does not matter. What is left
after these is a choice among a few slices, or a smaller gather.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jax import lax

from aliquot.marginal.assignments.arrays import (
    SLICES,
    Array,
    common_shape,
    compact,
    concrete,
    cut,
    join,
    pick,
    rearrange,
    reshape,
    spread,
    typed,
)
from aliquot.marginal.assignments.elementwise import select
from aliquot.primitives import Indexing, name_of

# So many slices are chosen from by masks; more are gathered.
CHOICES = 32


@dataclass(frozen=True)
class _Work:
    """An operand on its way: axes are counted with the lanes before the own ones.

    Attributes
    ----------
    operand : array
    pairs : dict from int to int
        Axis of the operand by axis of lanes and positions that it goes along with.
    left : tuple of (int, array)
        The operand's axes that are still to be indexed, and by what.
    outside : bool
        Whether a position is known to be beyond the ends: then the gather itself must say what
        that means.
    """

    operand: Array
    pairs: dict[int, int]
    left: tuple[tuple[int, Array], ...]
    outside: bool = False


def look_up(
    lookup: Indexing, operand: Array, components: Sequence[Array], lanes: int, choose: bool
) -> Array:
    """Evaluate a gather on compact values.

    Parameters
    ----------
    lookup : Indexing
    operand : array, lanes and own axes
    components : sequence of array
        The position along each of `lookup.axes`, with the lanes and the axes of the positions.
    lanes : int
    choose : bool
        Whether a choice among few slices by masks may stand for a gather.
    """
    pairs = {lane: lane for lane in range(lanes)}
    pairs |= {lanes + t: lanes + axis for axis, t in lookup.paired}
    work = _Work(operand, pairs, ())
    shared = {axis for axis, _ in lookup.paired}
    for axis, (size, length) in enumerate(zip(lookup.sizes, lookup.operand, strict=True)):
        fixed = axis not in lookup.axes and axis not in shared and size < length
        if fixed and work.operand.shape[lanes + axis] > 1:
            work = replace(work, operand=cut(work.operand, lanes + axis, 0, size))
    for axis, component in zip(lookup.axes, components, strict=True):
        known = compact(component, lanes) if concrete(component) else component
        work = _indexed(work, lookup, axis, known, lanes)
    if not work.left:
        return _arranged(work.operand, work.pairs, lookup, lanes)
    lengths = [work.operand.shape[axis] for axis, _ in work.left]
    windows = all(lookup.sizes[axis - lanes] == 1 for axis, _ in work.left)
    clear = lookup.clamps and not work.outside
    if choose and windows and clear and math.prod(lengths) <= CHOICES:
        return _chosen(work, lookup, lanes)
    return _gathered(work, lookup, lanes)


def _indexed(work: _Work, lookup: Indexing, axis: int, known: Array, lanes: int) -> _Work:
    """Apply one component to the operand, or leave it for later."""
    size, length, at = lookup.sizes[axis], lookup.operand[axis], lanes + axis
    here = work.operand.shape[at]
    inside = concrete(known) and bool(((known >= 0) & (known <= length - size)).all())
    if (inside or lookup.clamps) and (length == size or here == 1):
        return work
    if inside and all(n == 1 for n in known.shape[lanes:]):
        sliced = _sliced(work.operand, at, known, size, lanes)
        if sliced is not None:
            return replace(work, operand=sliced)
    if inside and size == 1:
        along = _counts_along(known, length, lanes)
        if along is not None and along not in work.pairs:
            return replace(work, pairs=work.pairs | {along: at})
    full = spread(
        work.operand, [length if i == at else n for i, n in enumerate(work.operand.shape)]
    )
    outside = work.outside or (concrete(known) and not inside)
    return replace(work, operand=full, left=(*work.left, (at, known)), outside=outside)


def _counts_along(known: np.ndarray, length: int, lanes: int) -> int | None:
    """Give the axis along which a component is 0, 1, 2, ..., if it is that and nothing else."""
    long = [axis for axis, n in enumerate(known.shape) if n != 1]
    if len(long) != 1 or long[0] < lanes or known.shape[long[0]] != length:
        return None
    return long[0] if (known.ravel() == np.arange(length)).all() else None


def _sliced(operand: Array, axis: int, known: np.ndarray, size: int, lanes: int) -> Array | None:
    """Index an axis by a number for each lane; None where that would take too many slices."""
    varying = [lane for lane in range(lanes) if known.shape[lane] > 1]
    clash = [lane for lane in varying if operand.shape[lane] > 1]
    if clash:
        if math.prod(operand.shape[lane] for lane in clash) > SLICES:
            return None
        lane = clash[0]
        parts = [
            _sliced(cut(operand, lane, k, k + 1), axis, known.take([k], lane), size, lanes)
            for k in range(operand.shape[lane])
        ]
        others = common_shape(parts)
        return join([spread(part, others) for part in parts], lane)
    starts = known.ravel()
    lengths = [known.shape[lane] for lane in varying]
    taken = pick(operand, (starts[:, None] + np.arange(size)).ravel(), axis)
    before, after = operand.shape[:axis], operand.shape[axis + 1 :]
    split = (*before, *lengths, size, *after)
    # The new axes stand where the indexed one stood; each goes where its lane is.
    moved = len(lengths)
    order = []
    for old in range(operand.ndim):
        if old in varying:
            order.append(axis + varying.index(old))
        else:
            order.append(old if old < axis else old + moved)
    return rearrange(taken, split, [*order, *varying], [split[new] for new in order])


def _places(lookup: Indexing, lanes: int) -> list[tuple[bool, int]]:
    """Say of each axis of the result what stands there: (is a window, its axis)."""
    windows = iter(lookup.windows)
    positions = iter(range(len(lookup.positions)))
    places = [(False, lane) for lane in range(lanes)]
    for out in range(len(lookup.positions) + len(lookup.offsets)):
        if out in lookup.offsets:
            places.append((True, lanes + next(windows)))
        else:
            places.append((False, lanes + next(positions)))
    return places


def _arranged(operand: Array, pairs: dict[int, int], lookup: Indexing, lanes: int) -> Array:
    """Put the axes of an operand that needs no more indexing where the result has them."""
    sources = [at if window else pairs.get(at) for window, at in _places(lookup, lanes)]
    return _ordered(operand, sources)


def _ordered(x: Array, sources: Sequence[int | None]) -> Array:
    """Order axes, with length 1 where there is none; those not named have length 1."""
    used = [axis for axis in sources if axis is not None]
    rest = [axis for axis in range(x.ndim) if axis not in used]
    shape = [1 if axis is None else x.shape[axis] for axis in sources]
    return rearrange(x, x.shape, [*used, *rest], shape)


def _chosen(work: _Work, lookup: Indexing, lanes: int) -> Array:
    """Choose among slices by masks; a position beyond the ends is clamped, as by the gather."""
    if not work.left:
        return _arranged(work.operand, work.pairs, lookup, lanes)
    (axis, component), rest = work.left[0], work.left[1:]
    sources = [None if window else at for window, at in _places(lookup, lanes)]
    position = _ordered(component, sources)
    result: Array = None
    for k in range(work.operand.shape[axis]):
        one = replace(work, operand=cut(work.operand, axis, k, k + 1), left=rest)
        case = _chosen(one, lookup, lanes)
        if result is None:
            result = case
        elif concrete(position):
            result = select(position >= k, case, result)
        else:
            result = select(lax.ge(position, lax.full_like(position, k)), case, result)
    return result


def _gathered(work: _Work, lookup: Indexing, lanes: int) -> Array:
    """Emit the gather that is left, with lanes as batch axes."""
    operand = work.operand
    parts = [component for _, component in work.left]
    shape = common_shape(parts)
    dtype = np.result_type(*(part.dtype for part in parts))
    index = join(
        [reshape(spread(typed(part, dtype), shape), (*shape, 1)) for part in parts],
        len(shape),
    )
    along = sorted(
        (axis, at) for at, axis in work.pairs.items() if operand.shape[axis] != 1 and shape[at] != 1
    )
    batching = {axis for axis, _ in along}
    alone = {axis for axis in work.pairs.values() if operand.shape[axis] == 1}
    collapsed = {lanes + axis for axis in lookup.collapsed} | alone
    # An axis that is paired with one of the positions, which do not vary along it, is kept whole.
    whole = set(work.pairs.values()) - alone - batching
    collapsed -= whole | batching
    windows = [a for a in range(operand.ndim) if a not in collapsed and a not in batching]
    left = [axis for axis, _ in work.left]
    sizes = [
        lookup.sizes[axis - lanes] if axis in left else 1 if axis in batching else n
        for axis, n in enumerate(operand.shape)
    ]
    rank = len(shape)
    found = lax.gather(
        operand,
        index,
        lax.GatherDimensionNumbers(
            offset_dims=tuple(range(rank, rank + len(windows))),
            collapsed_slice_dims=tuple(sorted(collapsed)),
            start_index_map=tuple(left),
            operand_batching_dims=tuple(axis for axis, _ in along),
            start_indices_batching_dims=tuple(at for _, at in along),
        ),
        tuple(sizes),
        mode=lookup.mode,
        fill_value=lookup.fill_value,
    )
    sources: list[int | None] = []
    for window, at in _places(lookup, lanes):
        axis = at if window else work.pairs.get(at)
        if axis is not None and axis in windows:
            sources.append(rank + windows.index(axis))
        else:
            sources.append(None if window else at)
    return _ordered(found, sources)


def parts_of_index(producer: Any, atom: Any) -> list[tuple[Any, int | None]] | None:
    """Give the components of an index vector that its defining equation puts together.

    Returns
    -------
    list of (atom, int or None), or None
        Where each component is: an atom and the position along its last axis (None: the atom is
        the component).
    """
    if producer is None:
        return None
    last = len(atom.aval.shape) - 1
    if name_of(producer) == "concatenate" and producer.params["dimension"] == last:
        return [(piece, j) for piece in producer.invars for j in range(piece.aval.shape[last])]
    if name_of(producer) == "stack" and producer.params["axis"] % (last + 1) == last:
        return [(piece, None) for piece in producer.invars]
    return None


def component(value: Array, place: int | None) -> Array:
    """Take one component from an index vector along the last axis."""
    if place is None:
        return value
    axis = value.ndim - 1
    at = 0 if value.shape[axis] == 1 else place
    return reshape(cut(value, axis, at, at + 1), value.shape[:axis])
