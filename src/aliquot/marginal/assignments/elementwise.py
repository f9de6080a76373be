"""Elementwise operations: the operands are spread against each other, not to their full shape."""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import lax

from aliquot.marginal.assignments.arrays import (
    Array,
    common_shape,
    concrete,
    expand,
    foldable,
    reshape,
)
from aliquot.marginal.assignments.operation import Operation
from aliquot.marginal.assignments.singular import emitted, guarded
from aliquot.primitives import fold


def elementwise(operation: Operation) -> list[Array]:
    """Apply an elementwise operation to compact operands."""
    operation = aligned(operation)
    shape = common_shape(operation.values)
    dtype = operation.equation.outvars[0].aval.dtype
    if all(concrete(value) for value in operation.values) and foldable(shape, dtype):
        known = fold(operation.equation, operation.values)
        if known is not None:
            return [np.broadcast_to(known, shape)]
    if operation.name == "select_n":
        chosen = uniform(operation.values[0])
        if chosen is not None:
            return [operation.values[1 + chosen]]
    result = guarded(operation)
    return [emitted(operation, operation.values) if result is None else result]


def uniform(which: Array) -> int | None:
    """Give the case that a known selector selects everywhere; None where there is none."""
    if not concrete(which) or which.size == 0:
        return None
    first = which.flat[0]
    return int(first) if (which == first).all() else None


def aligned(operation: Operation) -> Operation:
    """Give operands of shape () the axes that the others have."""
    batch = operation.batch
    rank = max(value.ndim for value in operation.values)
    return operation.with_values(
        tuple(
            value
            if value.ndim == rank
            else reshape(
                value, value.shape[:batch] + (1,) * (rank - value.ndim) + value.shape[batch:]
            )
            for value in operation.values
        )
    )


def select(which: Any, on_true: Array, on_false: Array) -> Array:
    """Choose by a mask, all of one rank, at the shape that they have together."""
    chosen = uniform(which)
    if chosen is not None:
        return on_true if chosen else on_false
    shape = common_shape((which, on_true, on_false))
    return lax.select(expand(which, shape), expand(on_true, shape), expand(on_false, shape))
