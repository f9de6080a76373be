"""What each component of a block is like in each draw: numbers that move with its label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aliquot.symmetry.block import Block
from aliquot.symmetry.role import Role, part


def component_features(block: Block, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Collect the numbers that belong to one component alone.

    Of a variable that moves along one axis that is all of it. Of one that moves along two (a
    transition matrix) it is the diagonal, and what stands in rows or columns that do not move:
    any other entry belongs to two components. Along three or more it is the diagonal. Of what is
    mirrored it is the number for the first component and its mirror image for the second.
    """
    return np.concatenate([part for _, part in _parts(block, values)], axis=2)


def first_number(block: Block, values: Mapping[str, np.ndarray]) -> tuple[str, np.ndarray]:
    """Choose the number by which components are put in order, and its variable: (draws, K).

    The first variable with one number for each component. Weights that sum to one, then the
    diagonal of a transition matrix, only where there is no other; where no variable has just one,
    the first number of the first.
    """
    parts = _parts(block, values)
    matrices = {roles[0].variables[0] for roles in _together(block) if len(roles) > 1}
    single = [(name, part) for name, part in parts if part.shape[2] == 1]
    plain = [(name, part) for name, part in single if name not in matrices]
    free = [(name, part) for name, part in plain if np.ptp(part.sum(axis=1)) > 1e-8]
    name, part = [*free, *plain, *single, *parts][0]
    return name, part[..., 0]


def _together(block: Block) -> list[list[Role]]:
    """Put together the roles of a variable that moves along several axes."""
    result: list[list[Role]] = []
    for role in block.roles:
        last = result[-1][0] if result else None
        square = last is not None and (last.variables, last.within) == (role.variables, role.within)
        if square and role.axis is not None and role.mirror is None:
            result[-1].append(role)
        else:
            result.append([role])
    return result


def _parts(block: Block, values: Mapping[str, np.ndarray]) -> list[tuple[str, np.ndarray]]:
    """Give each variable's name and its share of the features, shape (draws, K, numbers)."""
    result = []
    for roles in _together(block):
        name = roles[0].variables[0]
        if len(roles) == 1:
            result.append((name, np.asarray(roles[0].slices(values, 1), float)))
        else:
            array = np.asarray(values[name], float)
            result += [(name, part) for part in _of_several_axes(array, roles)]
    return [(name, part.reshape((*part.shape[:2], -1))) for name, part in result]


def _of_several_axes(array: np.ndarray, roles: Sequence[Role]) -> list[np.ndarray]:
    """Give the diagonal, and of two axes the entries off the block in one of them."""
    axes = [1 + role.axis for role in roles if role.axis is not None]
    moving: Any = array[part(roles[0].within, array.ndim, 1)]
    table = np.moveaxis(moving, axes, range(1, 1 + len(axes)))
    places = [list(role.positions) for role in roles]
    parts = [table[(slice(None), *places)]]
    if len(roles) > 2:
        return parts
    rows, columns = places
    other_rows = [i for i in range(table.shape[1]) if i not in rows]
    other_columns = [j for j in range(table.shape[2]) if j not in columns]
    if other_columns:
        parts.append(table[:, rows][:, :, other_columns])
    if other_rows:
        parts.append(np.swapaxes(table[:, other_rows][:, :, columns], 1, 2))
    return parts
