"""Whether components matter at all where it was tried: else that nothing changed proves nothing.

At most points the last sticks of many weigh less than the rounding of the likelihood that they are
part of, and could be exchanged for anything. So each claim needs a point at which what it moves
makes a difference, in every term that it is part of, far above rounding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from aliquot.symmetry.block import Block
from aliquot.symmetry.finding.axes import exchange
from aliquot.symmetry.finding.coupling import with_values_of
from aliquot.symmetry.finding.orbits import classes
from aliquot.symmetry.finding.probe import Point
from aliquot.symmetry.finding.search import Search, exchanged
from aliquot.symmetry.role import Role
from aliquot.symmetry.symmetries import Unseen

# An effect has to be so many times what counts as rounding.
FAR_ABOVE = 1e4
# What is mirrored goes such a part of the way.
PART = 0.1
# Points at random that are looked at first.
POINTS = 4
# How far other components, or whole variables, are moved to give a component weight.
LEVELS = (3.0, 12.0, 50.0, 200.0)


def seen_to_matter(
    blocks: Sequence[Block], search: Search
) -> tuple[list[tuple[Block, list[Point]]], list[Unseen]]:
    """Look for points at which all that a block moves makes a difference, and verify it there.

    Give the blocks that hold, with the points beyond those at random that show it, and those that
    may hold, but whose components made no difference above rounding.
    """
    seen: list[tuple[Block, list[Point]]] = []
    unseen: list[Unseen] = []
    if not blocks:
        return seen, unseen
    points = list(search.probe.points(POINTS))
    waiting = list(blocks)
    while waiting:
        block = waiting.pop(0)
        left = _unseen(block, points, search)
        found: list[Point] = []
        for point in _with_weight(block, search) if left else ():
            before = search.probe.terms(point)
            if not np.all(np.isfinite(before)):
                continue
            newly = {
                number: wanted & _moved(block.roles[number], point, before, search)
                for number, wanted in left.items()
            }
            if not any(newly.values()):
                continue
            alike = _alike_there(block, point, before, search)
            if len(alike) > 1:
                waiting += [
                    Block(tuple(role.only(own) for role in block.roles))
                    for own in alike
                    if len(own) > 1
                ]
                break
            found.append(point)
            left = {n: rest for n, wanted in left.items() if (rest := wanted - newly[n])}
            if not left:
                break
        else:
            if left:
                names = [search.probe.names[i] for wanted in left.values() for i in sorted(wanted)]
                unseen.append(Unseen(block, tuple(dict.fromkeys(names))))
                continue
        if not left:
            seen.append((block, found))
    return seen, unseen


def _unseen(block: Block, points: Sequence[Any], search: Search) -> dict[int, set[int]]:
    """Give the terms in which nothing was seen of a role, by the number of the role."""
    left: dict[int, set[int]] = {}
    for number, role in enumerate(block.roles):
        # Their own priors may be flat, and say nothing of components that do not move alike.
        names = search.probe.terms_with(role.variables) - set(role.variables)
        wanted = {i for i, name in enumerate(search.probe.names) if name in names}
        for point, before in points:
            wanted -= _moved(role, point, before, search)
            if not wanted:
                break
        if wanted and points:
            wanted = _really(role, wanted, points[0][0], search)
        if wanted and points:
            left[number] = wanted
    return left


def _alike_there(block: Block, point: Point, before: np.ndarray, search: Search) -> list[list[int]]:
    """Sort the components into those that can trade places at one point."""

    def alike(one: int, other: int) -> bool:
        moves = exchange(block, one, other)
        after = search.probe.terms(exchanged(point, moves))
        return not search.differences(before, after, moves)

    return classes(block.components, alike) or []


def _moved(role: Role, point: Point, before: np.ndarray, search: Search) -> set[int]:
    """Give the terms that change far above rounding where components move only half the way.

    All but the last get the values that they have once all have moved on by one, and what is
    mirrored where it is goes a part of the way: so they stay where the exchange takes place, and
    what has weight elsewhere alone is not seen. Where that is no point (of probabilities some
    only), they trade places without all else that does.
    """
    result: set[int] = set()
    probe = search.probe
    for moved in (_half_way(role, point), exchanged(point, exchange(Block((role,)), 0, 1))):
        after = probe.terms(moved)
        with np.errstate(invalid="ignore"):
            gap = np.abs(after - before)
        far = np.isfinite(gap) & (gap > FAR_ABOVE * probe.tolerance(before, after))
        result |= set(np.flatnonzero(far).tolist())
        if np.all(np.isfinite(after)):
            break
    return result


def _half_way(role: Role, point: Point) -> Point:
    further = point | role.permute(point, np.roll(np.arange(role.components), -1))
    if role.stays:
        return {name: values + PART * (further[name] - values) for name, values in point.items()}
    return with_values_of(further, point, [role], range(role.components - 1))


def _really(role: Role, wanted: set[int], point: Point, search: Search) -> set[int]:
    """Leave out terms that do not use those elements of the variables that move.

    What is computed from something that is no number is none.
    """
    nothing = {name: np.full(point[name].shape, np.nan) for name in role.variables}
    every = range(1 if role.stays else role.components)
    before = search.probe.terms(point, anywhere=True)
    after = search.probe.terms(with_values_of(nothing, point, [role], list(every)), anywhere=True)
    return {i for i in wanted if before[i] != after[i]}


def _with_weight(block: Block, search: Search) -> Iterator[Point]:
    """Yield points at which some components may have a weight that they have at few others.

    All of a variable is moved up and down, and all components but two.
    """
    probe = search.probe
    rng = np.random.default_rng(41)
    base = {
        name: values + 0.3 * probe.scales[name] * rng.standard_normal(values.shape)
        for name, values in probe.base.items()
    }
    for level in LEVELS:
        for role in block.roles:
            name, axis = role.variables[0], role.axis
            values = base[name]
            if axis is None or axis >= values.ndim - probe.event(name):
                continue
            others = np.ones(values.shape[axis], bool)
            others[list(role.positions[:2])] = False
            for sign in (-1.0, 1.0):
                shift = np.where(others, sign * level * probe.scales[name], 0.0)
                shape = [1] * values.ndim
                shape[axis] = -1
                yield probe.point(base | {name: values + shift.reshape(shape)})
        for name, values in base.items():
            for sign in (-1.0, 1.0):
                yield probe.point(base | {name: values + sign * level * probe.scales[name]})
