"""Which elements of which variables trade places with one another, and with their mirror images.

Where p and 1 - q trade places, p becomes the mirror image of q.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from aliquot.symmetry import Block, numbered, trading

Shapes = Mapping[str, tuple[int, ...]]


def fits(block: Block, shapes: Shapes) -> bool:
    """Say whether a block's variables are there, with axes as long as it says.

    A result can have been cut or changed since its symmetries were found.
    """
    for role in block.roles:
        for name in role.variables:
            if name not in shapes:
                return False
            places = [(axis, at) for axis, at in role.within]
            if role.axis is not None:
                places += [(role.axis, at) for at in role.positions]
            shape = shapes[name]
            if any(axis >= len(shape) or at >= shape[axis] for axis, at in places):
                return False
    return bool(block.roles)


def moved_by(block: Block, shapes: Shapes) -> dict[str, np.ndarray]:
    """Say which elements of each variable a block moves, each a flat array of bool."""
    numbers = numbered({name: shapes[name] for name in block.variables})
    numbers = {name: array + 1 for name, array in numbers.items()}
    shifted = block.linear().permute(numbers, np.roll(np.arange(block.components), 1))
    return {name: (shifted[name] != numbers[name]).ravel() for name in numbers}


def mirrors(blocks: Sequence[Block], shapes: Shapes) -> np.ndarray:
    """Give, for each element as `numbered`, what it and its mirror image add up to; 0 for none."""
    zeros = {name: np.zeros(shape) for name, shape in shapes.items()}
    for block in blocks:
        if block.components == 2:
            for role in block.roles:
                # The image of 0.
                zeros |= {
                    name: np.where(moved != 0.0, moved, zeros[name])
                    for name, moved in role.permute(
                        {name: np.zeros(shapes[name]) for name in role.variables}, np.array([1, 0])
                    ).items()
                }
    return _joined(zeros.values())


def partners(
    block: Block, shapes: Shapes, one: int, other: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the elements that trade places as two components do, each pair once, (pairs,) each.

    They are positions among the block's variables, flat and joined; those of their partners, which
    what is mirrored where it is has in itself; and whether the partner's mirror image comes in the
    element's place.
    """
    numbers = numbered({name: shapes[name] for name in block.variables})
    target = _targets(block, numbers, trading(block.components, one, other))
    each = np.arange(1, len(target) + 1)
    first = np.flatnonzero((each < np.abs(target)) | (each == -target))
    return first, np.abs(target[first]) - 1, target[first] < 0


def orbits(blocks: Sequence[Block], shapes: Shapes) -> list[np.ndarray]:
    """Find the sets of two and more elements that components carry into one another.

    The values in a set, sorted, depend on no label: however variables move, along one axis, along
    two (a transition matrix: its diagonal is one set, what is off it another), across variables
    that were written apart, or with several blocks at once, each of which `fits`. Elements are
    numbered as by `numbered`, over the variables that the blocks move. The mirror image of element
    i is ``~i``; an element that is mirrored is in one set with its image.
    """
    numbers = numbered(shapes)
    targets = [
        _targets(block, numbers, trading(block.components, 0, k))
        for block in blocks
        for k in range(1, block.components)
    ]
    # Exchanges with the first component generate all permutations. Each element, and each mirror
    # image, takes the least number that it can reach.
    size = sum(array.size for array in numbers.values())
    each = np.concatenate([np.arange(size), ~np.arange(size)])
    places = [_place(np.concatenate([target, -target]), size) for target in targets]
    least = np.arange(2 * size)
    while True:
        before = least
        for place in places:
            least = np.minimum(least, least[place])
        if np.array_equal(before, least):
            break
    order = np.argsort(least, kind="stable")
    sets = np.split(each[order], np.flatnonzero(np.diff(least[order])) + 1)
    # What is mirrored nowhere has a second set of its images, which says the same.
    kept: list[np.ndarray] = []
    seen: set[int] = set()
    for members in sets:
        if len(members) > 1 and ~members[0] not in seen:
            kept.append(members)
            seen |= set(members.tolist())
    return kept


def _place(signed: np.ndarray, size: int) -> np.ndarray:
    """Give where a signed number stands: the elements first, then their images."""
    return np.where(signed > 0, signed - 1, size - signed - 1)


def _targets(
    block: Block, numbers: Mapping[str, np.ndarray], permutation: np.ndarray
) -> np.ndarray:
    """Give, for each element, that which comes in its place: from 1, negative for an image."""
    counted = {name: array + 1 for name, array in numbers.items()}
    return _joined({**counted, **block.linear().permute(counted, permutation)}.values())


def _joined(arrays: Iterable[np.ndarray]) -> np.ndarray:
    return np.concatenate([array.ravel() for array in arrays])
