"""Operations on values: NumPy arrays where these are known while tracing, else JAX arrays.

A NumPy array is *concrete*: its numbers can be looked at while a program is traced. What moves
data keeps it concrete, so that an index is still known where it is used.

Values are *compact*: an axis along which a value is the same everywhere may have length 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeGuard

import jax
import numpy as np
from jax import lax

Array = Any

# Larger arrays are not computed while tracing: they would become constants of the program. Indices
# and masks may be larger, since most of them are gone before the program is there.
FOLDED = 100_000
FOLDED_INTEGERS = 2_000_000

# A known selection along an axis is put together from slices up to so many, whose derivative
# is a sum of pads; beyond, it is a gather.
SLICES = 64


def concrete(x: Array) -> TypeGuard[np.ndarray]:
    """Say whether the numbers of an array are known while tracing."""
    return isinstance(x, np.ndarray)


def foldable(shape: Sequence[int], dtype: Any) -> bool:
    """Say whether an array is small enough to be computed while tracing."""
    return math.prod(shape) <= (FOLDED if np.dtype(dtype).kind not in "biu" else FOLDED_INTEGERS)


def as_value(x: Array, dtype: Any) -> Array:
    """Give a small constant as a compact NumPy array, anything else as it is."""
    if isinstance(x, jax.core.Tracer) or not isinstance(dtype, np.dtype):
        return x
    if not foldable(np.shape(x), dtype):
        return jax.numpy.asarray(x)
    return compact(np.asarray(x, dtype))


def compact(x: np.ndarray, start: int = 0) -> np.ndarray:
    """Shorten the axes from `start` on along which a known array is constant."""
    for axis in range(start, x.ndim):
        if x.shape[axis] > 1:
            first = x.take([0], axis)
            same = first == x
            if x.dtype.kind == "f":
                same &= np.signbit(first) == np.signbit(x)
            if same.all():
                x = first
    return x


def reshape(x: Array, shape: Sequence[int]) -> Array:
    """Reshape; nothing is emitted where the shape is the same."""
    shape = tuple(shape)
    if x.shape == shape:
        return x
    return x.reshape(shape) if concrete(x) else lax.reshape(x, shape)


def transpose(x: Array, order: Sequence[int]) -> Array:
    """Permute axes; nothing is emitted where only axes of length 1 move."""
    order = tuple(order)
    if order == tuple(range(x.ndim)):
        return x
    if concrete(x):
        return x.transpose(order)
    long = [axis for axis in order if x.shape[axis] != 1]
    if long == sorted(long):
        return reshape(x, [x.shape[axis] for axis in order])
    return lax.transpose(x, order)


def broadcast(x: Array, shape: Sequence[int]) -> Array:
    """Repeat along axes of length 1; a known array that would become large is no longer known."""
    shape = tuple(shape)
    if x.shape == shape:
        return x
    if concrete(x) and foldable(shape, x.dtype):
        return np.broadcast_to(x, shape)
    return expand(x, shape)


def expand(x: Array, shape: Sequence[int]) -> Array:
    """Repeat along axes of length 1 in the program, so that no constant grows."""
    shape = tuple(shape)
    if x.shape == shape:
        return x
    if concrete(x) and x.size == 1:
        return lax.full(shape, x.reshape(()), x.dtype)
    return lax.broadcast_in_dim(x, shape, tuple(range(x.ndim)))


def typed(x: Array, dtype: Any) -> Array:
    """Convert to a dtype."""
    if x.dtype == dtype:
        return x
    return x.astype(dtype) if concrete(x) else lax.convert_element_type(x, dtype)


def rearrange(x: Array, split: Sequence[int], order: Sequence[int], shape: Sequence[int]) -> Array:
    """Reshape, permute axes and reshape again, in one step where only short axes move."""
    if not concrete(x):
        long = [axis for axis in order if split[axis] != 1]
        if long == sorted(long):
            return reshape(x, shape)
    return reshape(transpose(reshape(x, split), order), shape)


def common_shape(values: Sequence[Array]) -> tuple[int, ...]:
    """Give the shape that values of one rank have together."""
    return np.broadcast_shapes(*(np.shape(value) for value in values))


def cut(x: Array, axis: int, start: int, limit: int, stride: int = 1) -> Array:
    """Slice along one axis."""
    if start == 0 and limit == x.shape[axis] and stride == 1:
        return x
    if concrete(x):
        return x[(slice(None),) * axis + (slice(start, limit, stride),)]
    return lax.slice_in_dim(x, start, limit, stride, axis)


def reverse(x: Array, axes: Sequence[int]) -> Array:
    """Turn axes round."""
    if not axes:
        return x
    return np.flip(x, tuple(axes)) if concrete(x) else lax.rev(x, tuple(axes))


def join(values: Sequence[Array], axis: int) -> Array:
    """Concatenate."""
    if len(values) == 1:
        return values[0]
    if all(concrete(value) for value in values):
        return np.concatenate(values, axis)
    return lax.concatenate(list(values), axis)


def pick(x: Array, index: np.ndarray, axis: int) -> Array:
    """Take known positions along an axis, by slices where these are few."""
    if concrete(x):
        return x.take(index, axis)
    runs = _runs(index)
    if len(runs) > SLICES:
        return jax.numpy.take(x, index, axis, mode="clip")
    return join([_run(x, axis, *run) for run in runs], axis)


def _run(x: Array, axis: int, first: int, step: int, count: int) -> Array:
    """Take `count` positions along an axis, `step` apart."""
    if step == 0:
        one = cut(x, axis, first, first + 1)
        return expand(one, [*x.shape[:axis], count, *x.shape[axis + 1 :]])
    if step > 0:
        return cut(x, axis, first, first + step * (count - 1) + 1, step)
    last = first + step * (count - 1)
    return reverse(cut(x, axis, last, first + 1, -step), (axis,))


def _runs(index: np.ndarray) -> list[tuple[int, int, int]]:
    """Cut positions into runs of equal steps: (first, step, count) each."""
    runs: list[tuple[int, int, int]] = []
    at = 0
    steps = np.diff(index)
    while at < len(index):
        if at + 1 == len(index):
            runs.append((int(index[at]), 1, 1))
            break
        step = int(steps[at])
        other = np.flatnonzero(steps[at:] != step)
        count = (int(other[0]) if len(other) else len(steps) - at) + 1
        if count == 2 and step != 1 and at + 2 < len(index):
            count = 1  # the second may begin a longer run
        runs.append((int(index[at]), step if count > 1 else 1, count))
        at += count
    return runs


def is_floating(dtype: Any) -> bool:
    """Say whether a dtype is of real floating point numbers."""
    return bool(jax.numpy.issubdtype(dtype, np.floating))
