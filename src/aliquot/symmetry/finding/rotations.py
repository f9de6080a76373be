"""Components that can be turned into one another continuously: rotations of factors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aliquot.symmetry.block import Block
from aliquot.symmetry.finding.axes import exchange
from aliquot.symmetry.finding.search import Search
from aliquot.symmetry.symmetries import signs_of

ANGLE = 0.7
POINTS = 4


def rotated(blocks: Sequence[Block], search: Search) -> tuple[Block, ...]:
    """Give the blocks of which a rotation of two components leaves the density unchanged, too.

    Only such are looked at whose components trade places and change sign, each by itself: both are
    rotations, or nearly, by a right angle.
    """
    return tuple(
        block
        for block in blocks
        if block.coupled
        and not block.signs
        and (signs := signs_of(block, blocks))
        and _rotates(block, signs, search)
    )


def _rotates(block: Block, signs: Sequence[Block], search: Search) -> bool:
    seen = False
    for point, before in search.probe.points(POINTS):
        turned = {name: np.array(values) for name, values in point.items()}
        for role in block.roles:
            middle = 0.5 * next(
                r.mirror or 0.0 for r in signs[0].roles if set(r.variables) <= set(role.variables)
            )
            one, other = (values - middle for values in role.slices(point, 0)[:2])
            new = (
                np.cos(ANGLE) * one - np.sin(ANGLE) * other,
                np.sin(ANGLE) * one + np.cos(ANGLE) * other,
            )
            for k, values in enumerate(new):
                array = turned[role.variable_of(k)]
                place = role.index(array.ndim, k)
                array[place] = (values + middle).reshape(array[place].shape)
        after = search.probe.terms(turned)
        found = search.differences(before, after, exchange(block, 0, 1))
        if found:
            return False
        seen = seen or found == []
    return seen
