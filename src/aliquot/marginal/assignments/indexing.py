"""Indexing by the states of discrete variables, without a gather in the program.

A gather looks up windows of an operand at positions that an index gives, one component for each
indexed axis. The values have *batch* axes, along which the states of discrete variables differ,
before their own. The components are taken one after the other, and each can be gone in one of four
ways; what is left then is a choice among a few slices, or a smaller gather::

    what is known of a component          what becomes of the operand's axis
    it does not matter: the operand is
    the same all along, or is kept whole  stays as it is
    a number for each assignment          is sliced, and becomes the batch axis (`_sliced`)
    counts 0, 1, 2, ... along an axis     goes along with that axis (`_Work.pairs`)
    of the result
    anything else                         is `_Work.left`: by masks (`_chosen`) or `_gathered`

So ``means[z]`` with all of ``z`` in state k is ``means[k]``, and ``table[z, arange(n)]`` is row k.
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
    expand,
    join,
    pick,
    rearrange,
    reshape,
    typed,
)
from aliquot.marginal.assignments.elementwise import select
from aliquot.primitives import Indexing, name_of

# So many slices are chosen from by masks; more are gathered.
CHOICES = 32


@dataclass(frozen=True)
class _Work:
    """An operand on its way: axes are counted with the batch axes before the own ones."""

    operand: Array
    # Axis of the operand by the axis (batch, or of the positions) that it goes along with.
    pairs: dict[int, int]
    # The operand's axes that are still to be indexed, and by what.
    left: tuple[tuple[int, Array], ...]
    # Whether a position is known to be beyond the ends: then the gather itself must say what that
    # means.
    outside: bool = False


def look_up(
    indexing: Indexing, operand: Array, components: Sequence[Array], batch: int, choose: bool
) -> Array:
    """Evaluate a gather on compact values.

    The operand has batch axes and its own. For each of `indexing.axes`, `components` has the
    position along it, with batch axes and those of the positions. `choose` says whether a choice
    among few slices by masks may stand for a gather.
    """
    pairs = {axis: axis for axis in range(batch)}
    pairs |= {batch + along: batch + axis for axis, along in indexing.paired}
    work = _Work(_cut_to_windows(indexing, operand, batch), pairs, ())
    for axis, component in zip(indexing.axes, components, strict=True):
        known = compact(component, batch) if concrete(component) else component
        work = _indexed(work, indexing, axis, known, batch)
    if not work.left:
        return _arranged(work, indexing, batch)
    lengths = [work.operand.shape[axis] for axis, _ in work.left]
    single = all(indexing.sizes[axis - batch] == 1 for axis, _ in work.left)
    clear = indexing.clamps and not work.outside
    if choose and single and clear and math.prod(lengths) <= CHOICES:
        return _chosen(work, indexing, batch)
    return _gathered(work, indexing, batch)


def _cut_to_windows(indexing: Indexing, operand: Array, batch: int) -> Array:
    """Cut axes that are not indexed to the window's length: windows start at 0 there."""
    moving = {*indexing.axes, *(axis for axis, _ in indexing.paired)}
    for axis, (size, length) in enumerate(zip(indexing.sizes, indexing.operand, strict=True)):
        if axis not in moving and size < length and operand.shape[batch + axis] > 1:
            operand = cut(operand, batch + axis, 0, size)
    return operand


def _indexed(work: _Work, indexing: Indexing, axis: int, known: Array, batch: int) -> _Work:
    """Apply one component to the operand, or leave it for later."""
    size, length, at = indexing.sizes[axis], indexing.operand[axis], batch + axis
    inside = concrete(known) and bool(((known >= 0) & (known <= length - size)).all())
    if (inside or indexing.clamps) and (length == size or work.operand.shape[at] == 1):
        return work  # it does not matter
    if inside and all(n == 1 for n in known.shape[batch:]):
        sliced = _sliced(work.operand, at, known, size, batch)
        if sliced is not None:
            return replace(work, operand=sliced)
    if inside and size == 1:
        along = _counts_along(known, length, batch)
        if along is not None and along not in work.pairs:
            return replace(work, pairs=work.pairs | {along: at})
    shape = [length if i == at else n for i, n in enumerate(work.operand.shape)]
    outside = work.outside or (concrete(known) and not inside)
    full = expand(work.operand, shape)
    return replace(work, operand=full, left=(*work.left, (at, known)), outside=outside)


def _counts_along(known: np.ndarray, length: int, batch: int) -> int | None:
    """Give the axis along which a component is 0, 1, 2, ..., if it is that and nothing else."""
    long = [axis for axis, n in enumerate(known.shape) if n != 1]
    if len(long) != 1 or long[0] < batch or known.shape[long[0]] != length:
        return None
    return long[0] if (known.ravel() == np.arange(length)).all() else None


def _sliced(operand: Array, axis: int, known: np.ndarray, size: int, batch: int) -> Array | None:
    """Index an axis by a number for each assignment; None where that would take too many slices.

    Where the operand varies along a batch axis along which the number does, too, each position
    along it is sliced by itself.
    """
    varying = [each for each in range(batch) if known.shape[each] > 1]
    both = [each for each in varying if operand.shape[each] > 1]
    if both:
        if math.prod(operand.shape[each] for each in both) > SLICES:
            return None
        along = both[0]
        parts = [
            _sliced(cut(operand, along, k, k + 1), axis, known.take([k], along), size, batch)
            for k in range(operand.shape[along])
        ]
        others = common_shape(parts)
        return join([expand(part, others) for part in parts], along)
    lengths = [known.shape[each] for each in varying]
    taken = pick(operand, (known.ravel()[:, None] + np.arange(size)).ravel(), axis)
    split = (*operand.shape[:axis], *lengths, size, *operand.shape[axis + 1 :])
    # The new axes stand where the indexed one stood: each goes to the batch axis that it is, and
    # what stood there, of length 1, to the end.
    order = []
    for old in range(operand.ndim):
        if old in varying:
            order.append(axis + varying.index(old))
        else:
            order.append(old if old < axis else old + len(lengths))
    return rearrange(taken, split, [*order, *varying], [split[new] for new in order])


def _places(indexing: Indexing, batch: int) -> list[tuple[bool, int]]:
    """Say of each axis of the result what stands there: (is a window, its axis)."""
    windows = iter(indexing.windows)
    positions = iter(range(len(indexing.positions)))
    places = [(False, axis) for axis in range(batch)]
    for out in range(indexing.ndim):
        if out in indexing.offsets:
            places.append((True, batch + next(windows)))
        else:
            places.append((False, batch + next(positions)))
    return places


def _arranged(work: _Work, indexing: Indexing, batch: int) -> Array:
    """Put the axes of an operand that needs no more indexing where the result has them."""
    sources = [at if window else work.pairs.get(at) for window, at in _places(indexing, batch)]
    return _ordered(work.operand, sources)


def _ordered(x: Array, sources: Sequence[int | None]) -> Array:
    """Order axes, with length 1 where there is none; those not named have length 1."""
    used = [axis for axis in sources if axis is not None]
    rest = [axis for axis in range(x.ndim) if axis not in used]
    shape = [1 if axis is None else x.shape[axis] for axis in sources]
    return rearrange(x, x.shape, [*used, *rest], shape)


def _chosen(work: _Work, indexing: Indexing, batch: int) -> Array:
    """Choose among slices by masks; a position beyond the ends is clamped, as by the gather."""
    if not work.left:
        return _arranged(work, indexing, batch)
    (axis, component), rest = work.left[0], work.left[1:]
    sources = [None if window else at for window, at in _places(indexing, batch)]
    position = _ordered(component, sources)
    result: Array = None
    for k in range(work.operand.shape[axis]):
        one = replace(work, operand=cut(work.operand, axis, k, k + 1), left=rest)
        case = _chosen(one, indexing, batch)
        if result is None:
            result = case
        elif concrete(position):
            result = select(position >= k, case, result)
        else:
            result = select(lax.ge(position, lax.full_like(position, k)), case, result)
    return result


def _gathered(work: _Work, indexing: Indexing, batch: int) -> Array:
    """Emit the gather that is left, with what goes along with an axis of the index paired."""
    operand = work.operand
    left = [axis for axis, _ in work.left]
    index = _index_vectors([component for _, component in work.left])
    shape = index.shape[:-1]
    along = sorted(
        (axis, at) for at, axis in work.pairs.items() if operand.shape[axis] != 1 and shape[at] != 1
    )
    paired = {axis for axis, _ in along}
    short = {axis for axis in work.pairs.values() if operand.shape[axis] == 1}
    # What goes along with an axis of the positions, which do not vary along it, is kept whole.
    whole = set(work.pairs.values()) - short - paired
    collapsed = ({batch + axis for axis in indexing.collapsed} | short) - whole - paired
    windows = [a for a in range(operand.ndim) if a not in collapsed and a not in paired]
    sizes = [
        indexing.sizes[axis - batch] if axis in left else 1 if axis in paired else n
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
        mode=indexing.mode,
        fill_value=indexing.fill_value,
    )
    sources: list[int | None] = []
    for window, at in _places(indexing, batch):
        axis = at if window else work.pairs.get(at)
        if axis is not None and axis in windows:
            sources.append(rank + windows.index(axis))
        else:
            sources.append(None if window else at)
    return _ordered(found, sources)


def _index_vectors(components: Sequence[Array]) -> Array:
    """Put components together along a last axis, in one dtype and at the shape they share."""
    shape = common_shape(components)
    dtype = np.result_type(*(each.dtype for each in components))
    columns = [reshape(expand(typed(each, dtype), shape), (*shape, 1)) for each in components]
    return join(columns, len(shape))


def parts_of_index(producer: Any, atom: Any) -> list[tuple[Any, int | None]] | None:
    """Give the components of an index vector that its defining equation puts together.

    Each is an atom and the position along its last axis, which is None where the atom is the
    component. The result is None where the equation does not put components together.
    """
    if producer is None:
        return None
    last = len(atom.aval.shape) - 1
    if name_of(producer) == "concatenate" and producer.params["dimension"] == last:
        return [(part, j) for part in producer.invars for j in range(part.aval.shape[last])]
    if name_of(producer) == "stack" and producer.params["axis"] % (last + 1) == last:
        return [(part, None) for part in producer.invars]
    return None


def component(value: Array, place: int | None) -> Array:
    """Take one component from an index vector along the last axis."""
    if place is None:
        return value
    axis = value.ndim - 1
    at = 0 if value.shape[axis] == 1 else place
    return reshape(cut(value, axis, at, at + 1), value.shape[:axis])
