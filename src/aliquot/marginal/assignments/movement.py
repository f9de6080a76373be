"""Operations that move data: broadcast, reshape, transpose, slice and their kin.

Compact axes stay compact: only what an operation cuts or joins has to be spread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jax import lax

from aliquot.marginal.assignments.arrays import (
    Array,
    broadcast,
    common_shape,
    concrete,
    cut,
    expand,
    foldable,
    join,
    reshape,
    reverse,
    transpose,
)
from aliquot.marginal.assignments.operation import Operation
from aliquot.primitives.axes import groups


def _own(operation: Operation) -> tuple[Array, tuple[int, ...], tuple[int, ...]]:
    """Give the first operand, the lengths of its batch axes and its own (compact) lengths."""
    x = operation.values[0]
    return x, x.shape[: operation.batch], x.shape[operation.batch :]


def _expand_axis(x: Array, axis: int, length: int) -> Array:
    return broadcast(x, (*x.shape[:axis], length, *x.shape[axis + 1 :]))


def _broadcast_in_dim(operation: Operation) -> list[Array]:
    x, batch, own = _own(operation)
    shape = [1] * len(operation.params["shape"])
    for length, axis in zip(own, operation.params["broadcast_dimensions"], strict=True):
        shape[axis] = length
    return [reshape(x, (*batch, *shape))]


def _squeeze(operation: Operation) -> list[Array]:
    x, batch, own = _own(operation)
    gone = {axis % len(own) for axis in operation.params["dimensions"]}
    return [reshape(x, (*batch, *(n for axis, n in enumerate(own) if axis not in gone)))]


def _expand_dims(operation: Operation) -> list[Array]:
    x, batch, own = _own(operation)
    shape = list(own)
    for axis in sorted(axis % len(operation.results[0]) for axis in operation.params["dimensions"]):
        shape.insert(axis, 1)
    return [reshape(x, (*batch, *shape))]


def _transpose(operation: Operation) -> list[Array]:
    order = operation.params["permutation"]
    return [
        transpose(
            operation.values[0], [*range(operation.batch), *(operation.batch + p for p in order)]
        )
    ]


def _reshape(operation: Operation) -> list[Array]:
    x, batch, own = _own(operation)
    before, after = operation.shapes[0], operation.results[0]
    axes = operation.params["dimensions"]
    if axes is not None:  # it reads the axes in another order
        x = transpose(x, [*range(operation.batch), *(operation.batch + axis for axis in axes)])
        own, before = (tuple(n[axis] for axis in axes) for n in (own, before))
    shape, target = list(own), [1] * len(after)
    for old, new in groups(before, after):
        if all(own[axis] == 1 for axis in old):
            continue
        for axis in old:
            shape[axis] = before[axis]
        for axis in new:
            target[axis] = after[axis]
    return [reshape(broadcast(x, (*batch, *shape)), (*batch, *target))]


def _slice(operation: Operation) -> list[Array]:
    x, _, own = _own(operation)
    params = operation.params
    strides = params["strides"] or (1,) * len(own)
    limits = zip(params["start_indices"], params["limit_indices"], strides, strict=True)
    for axis, (start, limit, stride) in enumerate(limits):
        if own[axis] == operation.shapes[0][axis]:
            x = cut(x, operation.batch + axis, start, limit, stride)
    return [x]


def _rev(operation: Operation) -> list[Array]:
    x, _, own = _own(operation)
    axes = [operation.batch + axis for axis in operation.params["dimensions"] if own[axis] > 1]
    return [reverse(x, axes)]


def _concatenate(operation: Operation) -> list[Array]:
    return [_joined(operation, operation.values, operation.params["dimension"])]


def _joined(operation: Operation, values: Sequence[Array], axis: int) -> Array:
    """Concatenate along an own axis, of which each value has its full length or 1."""
    at = operation.batch + axis
    first = values[0]
    if first.shape[at] == 1 and all(value is first for value in values):
        return first
    full = [
        _expand_axis(value, at, shape[axis])
        for value, shape in zip(values, operation.shapes, strict=True)
    ]
    others = np.broadcast_shapes(*((*v.shape[:at], 1, *v.shape[at + 1 :]) for v in full))
    shapes = [[*others[:at], value.shape[at], *others[at + 1 :]] for value in full]
    every = all(concrete(value) for value in full)
    total = sum(math.prod(shape) for shape in shapes)
    if every and foldable((total,), full[0].dtype):
        return join([np.broadcast_to(v, s) for v, s in zip(full, shapes, strict=True)], at)
    return join([expand(v, s) for v, s in zip(full, shapes, strict=True)], at)


def _stack(operation: Operation) -> list[Array]:
    axis = operation.batch + operation.params["axis"] % len(operation.results[0])
    first = operation.values[0]
    parts = [reshape(v, (*v.shape[:axis], 1, *v.shape[axis:])) for v in operation.values]
    if all(value is first for value in operation.values):
        return [parts[0]]
    shape = common_shape(parts)
    every = all(concrete(part) for part in parts) and foldable((len(parts), *shape), first.dtype)
    return [join([np.broadcast_to(p, shape) if every else expand(p, shape) for p in parts], axis)]


def _split(operation: Operation) -> list[Array]:
    x, _, own = _own(operation)
    axis, sizes = operation.params["axis"], [int(size) for size in operation.params["sizes"]]
    if own[axis] != operation.shapes[0][axis] or own[axis] == 1:
        return [x for _ in sizes]
    ends = np.cumsum(sizes)
    return [
        cut(x, operation.batch + axis, int(end) - size, int(end))
        for end, size in zip(ends, sizes, strict=True)
    ]


def _pad(operation: Operation) -> list[Array]:
    x, filling = operation.values
    config = operation.params["padding_config"]
    for axis, (entry, length) in enumerate(zip(config, operation.shapes[0], strict=True)):
        if tuple(entry) != (0, 0, 0):
            x = _expand_axis(x, operation.batch + axis, length)
    if filling.size != 1:
        return []  # a filling for each assignment: left to the general way
    whole = [(0, 0, 0)] * operation.batch + [tuple(entry) for entry in config]
    return [lax.pad(x, reshape(filling, ()), whole)]


def _iota(operation: Operation) -> list[Array]:
    params = operation.params
    shape = params["shape"]
    axis = params["dimension"]
    lengths = [1] * (operation.batch + len(shape))
    lengths[operation.batch + axis] = shape[axis]
    if operation.equation.invars:
        return []  # of a shape known at run time only
    if foldable((shape[axis],), params["dtype"]):
        return [np.arange(shape[axis], dtype=params["dtype"]).reshape(lengths)]
    return [lax.broadcasted_iota(params["dtype"], lengths, operation.batch + axis)]


MOVEMENT: Mapping[str, Callable[[Operation], list[Array]]] = {
    "broadcast_in_dim": _broadcast_in_dim,
    "squeeze": _squeeze,
    "expand_dims": _expand_dims,
    "transpose": _transpose,
    "reshape": _reshape,
    "slice": _slice,
    "rev": _rev,
    "concatenate": _concatenate,
    "stack": _stack,
    "split": _split,
    "pad": _pad,
    "iota": _iota,
}
