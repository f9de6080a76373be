"""Whether components that can trade places compete, so that the density has mirror modes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aliquot.symmetry.block import Block
from aliquot.symmetry.finding.probe import RELATIVE, Point
from aliquot.symmetry.finding.search import Search
from aliquot.symmetry.role import Role


def is_coupled(block: Block, search: Search) -> bool:
    """Say whether two components depend on each other, given everything that does not move.

    Where they do not, the density given the rest is a product of one factor for each component,
    all the same: missing covariates of rows that are alike, effects of groups without data.

    Notes
    -----
    Two components are moved, one, the other and both: of a product, the changes of the log
    density add up.
    """
    probe = search.probe
    # One of several probabilities cannot change by itself. What else moves shows it as well.
    roles = [
        r for r in block.roles if r.axis is None or not probe.along_simplex(r.variables[0], r.axis)
    ]
    rng = np.random.default_rng(11)
    found = list(search.probe.points(8))
    pairs, fresh = found[:4], [point for point, _ in found[4:]]
    for (point, terms), other in zip(pairs, fresh, strict=False):
        chosen = rng.permutation(block.components)[:2]
        moved = [
            _with(point, other, roles or block.roles, [int(k) for k in which])
            for which in (chosen[:1], chosen[1:], chosen)
        ]
        values = np.array([terms, *(probe.terms(p, anywhere=not roles) for p in moved)])
        if not np.all(np.isfinite(values)):
            continue
        mixed = values[0] - values[1] - values[2] + values[3]
        if np.any(np.abs(mixed) > RELATIVE * (1.0 + np.max(np.abs(values), axis=0))):
            return True
    return False


def _with(point: Point, other: Point, roles: Sequence[Role], components: list[int]) -> Point:
    """Give components the values that they have in another point."""
    result = dict(point)
    for role in roles:
        for k in components:
            result |= _one(result, other, role, k)
    return result


def _one(point: Point, other: Point, role: Role, k: int) -> Point:
    if role.axis is None:
        name = role.variables[k]
        return {name: other[name]}
    name = role.variables[0]
    array = np.array(point[name])
    place: list[int | slice] = [slice(None)] * array.ndim
    for axis, at in role.within:
        place[axis] = at
    place[role.axis] = role.positions[k]
    array[tuple(place)] = other[name][tuple(place)]
    return {name: array}
