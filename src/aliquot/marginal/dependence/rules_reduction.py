"""Operations that join what lies along axes: sums, running sums, sorts, products of matrices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aliquot.marginal.dependence.candidates import reduced, up_to_each
from aliquot.marginal.dependence.references import Dependence, Index, lift, union
from aliquot.marginal.dependence.rules_movement import moved
from aliquot.marginal.dependence.value import Rule, Value, reason
from aliquot.primitives import working_axes


def reduction(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Follow a reduction along axes, of one operand or several together."""
    why = reason(equation, operands)
    axes = working_axes(equation) or ()
    parts = [reduced(value.dependence, axes, why) for value in operands if value.ndim]
    parts += [
        lift(v.dependence, len(equation.outvars[0].aval.shape)) for v in operands if not v.ndim
    ]
    return [union(parts, why)] * len(equation.outvars)


def running(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Follow a running sum, product, maximum, minimum or log-sum-exp."""
    (value,) = operands
    (axis,) = working_axes(equation) or ()
    why = reason(equation, operands)
    return [up_to_each(value.dependence, axis, equation.params["reverse"], why)]


def _whole(operands: Sequence[Value], axes: Sequence[int], why: str) -> Dependence:
    parts = [reduced(value.dependence, axes, why, keepdims=True) for value in operands]
    return union(parts, why)


def sort(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Follow a sort: each place depends on the keys all along the axis, and on its own values."""
    why = reason(equation, operands)
    axis, number = equation.params["dimension"], equation.params["num_keys"]
    keys = _whole(operands[:number], [axis], why)
    return [union([keys, _whole([value], [axis], why)], why) for value in operands]


def mixing(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Follow what makes all of its results from all along some axes: a Fourier transform, say."""
    found = _whole(operands, working_axes(equation) or (), reason(equation, operands))
    return [found] * len(equation.outvars)


def matrices(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Follow linear algebra on matrices in the last two axes: all of each, batches apart."""
    why = reason(equation, operands)
    batch = operands[0].ndim - 2
    parts = [reduced(v.dependence, range(batch, v.ndim), why) for v in operands]
    joined = union(parts, why)
    results = []
    for var in equation.outvars:
        results.append(moved(joined, _with_axes(len(var.aval.shape) - batch)))
    return results


def triangular_solve(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Follow a solve: each of the columns on the right apart, with all of the matrix."""
    matrix, right = operands
    why = reason(equation, operands)
    axes = (matrix.ndim - 2, matrix.ndim - 1)
    solved = axes[0] if equation.params["left_side"] else axes[1]
    parts = [
        reduced(matrix.dependence, axes, why, keepdims=True),
        reduced(right.dependence, [solved], why, keepdims=True),
    ]
    return [union(parts, why)]


def _with_axes(number: int) -> Callable[[Index], Index]:
    return lambda index: index.reshape(index.shape + (1,) * number)


def dot_general(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Follow a product: batch axes in step, contracted ones joined, the others each its own."""
    why = reason(equation, operands)
    contracted, batch = equation.params["dimension_numbers"]
    free = [
        [axis for axis in range(v.ndim) if axis not in c and axis not in b]
        for v, c, b in zip(operands, contracted, batch, strict=True)
    ]
    number = len(batch[0]), len(free[0]), len(free[1])
    parts = []
    for side, value in enumerate(operands):
        along = reduced(value.dependence, contracted[side], why, keepdims=True)
        order = (*batch[side], *free[side])

        def move(index: Index, order: tuple[int, ...] = order, side: int = side) -> Index:
            shape = [index.shape[axis] for axis in order]
            batched, own = shape[: number[0]], shape[number[0] :]
            others = [1] * number[2 - side]
            rest = [*others, *own] if side else [*own, *others]
            in_order = index.transpose([*order, *(a for a in range(index.ndim) if a not in order)])
            return in_order.reshape([*batched, *rest])

        parts.append(moved(along, move))
    return [union(parts, why)]


RULES: dict[str, Rule] = {
    "dot_general": dot_general,
    "sort": sort,
    "triangular_solve": triangular_solve,
}
