"""Which elements of which variables trade places with one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from aliquot.symmetry import Block

Shapes = Mapping[str, tuple[int, ...]]


def numbered(shapes: Shapes) -> dict[str, np.ndarray]:
    """Give every element of every variable a number of its own, counted through."""
    numbers, first = {}, 0
    for name, shape in shapes.items():
        size = int(np.prod(shape, dtype=int))
        numbers[name] = first + np.arange(size).reshape(shape)
        first += size
    return numbers


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
    shifted = block.permute(numbers, np.roll(np.arange(block.components), 1))
    return {name: (shifted[name] != numbers[name]).ravel() for name in numbers}


def partners(block: Block, shapes: Shapes, one: int, other: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the elements that trade places as two components do, each pair once.

    Returns
    -------
    tuple of numpy.ndarray of int, shape (pairs,)
        Numbers as `numbered` gives them for the block's variables, and those of their partners.
    """
    numbers = numbered({name: shapes[name] for name in block.variables})
    target = _targets(block, numbers, _exchange(block.components, one, other))
    first = np.flatnonzero(np.arange(len(target)) < target)
    return first, target[first]


def orbits(blocks: Sequence[Block], shapes: Shapes) -> list[np.ndarray]:
    """Find the sets of elements that components carry into one another, as they trade places.

    The values in a set, sorted, depend on no label: however variables move, along one axis, along
    two (a transition matrix: its diagonal is one set, what is off it another), across variables
    that were written apart, or with several blocks at once.

    Parameters
    ----------
    blocks
        Blocks of components, each of which `fits`.
    shapes
        Of the variables that the blocks move, by name.

    Returns
    -------
    list of numpy.ndarray of int
        The sets of two and more elements, which are numbered as by `numbered`.
    """
    numbers = numbered(shapes)
    targets = [
        _targets(block, numbers, _exchange(block.components, 0, k))
        for block in blocks
        for k in range(1, block.components)
    ]
    # Exchanges with the first component generate all permutations. Each element takes the least
    # number that it can reach.
    least = np.arange(sum(array.size for array in numbers.values()))
    while True:
        before = least
        for target in targets:
            least = np.minimum(least, least[target])
        if np.array_equal(before, least):
            break
    order = np.argsort(least, kind="stable")
    sets = np.split(order, np.flatnonzero(np.diff(least[order])) + 1)
    return [members for members in sets if len(members) > 1]


def _exchange(components: int, one: int, other: int) -> np.ndarray:
    permutation = np.arange(components)
    permutation[[one, other]] = permutation[[other, one]]
    return permutation


def _targets(
    block: Block, numbers: Mapping[str, np.ndarray], permutation: np.ndarray
) -> np.ndarray:
    """Give, for each element, the number of the one that comes in its place."""
    moved = {**numbers, **block.permute(numbers, permutation)}
    return _joined(moved.values())


def _joined(arrays: Iterable[np.ndarray]) -> np.ndarray:
    return np.concatenate([array.ravel() for array in arrays])
