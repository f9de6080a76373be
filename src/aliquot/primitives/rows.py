"""How an equation acts on an axis of rows: row by row, as a total over all rows, or neither.

An axis is recognised by its length, which is large: an array with just one axis of that length has
its rows there. What is computed row by row, at any place, can be computed for some rows at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from aliquot.primitives import (
    Kind,
    gather_indexing,
    kind,
    name_of,
    scatter_indexing,
    working_axes,
)

Params = dict[str, Any]


@dataclass(frozen=True)
class RowByRow:
    """Row i of the results depends on row i of the operands and on what has no rows."""

    params: Callable[[int], Params]  # the equation's parameters for so many rows
    # Whether the result counts rows, and the first one's number is to be added.
    offset: bool = False


@dataclass(frozen=True)
class Total:
    """The result has no rows; those of some rows at a time are combined."""

    combine: Callable[[Any, Any], Any]  # adds a part to what there is
    start: Callable[[Any, np.dtype], Any]  # what there is at first, from the result's shape, dtype
    scattered: bool = False  # whether the first operand is what the parts are added to


Acts = RowByRow | Total | None


def row_axis(value: Any, rows: int) -> int | None:
    """Return the one axis of so many rows, or None where there is none, or more."""
    axes = [axis for axis, size in enumerate(value.shape) if size == rows]
    return axes[0] if len(axes) == 1 else None


def has_rows(value: Any, rows: int) -> bool:
    """Say whether an axis is that long."""
    return rows in value.shape


def acts(equation: Any, rows: int) -> Acts:
    """Say how an equation with rows in its operands or results acts on them; None if otherwise."""
    values = [atom.aval for atom in (*equation.invars, *equation.outvars)]
    if any(value.shape.count(rows) > 1 for value in values):
        return None
    rule = RULES.get(name_of(equation))
    if rule is not None:
        return rule(equation, rows)
    works = working_axes(equation)
    if works is None:
        return _plain(equation) if kind(equation) is Kind.ELEMENTWISE else None
    axis = row_axis(equation.invars[0].aval, rows)
    if axis is None:
        return None
    return TOTALS.get(name_of(equation)) if axis in works else _plain(equation)


def _plain(equation: Any) -> RowByRow:
    return RowByRow(lambda size: equation.params)


def _each(equation: Any, rows: int) -> Acts:
    """Treat results that are the operands, one by one, which may have different shapes."""
    return _plain(equation) if all(has_rows(a.aval, rows) for a in equation.invars) else None


def _broadcast(equation: Any, rows: int) -> Acts:
    operand, out = equation.invars[0].aval, equation.outvars[0].aval
    shape, dims = equation.params["shape"], equation.params["broadcast_dimensions"]
    axis, source = row_axis(out, rows), row_axis(operand, rows)
    if axis is None or (source is not None and dims[source] != axis):
        return None
    return RowByRow(lambda size: equation.params | {"shape": _put(shape, axis, size)})


def _reshape(equation: Any, rows: int) -> Acts:
    operand, out = equation.invars[0].aval, equation.outvars[0].aval
    source, axis = row_axis(operand, rows), row_axis(out, rows)
    if source is None or axis is None or equation.params["dimensions"] is not None:
        return None
    if np.prod(operand.shape[:source]) != np.prod(out.shape[:axis]):
        return None
    return RowByRow(lambda size: equation.params | {"new_sizes": _put(out.shape, axis, size)})


def _filled(value: Any) -> Callable[[Any, np.dtype], Any]:
    return lambda shape, dtype: jnp.full(shape, value, dtype)


def _least(shape: Any, dtype: Any) -> Any:
    floating = np.issubdtype(dtype, np.floating)
    return jnp.full(shape, -np.inf if floating else np.iinfo(dtype).min, dtype)


def _greatest(shape: Any, dtype: Any) -> Any:
    floating = np.issubdtype(dtype, np.floating)
    return jnp.full(shape, np.inf if floating else np.iinfo(dtype).max, dtype)


# Along the axis of rows itself.
TOTALS = {
    "reduce_and": Total(lax.bitwise_and, _filled(True)),
    "reduce_max": Total(lax.max, _least),
    "reduce_min": Total(lax.min, _greatest),
    "reduce_or": Total(lax.bitwise_or, _filled(False)),
    "reduce_prod": Total(lax.mul, _filled(1)),
    "reduce_sum": Total(lax.add, _filled(0)),
}


def _dot_general(equation: Any, rows: int) -> Acts:
    (contracted, batched) = equation.params["dimension_numbers"]
    left, right = (row_axis(atom.aval, rows) for atom in equation.invars)
    if left is None or right is None:
        return _plain(equation)
    if (left, right) in zip(*contracted, strict=True):
        return TOTALS["reduce_sum"]
    return _plain(equation) if (left, right) in zip(*batched, strict=True) else None


def _gather(equation: Any, rows: int) -> Acts:
    operand, indices = (atom.aval for atom in equation.invars)
    indexing = gather_indexing(equation)
    source, axis = row_axis(operand, rows), row_axis(indices, rows)
    if axis is not None and axis < len(indexing.positions):
        return _plain(equation) if source is None or (source, axis) in indexing.paired else None
    sizes, moved = indexing.sizes, (*indexing.axes, *indexing.collapsed)
    if source is None or axis is not None or sizes[source] != rows or source in moved:
        return None
    return RowByRow(lambda size: equation.params | {"slice_sizes": _put(sizes, source, size)})


def _scatter_add(equation: Any, rows: int) -> Acts:
    target, axis, source = (row_axis(atom.aval, rows) for atom in equation.invars)
    indexing = scatter_indexing(equation)
    if axis is None or axis == len(indexing.positions) or source != indexing.batch[axis]:
        return None
    if target is None:
        return Total(lax.add, _filled(0), scattered=True)
    return _plain(equation) if (target, axis) in indexing.paired else None


def _slice(equation: Any, rows: int) -> Acts:
    axis = row_axis(equation.invars[0].aval, rows)
    starts, limits = equation.params["start_indices"], equation.params["limit_indices"]
    strides = equation.params["strides"]
    if axis is None or starts[axis] != 0 or limits[axis] != rows:
        return None
    if strides is not None and strides[axis] != 1:
        return None
    return RowByRow(lambda size: equation.params | {"limit_indices": _put(limits, axis, size)})


def _dynamic_slice(equation: Any, rows: int) -> Acts:
    axis = row_axis(equation.invars[0].aval, rows)
    sizes = equation.params["slice_sizes"]
    if axis is None or sizes[axis] != rows:
        return None
    return RowByRow(lambda size: equation.params | {"slice_sizes": _put(sizes, axis, size)})


def _pad(equation: Any, rows: int) -> Acts:
    axis = row_axis(equation.invars[0].aval, rows)
    config = equation.params["padding_config"]
    return None if axis is None or tuple(config[axis]) != (0, 0, 0) else _plain(equation)


def _iota(equation: Any, rows: int) -> Acts:
    axis = row_axis(equation.outvars[0].aval, rows)
    shape, along = equation.params["shape"], equation.params["dimension"]
    if axis is None or equation.invars:
        return None
    return RowByRow(
        lambda size: equation.params | {"shape": _put(shape, axis, size)}, offset=axis == along
    )


def _triangular_solve(equation: Any, rows: int) -> Acts:
    matrix, right = (atom.aval for atom in equation.invars)
    axis = row_axis(right, rows)
    columns = len(right.shape) - (1 if equation.params["left_side"] else 2)
    return _plain(equation) if axis == columns and not has_rows(matrix, rows) else None


def _put(sizes: Sequence[int], axis: int, size: int) -> tuple[int, ...]:
    return (*sizes[:axis], size, *sizes[axis + 1 :])


# Those that the kind of operation and the axes that it works along do not say all of.
RULES: dict[str, Callable[[Any, int], Acts]] = {
    "broadcast_in_dim": _broadcast,
    "dot_general": _dot_general,
    "dynamic_slice": _dynamic_slice,
    "gather": _gather,
    "iota": _iota,
    "optimization_barrier": _each,
    "pad": _pad,
    "reshape": _reshape,
    "scatter-add": _scatter_add,
    "slice": _slice,
    "squeeze": lambda equation, rows: _plain(equation),
    "stack": _each,
    "transpose": lambda equation, rows: _plain(equation),
    "triangular_solve": _triangular_solve,
}
