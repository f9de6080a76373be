"""Reductions and products of matrices, on compact operands.

The sum of a constant over n elements is n times it, and a contraction over an axis that one operand
does not vary along is a sum of the other.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from jax import lax

from aliquot.marginal.assignments.arrays import (
    Array,
    concrete,
    expand,
    foldable,
    rearrange,
    reshape,
    transpose,
    typed,
)
from aliquot.marginal.assignments.operation import Operation
from aliquot.primitives import primitive
from aliquot.primitives.internals import bind


def reduce(operation: Operation) -> list[Array]:
    """Apply a reduction along own axes, of which compact ones are not spread."""
    numpy = primitive(operation.equation).numpy
    if numpy is None:  # of several operands together, say: left to the general way
        return []
    (x,) = operation.values
    batch, axes = operation.batch, tuple(operation.params["axes"])
    own = x.shape[batch:]
    full = operation.shapes[0]
    if concrete(x) and x.dtype.kind == "b" and operation.name not in ("reduce_and", "reduce_or"):
        return []
    short = [axis for axis in axes if own[axis] != full[axis]]
    long = tuple(batch + axis for axis in axes if axis not in short)
    copies = math.prod(full[axis] for axis in short)
    dtype = operation.equation.outvars[0].aval.dtype
    if long and concrete(x) and x.size:
        x = np.asarray(numpy(x, axis=long, keepdims=True), dtype)
    elif long:
        kept = [1 if axis in long else n for axis, n in enumerate(x.shape)]
        (bound,) = bind(operation.equation, [x], operation.params | {"axes": long})
        x = reshape(bound, kept)
    if copies != 1 and operation.name == "reduce_sum":
        if concrete(x):
            x = np.asarray(x * np.asarray(copies, dtype), dtype)
        else:
            x = lax.mul(x, lax.full_like(x, copies))
    if copies != 1 and operation.name == "reduce_prod":
        x = np.power(x, copies) if concrete(x) else lax.integer_pow(x, copies)
    rest = [n for axis, n in enumerate(x.shape) if axis < batch or axis - batch not in axes]
    return [reshape(x, rest)]


def dot_general(operation: Operation) -> list[Array]:
    """Contract two operands over the axes that both vary along."""
    batch = operation.batch
    (left_sum, right_sum), (left_batch, right_batch) = operation.params["dimension_numbers"]
    # Each axis gets a number: equal numbers belong together.
    names = [list(range(batch)), list(range(batch))]
    count = batch
    partner: dict[int, int] = {}
    for mine, yours in (
        *zip(left_sum, right_sum, strict=True),
        *zip(left_batch, right_batch, strict=True),
    ):
        partner[yours] = mine
    names[0] += [count + axis for axis in range(len(operation.shapes[0]))]
    count += len(operation.shapes[0])
    names[1] += [
        batch + partner[axis] if axis in partner else count + axis
        for axis in range(len(operation.shapes[1]))
    ]
    summed = [batch + axis for axis in left_sum]
    lengths = {
        name: n
        for side, shape in zip(names, operation.shapes, strict=True)
        for name, n in zip(side[batch:], shape, strict=True)
    }
    dtype = operation.equation.outvars[0].aval.dtype
    copies = 1
    operands = list(operation.values)
    for name in summed:
        axes = [side.index(name) for side in names]
        present = [x.shape[axis] == lengths[name] for x, axis in zip(operands, axes, strict=True)]
        if all(present):
            continue
        if not any(present):
            copies *= lengths[name]
            continue
        # A sum may not fit into the numbers that are multiplied.
        operands = [typed(x, dtype) for x in operands]
        one = present.index(True)
        operands[one] = _sum_axis(operands[one], axes[one])
    out = (
        list(range(batch))
        + [batch + axis for axis in left_batch]
        + [n for i, n in enumerate(names[0][batch:]) if i not in (*left_sum, *left_batch)]
        + [n for i, n in enumerate(names[1][batch:]) if i not in (*right_sum, *right_batch)]
    )
    long = [
        {name for name, n in zip(side, x.shape, strict=True) if n != 1}
        for side, x in zip(names, operands, strict=True)
    ]
    if not (long[0] & long[1] & set(summed)):
        result = _outer(operands, names, out, dtype)
    else:
        result = _contract(operation, operands, names, out, long, set(summed))
    return [result if copies == 1 else lax.mul(result, lax.full_like(result, copies))]


def _sum_axis(x: Array, axis: int) -> Array:
    if concrete(x):
        return np.sum(x, axis, keepdims=True, dtype=x.dtype)
    shape = [1 if i == axis else n for i, n in enumerate(x.shape)]
    return reshape(lax.reduce_sum(x, (axis,)), shape)


def _outer(operands: list[Array], names: list[list[int]], out: list[int], dtype: Any) -> Array:
    """Multiply where nothing is left to sum: elementwise, which XLA fuses."""
    parts = [typed(_arranged(x, side, out), dtype) for x, side in zip(operands, names, strict=True)]
    shape = np.broadcast_shapes(*(part.shape for part in parts))
    if all(concrete(part) for part in parts) and foldable(shape, dtype):
        return np.multiply(parts[0], parts[1])
    return lax.mul(*(expand(part, shape) for part in parts))


def _arranged(x: Array, side: list[int], out: list[int]) -> Array:
    """Order axes as in `out`, with length 1 where `x` has none of that name."""
    where = [side.index(name) if name in side else None for name in out]
    used = [axis for axis in where if axis is not None]
    order = [*used, *(axis for axis in range(len(side)) if axis not in used)]
    shape = [1 if axis is None else x.shape[axis] for axis in where]
    return rearrange(x, x.shape, order, shape)


def _contract(
    operation: Operation,
    operands: list[Array],
    names: list[list[int]],
    out: list[int],
    long: list[set[int]],
    summed: set[int],
) -> Array:
    kept = [[name for name in side if name in many] for side, many in zip(names, long, strict=True)]
    left, right = (
        reshape(x, [n for name, n in zip(side, x.shape, strict=True) if name in many])
        for x, side, many in zip(operands, names, long, strict=True)
    )
    both = [name for name in kept[0] if name in kept[1]]
    contracted = [name for name in both if name in summed]
    batch = [name for name in both if name not in summed]
    order = batch + [
        name for side in kept for name in side if name not in contracted and name not in batch
    ]
    dimensions = (
        tuple(tuple(side.index(name) for name in contracted) for side in kept),
        tuple(tuple(side.index(name) for name in batch) for side in kept),
    )
    params = operation.params | {"dimension_numbers": dimensions}
    (result,) = bind(operation.equation, [left, right], params)
    where = [name for name in out if name in order]
    result = transpose(result, [order.index(name) for name in where])
    lengths = dict(zip(order, _lengths(result, where, order), strict=True))
    return reshape(result, [lengths.get(name, 1) for name in out])


def _lengths(result: Array, where: list[int], order: list[int]) -> list[int]:
    return [result.shape[where.index(name)] for name in order]
