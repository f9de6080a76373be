"""What each component of a block is like in each draw: numbers that move with its label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from aliquot.symmetry.block import Block
from aliquot.symmetry.role import Role


def component_features(block: Block, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Collect the numbers that belong to one component alone.

    Of a variable that moves along one axis that is all of it. Of one that moves along two (a
    transition matrix) it is the diagonal, and what stands in rows or columns that do not move:
    any other entry belongs to two components.

    Parameters
    ----------
    block : Block
    values : mapping from str to numpy.ndarray, shape (draws, *shape)

    Returns
    -------
    numpy.ndarray, shape (draws, K, features)
    """
    parts = [part for _, part in _parts(block, values)]
    return np.concatenate([part.reshape((*part.shape[:2], -1)) for part in parts], axis=2)


def first_number(block: Block, values: Mapping[str, np.ndarray]) -> tuple[str, np.ndarray]:
    """Choose the number by which components are put in order.

    Returns
    -------
    name : str
        The first variable with one number for each component, weights that sum to one last.
    numpy.ndarray, shape (draws, K)
        That number; where no variable has just one, the first number of the first.
    """
    parts = _parts(block, values)
    single = [(name, part) for name, part in parts if part.ndim == 2]
    free = [(name, part) for name, part in single if np.ptp(part.sum(axis=1)) > 1e-8]
    name, part = [*free, *single, *parts][0]
    return name, part.reshape((*part.shape[:2], -1))[..., 0]


def _parts(block: Block, values: Mapping[str, np.ndarray]) -> list[tuple[str, np.ndarray]]:
    """Give each variable's name and its share of the features, shape (draws, K, ...)."""
    result = []
    for variables, group in groupby(block.roles, key=lambda role: role.variables):
        roles = list(group)
        if len(roles) == 1:
            result.append((variables[0], np.asarray(roles[0].slices(values, 1), float)))
        else:
            array = np.asarray(values[variables[0]], float)
            result += [(variables[0], part) for part in _of_two_axes(array, roles)]
    return result


def _of_two_axes(array: np.ndarray, roles: Sequence[Role]) -> list[np.ndarray]:
    """Give the diagonal, and the entries off the block in one of the two axes."""
    first, second = roles[:2]
    assert first.axis is not None and second.axis is not None
    index: list[Any] = [slice(None)] * array.ndim
    for role in roles:
        for axis, at in role.within:
            index[1 + axis] = slice(at, at + 1)
    square = np.moveaxis(array[tuple(index)], (1 + first.axis, 1 + second.axis), (1, 2))
    rows, columns = list(first.positions), list(second.positions)
    other_rows = [i for i in range(square.shape[1]) if i not in rows]
    other_columns = [j for j in range(square.shape[2]) if j not in columns]
    parts = [square[:, rows, columns]]
    if other_columns:
        parts.append(square[:, rows][:, :, other_columns])
    if other_rows:
        parts.append(np.swapaxes(square[:, other_rows][:, :, columns], 1, 2))
    return parts
