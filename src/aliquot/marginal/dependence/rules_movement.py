"""Operations that only move elements: the same movement of the index arrays, hence exact."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from aliquot.marginal.dependence.references import (
    Dependence,
    Index,
    Mixed,
    lift,
    reference,
    union,
    variables_of,
)
from aliquot.marginal.dependence.value import Rule, Value, reason
from aliquot.primitives.axes import groups


def moved(dependence: Dependence, move: Callable[[Index], Any]) -> Dependence:
    """Apply a movement to every index array."""
    if isinstance(dependence, Mixed):
        return dependence
    return tuple(each for s in dependence for each in reference(s.variable, move(s.index)))


def _of_one(move: Callable[[Any, Value], Callable[[Index], Any]]) -> Rule:
    """Return the rule of an operation that moves the elements of its only operand."""

    def rule(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
        (value,) = operands
        return [moved(value.dependence, move(equation, value))]

    return rule


def _broadcast(equation: Any, _value: Value) -> Callable[[Index], Any]:
    ndim = len(equation.params["shape"])
    axes = equation.params["broadcast_dimensions"]

    def move(index: Index) -> Index:
        shape = [1] * ndim
        for axis, length in zip(axes, index.shape, strict=True):
            shape[axis] = length
        return index.reshape(shape)

    return move


def reshaped(index: Index, old: tuple[int, ...], new: tuple[int, ...]) -> Index:
    """Return the index array of a reshaped value, not expanded where that can be avoided.

    A group of axes along which the index is the same throughout stays short.
    """
    expanded, result = list(index.shape), [1] * len(new)
    for before, after in groups(old, new):
        if any(index.shape[axis] > 1 for axis in before):
            for axis in before:
                expanded[axis] = old[axis]
            for axis in after:
                result[axis] = new[axis]
    return np.broadcast_to(index, expanded).reshape(result)


def _reshape(equation: Any, value: Value) -> Callable[[Index], Any]:
    new = equation.outvars[0].aval.shape
    return lambda index: reshaped(index, value.shape, new)


def _transpose(equation: Any, _value: Value) -> Callable[[Index], Any]:
    axes = equation.params["permutation"]
    return lambda index: index.transpose(axes)


def _squeeze(equation: Any, _value: Value) -> Callable[[Index], Any]:
    axes = tuple(equation.params["dimensions"])
    return lambda index: index.squeeze(axis=axes)


def _rev(equation: Any, _value: Value) -> Callable[[Index], Any]:
    axes = tuple(equation.params["dimensions"])
    return lambda index: np.flip(index, axes)


def cut(index: Index, places: Sequence[slice]) -> Index:
    """Take a slice along each axis that the index varies along."""
    return index[
        tuple(p if n > 1 else slice(None) for p, n in zip(places, index.shape, strict=True))
    ]


def _slice(equation: Any, value: Value) -> Callable[[Index], Any]:
    starts = equation.params["start_indices"]
    limits = equation.params["limit_indices"]
    strides = equation.params["strides"] or (1,) * value.ndim
    places = [slice(*bounds) for bounds in zip(starts, limits, strides, strict=True)]
    return lambda index: cut(index, places)


def _tile(equation: Any, value: Value) -> Callable[[Index], Any]:
    repeats = equation.params["reps"]
    return lambda index: np.tile(
        index, [r if n > 1 else 1 for r, n in zip(repeats, index.shape, strict=True)]
    )


def piece(axis: int, start: int, stop: int) -> Callable[[Index], Index]:
    """Return what takes a slice along one axis."""
    where = (slice(None),) * axis + (slice(start, stop),)
    return lambda index: index[where] if index.shape[axis] > 1 else index


def _pieces(value: Value, axis: int, sizes: Sequence[int]) -> list[Dependence]:
    """Return the dependence of consecutive pieces along an axis."""
    bounds = itertools.accumulate(sizes, initial=0)
    return [moved(value.dependence, piece(axis, a, b)) for a, b in itertools.pairwise(bounds)]


def split(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Follow `split`, which cuts a value into pieces along an axis."""
    return _pieces(operands[0], equation.params["axis"], equation.params["sizes"])


def unstack(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Follow `unstack`: pieces of length 1, without their axis."""
    axis = equation.params["axis"]
    pieces = _pieces(operands[0], axis, [1] * len(equation.outvars))
    return [moved(piece, lambda index: index.squeeze(axis=axis)) for piece in pieces]


def joined(parts: Sequence[Dependence], lengths: Sequence[int], axis: int, why: str) -> Dependence:
    """Return the dependence of values put one after the other along an axis.

    The first references of a variable become one, then the second ones, and so on.
    """
    every = frozenset[int]().union(*map(variables_of, parts))
    layers: dict[int, list[list[Index | None]]] = {}
    for position, part in enumerate(parts):
        if isinstance(part, Mixed):
            return Mixed(every, part.reason)
        depth: dict[int, int] = {}
        for variable, index in part:
            rank = depth.get(variable, 0)
            depth[variable] = rank + 1
            stack = layers.setdefault(variable, [])
            if rank == len(stack):
                stack.append([None] * len(parts))
            stack[rank][position] = index
    references: list[Dependence] = []
    for variable, stack in layers.items():
        for layer in stack:
            shapes = [each.shape for each in layer if each is not None]
            outer = [1 if k == axis else max(n) for k, n in enumerate(zip(*shapes, strict=True))]
            full = []
            for each, length in zip(layer, lengths, strict=True):
                shape = (*outer[:axis], length, *outer[axis + 1 :])
                full.append(np.broadcast_to(-1 if each is None else each, shape))
            references.append(reference(variable, np.concatenate(full, axis)))
    return union(references, why)


def concatenate(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Follow `concatenate`."""
    axis = equation.params["dimension"]
    parts = [value.dependence for value in operands]
    lengths = [value.shape[axis] for value in operands]
    kept = [n for n, length in enumerate(lengths) if length]  # what is empty lists nothing
    parts, lengths = [parts[n] for n in kept], [lengths[n] for n in kept]
    return [joined(parts, lengths, axis, reason(equation, operands))]


def stack(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Follow `stack`, which joins values along a new axis."""
    axis = equation.params["axis"]
    parts = [moved(value.dependence, lambda i: np.expand_dims(i, axis)) for value in operands]
    return [joined(parts, [1] * len(parts), axis, reason(equation, operands))]


def pad(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Follow `pad`: the operand with room around and between its elements, or less of it."""
    value, padding = operands
    config = equation.params["padding_config"]
    shape = equation.outvars[0].aval.shape
    sources, masks = [], []
    for axis, (low, _high, between) in enumerate(config):
        place = np.arange(shape[axis]) - low
        source = place // (between + 1)
        inside = (place % (between + 1) == 0) & (source >= 0) & (source < value.shape[axis])
        along = [1] * value.ndim
        along[axis] = -1
        sources.append(np.clip(source, 0, max(value.shape[axis] - 1, 0)).reshape(along))
        masks.append(inside.reshape(along))
    inside = np.ones((1,) * value.ndim, bool)
    for mask in masks:
        if not mask.all():
            inside = inside & mask
    parts = [picked(value.dependence, sources, inside) if prod(value.shape) else ()]
    outside = ~inside
    parts.append(
        moved(lift(padding.dependence, value.ndim), lambda index: np.where(outside, index, -1))
    )
    return [union(parts, reason(equation, operands))]


def picked(dependence: Dependence, places: Sequence[Index], where: Any = True) -> Dependence:
    """Return the dependence of elements taken at known places.

    For each axis of the value that they are taken from, `places` has a position for each element of
    the result; these arrays broadcast together and have as many axes as the result. Where `where`
    is False, nothing is taken.
    """
    if isinstance(dependence, Mixed) or not dependence:
        return dependence
    if not places:
        return moved(dependence, lambda index: np.where(where, index, -1))

    def move(index: Index) -> Any:
        at = [
            p if n > 1 else np.zeros_like(p[(slice(0, 1),) * p.ndim])
            for p, n in zip(places, index.shape, strict=True)
        ]
        taken = index[tuple(at)]
        return taken if where is True else np.where(where, taken, -1)

    return moved(dependence, move)


RULES: dict[str, Rule] = {
    "broadcast_in_dim": _of_one(_broadcast),
    "concatenate": concatenate,
    "pad": pad,
    "reshape": _of_one(_reshape),
    "rev": _of_one(_rev),
    "slice": _of_one(_slice),
    "split": split,
    "squeeze": _of_one(_squeeze),
    "stack": stack,
    "tile": _of_one(_tile),
    "transpose": _of_one(_transpose),
    "unstack": unstack,
}
