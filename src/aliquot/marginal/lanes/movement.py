"""Operations that move data: broadcast, reshape, transpose, slice and their kin.

Compact axes stay compact: only what an operation cuts or joins has to be spread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jax import lax

from aliquot.marginal.lanes.arrays import (
    Array,
    broadcast,
    common_shape,
    concrete,
    cut,
    foldable,
    join,
    reshape,
    reverse,
    spread,
    transpose,
)
from aliquot.marginal.lanes.site import Site


def _own(site: Site) -> tuple[Array, tuple[int, ...], tuple[int, ...]]:
    """Give the first operand, its lane lengths and its own (compact) lengths."""
    x = site.values[0]
    return x, x.shape[: site.lanes], x.shape[site.lanes :]


def _spread_axis(x: Array, axis: int, length: int) -> Array:
    return broadcast(x, (*x.shape[:axis], length, *x.shape[axis + 1 :]))


def _broadcast_in_dim(site: Site) -> list[Array]:
    x, lanes, own = _own(site)
    shape = [1] * len(site.params["shape"])
    for length, axis in zip(own, site.params["broadcast_dimensions"], strict=True):
        shape[axis] = length
    return [reshape(x, (*lanes, *shape))]


def _squeeze(site: Site) -> list[Array]:
    x, lanes, own = _own(site)
    gone = {axis % len(own) for axis in site.params["dimensions"]}
    return [reshape(x, (*lanes, *(n for axis, n in enumerate(own) if axis not in gone)))]


def _expand_dims(site: Site) -> list[Array]:
    x, lanes, own = _own(site)
    shape = list(own)
    for axis in sorted(axis % len(site.results[0]) for axis in site.params["dimensions"]):
        shape.insert(axis, 1)
    return [reshape(x, (*lanes, *shape))]


def _transpose(site: Site) -> list[Array]:
    order = site.params["permutation"]
    return [transpose(site.values[0], [*range(site.lanes), *(site.lanes + p for p in order)])]


def _groups(before: Sequence[int], after: Sequence[int]) -> list[tuple[list[int], list[int]]]:
    """Match the axes of two shapes of one size: the smallest groups of equal size, in order."""
    groups = []
    i = j = 0
    left = [axis for axis, n in enumerate(before) if n != 1]
    right = [axis for axis, n in enumerate(after) if n != 1]
    while i < len(left):
        old, new = [left[i]], [right[j]]
        a, b = before[left[i]], after[right[j]]
        i, j = i + 1, j + 1
        while a != b:
            if a < b:
                a, i = a * before[left[i]], i + 1
                old.append(left[i - 1])
            else:
                b, j = b * after[right[j]], j + 1
                new.append(right[j - 1])
        groups.append((old, new))
    return groups


def _reshape(site: Site) -> list[Array]:
    x, lanes, own = _own(site)
    before, after = site.shapes[0], site.results[0]
    axes = site.params["dimensions"]
    if axes is not None:  # it reads the axes in another order
        x = transpose(x, [*range(site.lanes), *(site.lanes + axis for axis in axes)])
        own, before = (tuple(n[axis] for axis in axes) for n in (own, before))
    shape, target = list(own), [1] * len(after)
    for old, new in _groups(before, after):
        if all(own[axis] == 1 for axis in old):
            continue
        for axis in old:
            shape[axis] = before[axis]
        for axis in new:
            target[axis] = after[axis]
    return [reshape(broadcast(x, (*lanes, *shape)), (*lanes, *target))]


def _slice(site: Site) -> list[Array]:
    x, _, own = _own(site)
    params = site.params
    strides = params["strides"] or (1,) * len(own)
    limits = zip(params["start_indices"], params["limit_indices"], strides, strict=True)
    for axis, (start, limit, stride) in enumerate(limits):
        if own[axis] == site.shapes[0][axis]:
            x = cut(x, site.lanes + axis, start, limit, stride)
    return [x]


def _rev(site: Site) -> list[Array]:
    x, _, own = _own(site)
    axes = [site.lanes + axis for axis in site.params["dimensions"] if own[axis] > 1]
    return [reverse(x, axes)]


def _concatenate(site: Site) -> list[Array]:
    return [_joined(site, site.values, site.params["dimension"])]


def _joined(site: Site, values: Sequence[Array], axis: int) -> Array:
    """Concatenate along an own axis, of which each value has its full length or 1."""
    at = site.lanes + axis
    first = values[0]
    if first.shape[at] == 1 and all(value is first for value in values):
        return first
    full = [
        _spread_axis(value, at, shape[axis])
        for value, shape in zip(values, site.shapes, strict=True)
    ]
    others = np.broadcast_shapes(*((*v.shape[:at], 1, *v.shape[at + 1 :]) for v in full))
    shapes = [[*others[:at], value.shape[at], *others[at + 1 :]] for value in full]
    every = all(concrete(value) for value in full)
    total = sum(math.prod(shape) for shape in shapes)
    if every and foldable((total,), full[0].dtype):
        return join([np.broadcast_to(v, s) for v, s in zip(full, shapes, strict=True)], at)
    return join([spread(v, s) for v, s in zip(full, shapes, strict=True)], at)


def _stack(site: Site) -> list[Array]:
    axis = site.lanes + site.params["axis"] % len(site.results[0])
    first = site.values[0]
    parts = [reshape(v, (*v.shape[:axis], 1, *v.shape[axis:])) for v in site.values]
    if all(value is first for value in site.values):
        return [parts[0]]
    shape = common_shape(parts)
    every = all(concrete(part) for part in parts) and foldable((len(parts), *shape), first.dtype)
    return [join([np.broadcast_to(p, shape) if every else spread(p, shape) for p in parts], axis)]


def _split(site: Site) -> list[Array]:
    x, _, own = _own(site)
    axis, sizes = site.params["axis"], [int(size) for size in site.params["sizes"]]
    if own[axis] != site.shapes[0][axis] or own[axis] == 1:
        return [x for _ in sizes]
    ends = np.cumsum(sizes)
    return [
        cut(x, site.lanes + axis, int(end) - size, int(end))
        for end, size in zip(ends, sizes, strict=True)
    ]


def _pad(site: Site) -> list[Array]:
    x, filling = site.values
    config = site.params["padding_config"]
    for axis, (entry, length) in enumerate(zip(config, site.shapes[0], strict=True)):
        if tuple(entry) != (0, 0, 0):
            x = _spread_axis(x, site.lanes + axis, length)
    if filling.size != 1:
        return []  # a filling for each lane: left to the general way
    whole = [(0, 0, 0)] * site.lanes + [tuple(entry) for entry in config]
    return [lax.pad(x, reshape(filling, ()), whole)]


def _iota(site: Site) -> list[Array]:
    params = site.params
    shape = params["shape"]
    axis = params["dimension"]
    lengths = [1] * (site.lanes + len(shape))
    lengths[site.lanes + axis] = shape[axis]
    if site.equation.invars:
        return []  # of a shape known at run time only
    if foldable((shape[axis],), params["dtype"]):
        return [np.arange(shape[axis], dtype=params["dtype"]).reshape(lengths)]
    return [lax.broadcasted_iota(params["dtype"], lengths, site.lanes + axis)]


MOVEMENT: Mapping[str, Callable[[Site], list[Array]]] = {
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
