"""Convolutions: each element of the result depends on a window of the operand."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from aliquot.marginal.dependence.candidates import reduced
from aliquot.marginal.dependence.references import LIMIT, Dependence, everything, union
from aliquot.marginal.dependence.rules_movement import picked
from aliquot.marginal.dependence.value import Rule, Value, reason


def convolution(equation: Any, operands: Sequence[Value]) -> Sequence[Dependence]:
    """Follow `conv_general_dilated`, which is what `jax.numpy.convolve` becomes."""
    params = equation.params
    operand, kernel = operands
    why = reason(equation, operands)
    shape = tuple(equation.outvars[0].aval.shape)
    numbers = params["dimension_numbers"]
    sizes = [kernel.shape[axis] for axis in numbers.rhs_spec[2:]]
    grouped = params["feature_group_count"] != 1 or params["batch_group_count"] != 1
    if grouped or prod(sizes) > LIMIT:
        parts = [operand.dependence, kernel.dependence]
        return [everything(parts, len(shape), why)]

    def along(axis: int, places: np.ndarray) -> np.ndarray:
        return places.reshape([-1 if k == axis else 1 for k in range(len(shape))])

    batch, feature, *spatial = numbers.lhs_spec
    taken = reduced(operand.dependence, (feature,), why, keepdims=True)
    found = []
    for offsets in itertools.product(*map(range, sizes)):
        zeros = np.zeros((1,) * len(shape), np.int64)
        coordinates = [zeros] * operand.ndim
        coordinates[batch] = along(numbers.out_spec[0], np.arange(operand.shape[batch]))
        inside = np.ones((1,) * len(shape), bool)
        for k, (axis, offset) in enumerate(zip(spatial, offsets, strict=True)):
            out = numbers.out_spec[2 + k]
            place = np.arange(shape[out]) * params["window_strides"][k] - params["padding"][k][0]
            place = place + offset * params["rhs_dilation"][k]
            source, between = np.divmod(place, params["lhs_dilation"][k])
            here = (between == 0) & (source >= 0) & (source < operand.shape[axis])
            inside = inside & along(out, here)
            coordinates[axis] = along(out, np.clip(source, 0, operand.shape[axis] - 1))
        found.append(picked(taken, coordinates, inside))
    return [union([*found, everything([kernel.dependence], len(shape), why)], why)]


RULES: dict[str, Rule] = {"conv_general_dilated": convolution}
