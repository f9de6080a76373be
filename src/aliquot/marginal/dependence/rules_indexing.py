"""Reading and writing at an index: exact where the index is known."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from aliquot.marginal.dependence.candidates import reduced, windows
from aliquot.marginal.dependence.references import (
    LIMIT,
    Dependence,
    Index,
    Mixed,
    compact,
    everything,
    lift,
    reference,
    union,
    variables_of,
)
from aliquot.marginal.dependence.rules_movement import moved, picked, piece
from aliquot.marginal.dependence.value import Rule, Value, reason
from aliquot.primitives import gather_indexing, scatter_indexing


def _components(indices: Value, wanted: Sequence[bool]) -> list[Index | None]:
    """Return the components of the index vectors that are wanted and known, over the positions."""
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


def _varies(dependence: Dependence, axis: int) -> bool:
    return isinstance(dependence, tuple) and any(s.index.shape[axis] > 1 for s in dependence)


def gather(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Follow `gather`, which is what indexing by an array becomes."""
    operand, indices = operands
    why = reason(equation, operands)
    indexing = gather_indexing(equation)

    from_index = reduced(indices.dependence, (indices.ndim - 1,), why)
    from_index = moved(from_index, indexing.beside_windows)

    taken = operand.dependence
    wanted = [_varies(taken, axis) for axis in indexing.axes]
    starts: dict[int, Index] = {}
    for axis, needed, start in zip(
        indexing.axes, wanted, _components(indices, wanted), strict=True
    ):
        if start is not None:
            starts[axis] = compact(start)
        elif needed:
            taken = windows(taken, axis, indexing.sizes[axis], why)
    coordinates, _, whole = indexing.coordinates(starts)
    where = True if whole.all() else whole
    return [union([picked(taken, coordinates, where), from_index], why)]


def dynamic_slice(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Follow `dynamic_slice`: a slice whose place is a value of the program."""
    operand, *starts = operands
    why = reason(equation, operands)
    sizes = equation.params["slice_sizes"]
    taken = operand.dependence
    for axis, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        last = operand.shape[axis] - size
        if last == 0 or not _varies(taken, axis):
            continue
        if start.known is None:
            taken = windows(taken, axis, size, why)
            continue
        first = min(max(int(start.known()), 0), last)
        taken = moved(taken, piece(axis, first, first + size))
    moving = [
        lift(start.dependence, operand.ndim)
        for start, size, length in zip(starts, sizes, operand.shape, strict=True)
        if size < length
    ]
    return [union([taken, *moving], why)]


def dynamic_update_slice(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Follow `dynamic_update_slice`: assignment to a slice whose place is a value."""
    operand, update, *starts = operands
    why = reason(equation, operands)
    written, ndim = update.dependence, operand.ndim
    coordinates, inside, exact = [], np.ones((1,) * ndim, bool), True
    for axis, start in enumerate(starts):
        length, size = operand.shape[axis], update.shape[axis]
        along = [1] * ndim
        along[axis] = -1
        if size < length:
            if start.known is None:
                exact = False
                written = reduced(written, (axis,), why, keepdims=True)
                coordinates.append(np.zeros((1,) * ndim, np.int64))
                continue
            first = min(max(int(start.known()), 0), length - size)
            place = np.arange(length) - first
            inside = inside & ((place >= 0) & (place < size)).reshape(along)
        else:
            place = np.arange(length)
        coordinates.append(np.clip(place, 0, size - 1).reshape(along))
    kept = operand.dependence
    if exact:
        kept = moved(kept, lambda index: np.where(inside, -1, index))
    return [
        union(
            [
                kept,
                picked(written, coordinates, inside),
                *(lift(start.dependence, ndim) for start in starts),
            ],
            why,
        )
    ]


def scatter(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Follow `scatter` and its kin: assignment, addition and the like at an index."""
    operand, indices, updates = operands
    why = reason(equation, operands)
    if indices.known is None or isinstance(updates.dependence, Mixed):
        anywhere = everything([updates.dependence, indices.dependence], operand.ndim, why)
        return [union([operand.dependence, anywhere], why)]
    indexing = scatter_indexing(equation)
    every = indices.known.integers()
    starts = {axis: compact(every[..., k]) for k, axis in enumerate(indexing.axes)}
    coordinates, inside, whole = indexing.coordinates(starts)
    target = np.zeros((1,) * updates.ndim, np.int64)
    for place, length in zip(coordinates, operand.shape, strict=True):
        target = target * length + place
    target = np.broadcast_to(target, updates.shape)

    kept = operand.dependence
    # A function that is applied at an index is a `scatter`, too, and needs what was there.
    overwrites = equation.primitive.name == "scatter" and not equation.params["update_jaxpr"]
    if overwrites:
        # A window that is partly outside may be dropped or cut: its elements may be overwritten.
        overwritten = np.zeros(prod(operand.shape), bool)
        overwritten[target[np.broadcast_to(whole, updates.shape)]] = True
        gone = overwritten.reshape(operand.shape)
        kept = moved(kept, lambda index: np.where(gone, -1, index))

    parts: list[Dependence] = [kept]
    reached = np.broadcast_to(inside, updates.shape)
    for variable, index in updates.dependence:
        elements = np.broadcast_to(index, updates.shape)
        layers = _layers(target[reached], elements[reached], operand.shape)
        if layers is None:
            return [Mixed(frozenset().union(*(variables_of(v.dependence) for v in operands)), why)]
        parts += [reference(variable, layer) for layer in layers]
    return [union(parts, why)]


def _layers(target: Index, elements: Index, shape: tuple[int, ...]) -> list[Index] | None:
    """Return index arrays that list at each target all of its elements; None if too many."""
    listed = elements >= 0
    if not listed.any():
        return []
    span = int(elements.max()) + 1
    pairs = np.unique(target[listed] * span + elements[listed])
    targets, members = pairs // span, pairs % span
    first = np.flatnonzero(np.diff(targets, prepend=-1))
    counts = np.diff(first, append=pairs.size)
    if counts.max() > LIMIT:
        return None
    rank = np.arange(pairs.size) - np.repeat(first, counts)
    layers = np.full((counts.max(), prod(shape)), -1, np.int64)
    layers[rank, targets] = members
    return [layer.reshape(shape) for layer in layers]


RULES: dict[str, Rule] = {
    "dynamic_slice": dynamic_slice,
    "dynamic_update_slice": dynamic_update_slice,
    "gather": gather,
}
RULES |= dict.fromkeys(
    ["scatter", "scatter-add", "scatter-max", "scatter-min", "scatter-mul", "scatter-sub"], scatter
)
