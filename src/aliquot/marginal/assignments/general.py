"""Any operation at all: at full length, mapped over the batch axes that are there.

What has no rule of its own comes here. It is right for every primitive that `jax.vmap` knows,
derivative rules included.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import numpy as np

from aliquot.marginal.assignments.arrays import FOLDED_INTEGERS, Array, concrete, expand, reshape
from aliquot.marginal.assignments.operation import Operation
from aliquot.primitives import working_axes
from aliquot.primitives.internals import bind, programs


def general(operation: Operation) -> list[Array]:
    """Apply an operation at the full length of the axes that it works along."""
    batch = operation.batch
    folds = _foldable(operation)
    # What is to be known has to stay NumPy's: a repetition in the program would not be.
    widen = np.broadcast_to if folds else expand
    values = [
        widen(value, (*value.shape[:batch], *shape))
        for value, shape in zip(operation.values, _lengths(operation), strict=True)
    ]

    def function(*operands: Array) -> list[Array]:
        return bind(operation.equation, operands)

    mapped: Callable[..., list[Array]] = function
    present = []
    for axis in reversed(range(batch)):
        along = tuple(0 if value.shape[axis] != 1 else None for value in values)
        if 0 in along:
            present.append(axis)
            mapped = jax.vmap(mapped, in_axes=along)
    squeezed = [
        reshape(value, [n for i, n in enumerate(value.shape) if i >= batch or n != 1])
        for value in values
    ]
    if folds:
        with jax.ensure_compile_time_eval():
            results = [np.asarray(result) for result in mapped(*squeezed)]
    else:
        results = mapped(*squeezed)
    lengths = np.broadcast_shapes(*(value.shape[:batch] for value in values))
    own = len(present)
    return [reshape(result, (*lengths, *result.shape[own:])) for result in results]


def _lengths(operation: Operation) -> list[tuple[int, ...]]:
    """Give the lengths at which the operation is applied: compact along axes that it keeps."""
    works = working_axes(operation.equation)
    if works is None or len({len(shape) for shape in operation.shapes}) > 1:
        return list(operation.shapes)
    own = np.broadcast_shapes(
        *(
            tuple(
                1 if axis in works else n for axis, n in enumerate(value.shape[operation.batch :])
            )
            for value in operation.values
        )
    )
    return [
        tuple(n if axis in works else own[axis] for axis, n in enumerate(shape))
        for shape in operation.shapes
    ]


def _foldable(operation: Operation) -> bool:
    """Say whether an index or a mask is computed from known numbers, so that it can be known."""
    lengths = np.broadcast_shapes(*(value.shape[: operation.batch] for value in operation.values))
    size = max((math.prod(shape) for shape in (*operation.shapes, *operation.results)), default=1)
    return (
        all(concrete(value) for value in operation.values)
        and not programs(operation.equation)
        and all(
            getattr(var.aval.dtype, "kind", "") in ("b", "i", "u")
            for var in operation.equation.outvars
        )
        and size * math.prod(lengths) <= FOLDED_INTEGERS
    )
