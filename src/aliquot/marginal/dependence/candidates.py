"""Unions along axes: what a sum, a running sum or an unknown position can depend on."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np

from aliquot.marginal.dependence.references import (
    LIMIT,
    Dependence,
    Index,
    Mixed,
    Reference,
    reference,
    union,
    variables_of,
)

_LARGEST_WINDOWS = 20_000_000
"""Entries of the largest table of windows that is made; a wider one becomes the whole axis."""


def distinct(candidates: Index) -> Index | None:
    """Return the different entries of each row, in the order in which they first occur.

    Candidates have shape (..., R), and entries -1 count for nothing. The result has shape (..., S),
    where S is the largest number of different entries of a row; shorter rows end in -1. It is None
    if S would be more than :data:`LIMIT`. A few columns without any -1 are an exception: they are
    returned as they are, since a union of references takes out what is listed twice.
    """
    *outer, width = candidates.shape
    if width == 1:
        return candidates
    # A short look at one row spares the sorting of what is too much anyhow.
    head = candidates[(0,) * len(outer)][:4096]
    if np.unique(head[head >= 0]).size > LIMIT:
        return None
    if width <= 8 and candidates.min() >= 0:
        return candidates
    if np.prod(outer, dtype=np.int64) == 1:
        row = candidates.reshape(-1)
        row = row[row >= 0]
        entries, first = np.unique(row, return_index=True)
        if entries.size > LIMIT:
            return None
        return entries[np.argsort(first)].reshape((*outer, -1))
    order = np.argsort(candidates, axis=-1, kind="stable")
    ordered = np.take_along_axis(candidates, order, -1)
    new = ordered >= 0
    new[..., 1:] &= ordered[..., 1:] != ordered[..., :-1]
    most = int(new.sum(-1).max())
    if most > LIMIT:
        return None
    keep = np.empty_like(new)
    np.put_along_axis(keep, order, new, -1)
    to_front = np.argsort(~keep, axis=-1, kind="stable")[..., :most]
    return np.take_along_axis(np.where(keep, candidates, -1), to_front, -1)


def _from_columns(
    groups: Iterable[tuple[int, Index]], every: frozenset[int], reason: str
) -> Dependence:
    """Return the union of rows of candidates, each given with its variable."""
    parts: list[Dependence] = []
    for variable, candidates in groups:
        columns = distinct(candidates)
        if columns is None:
            return Mixed(every, reason)
        parts += [reference(variable, columns[..., j]) for j in range(columns.shape[-1])]
    return union(parts, reason)


def reduced(
    dependence: Dependence, axes: Collection[int], reason: str, keepdims: bool = False
) -> Dependence:
    """Return the dependence of a value that is a function of everything along some axes."""
    if isinstance(dependence, Mixed) or not axes or not dependence:
        return dependence
    groups: dict[tuple[int, tuple[int, ...]], list[Index]] = {}
    for variable, index in dependence:
        full = [axis for axis in axes if index.shape[axis] > 1]
        outer = tuple(1 if axis in full else n for axis, n in enumerate(index.shape))
        last = np.moveaxis(index, full, range(index.ndim - len(full), index.ndim))
        groups.setdefault((variable, outer), []).append(last.reshape((*outer, -1)))
    columns = [(variable, np.concatenate(each, -1)) for (variable, _), each in groups.items()]
    result = _from_columns(columns, variables_of(dependence), reason)
    if keepdims or isinstance(result, Mixed):
        return result
    return tuple(Reference(v, index.squeeze(axis=tuple(axes))) for v, index in result)


def windows(dependence: Dependence, axis: int, size: int, reason: str) -> Dependence:
    """Return the dependence of a slice of a known size, at an unknown place, along an axis."""
    if isinstance(dependence, Mixed):
        return dependence
    parts: list[Dependence] = []
    for each in dependence:
        variable, index = each
        length = index.shape[axis]
        if length == 1:
            parts.append((each,))
        elif index.size // length * size * (length - size + 1) > _LARGEST_WINDOWS or size == 1:
            parts.append(reduced((each,), (axis,), reason, keepdims=True))
        else:
            places = np.lib.stride_tricks.sliding_window_view(index, length - size + 1, axis)
            parts.append(_from_columns([(variable, places)], frozenset({variable}), reason))
    return union(parts, reason)


def up_to_each(dependence: Dependence, axis: int, reverse: bool, reason: str) -> Dependence:
    """Return the dependence of a running sum (or its like): on all up to and at each place."""
    if isinstance(dependence, Mixed):
        return dependence
    parts: list[Dependence] = []
    for each in dependence:
        variable, index = each
        if index.shape[axis] == 1:
            parts.append((each,))
            continue
        along = np.moveaxis(np.flip(index, axis) if reverse else index, axis, -1)
        columns = distinct(along)
        if columns is None:
            return Mixed(variables_of(dependence), reason)
        places = np.arange(along.shape[-1])
        for j in range(columns.shape[-1]):
            column = columns[..., j, None]
            first = np.argmax(along == column, axis=-1, keepdims=True)
            so_far = np.moveaxis(np.where(places >= first, column, -1), -1, axis)
            parts.append(reference(variable, np.flip(so_far, axis) if reverse else so_far))
    return union(parts, reason)
