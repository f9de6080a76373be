"""Components that stand along axes: all whose lengths agree are looked at together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from math import prod

import numpy as np

from aliquot.symmetry.block import Block
from aliquot.symmetry.finding.orbits import joined_pairs
from aliquot.symmetry.finding.places import Move, Mover
from aliquot.symmetry.finding.search import Search
from aliquot.symmetry.role import Role

Axes = tuple[Mover, ...]

# Ways in which the axes of square variables can move together, before each is taken by itself.
MOST_WAYS = 32
# Sets of more axes than this are not taken apart.
MOST_APART = 10
# After so many questions about pairs of axes from which no set came, no more components are tried.
MOST_IN_VAIN = 1000


def blocks_along_axes(search: Search, movers: Sequence[Mover]) -> list[Block]:
    """Find the components along axes of one length.

    Two at a time: exchanges of two generate all permutations, so that K - 1 of them are enough
    where all K components are alike.
    """
    length = movers[0].length
    found: dict[Axes, list[tuple[int, int]]] = {}
    compared = [0]
    # Without a second axis of one variable, pairs that are alike nowhere need not be looked at.
    apart = len({mover.variable for mover in movers}) == len(movers)
    maybe = search.may_be_alike(movers) if apart else np.ones((length, length), bool)
    in_vain = 0
    for k in range(1, length):
        if in_vain > MOST_IN_VAIN:
            search.give_up(mover.variable for mover in movers)
            break
        joined: set[Mover] = set()
        for other in compared:
            if not maybe[other, k]:
                continue
            before = search.asked
            sets = _sets(search, movers, list(found), other, k, joined)
            in_vain += 0 if sets else search.asked - before
            for key in sets:
                found.setdefault(key, []).append((other, k))
                joined |= set(key)
        if len(joined) < len(movers):
            compared.append(k)
    return [
        Block(tuple(Role((m.variable,), m.axis, orbit) for m in key))
        for key, pairs in found.items()
        for orbit in joined_pairs(pairs)
    ]


def _sets(
    search: Search,
    movers: Sequence[Mover],
    known: Sequence[Axes],
    i: int,
    j: int,
    joined: set[Mover],
) -> list[Axes]:
    """Give the sets of axes along which two components can trade places."""
    result = []
    left = [mover for mover in movers if mover not in joined]
    for key in known:
        if all(m in left for m in key) and search.holds([(m.swap(i, j),) for m in key]):
            result.append(key)
            left = [m for m in left if m not in key]
    for together in _fused(left):
        parts = [part for part in together if all(mover in left for mover in part)]
        swaps = [(part, tuple(mover.swap(i, j) for mover in part)) for part in parts]
        for good in search.symmetric([move for _, move in swaps]):
            key = tuple(mover for part, move in swaps if move in good for mover in part)
            result += _smallest(search, key, i, j)
            left = [m for m in left if m not in key]
    return result


def _smallest(search: Search, key: Axes, i: int, j: int) -> list[Axes]:
    """Take apart a set of axes of which some can be exchanged without the others.

    Axes of one variable that are moved as one may belong to different components: means by the
    states of two chains have those of the one along their rows, of the other along their columns.
    """
    if len({mover.variable for mover in key}) == len(key) or len(key) > MOST_APART:
        return [key]
    for size in range(1, len(key) // 2 + 1):
        for part in combinations(key, size):
            if search.holds([(mover.swap(i, j),) for mover in part]):
                rest = tuple(mover for mover in key if mover not in part)
                return [part, *_smallest(search, rest, i, j)]
    return [key]


def _fused(movers: Sequence[Mover]) -> list[list[Axes]]:
    """List the ways in which axes of one variable can move as one: all together, then fewer."""
    by_variable: dict[str, list[Mover]] = {}
    for mover in movers:
        by_variable.setdefault(mover.variable, []).append(mover)
    ways = [_ways(own) for own in by_variable.values()]
    if prod(len(way) for way in ways) > MOST_WAYS:
        ways = [way[-1:] for way in ways]
    return [[part for way in chosen for part in way] for chosen in product(*ways)]


def _ways(own: Sequence[Mover]) -> list[list[Axes]]:
    result: list[list[Axes]] = []
    for size in range(len(own), 1, -1):
        for chosen in combinations(own, size):
            result.append([chosen, *((mover,) for mover in own if mover not in chosen)])
    return [*result, [(mover,) for mover in own]]


def exchange(block: Block, i: int, j: int) -> list[Move]:
    """Give the exchange of two components of a block, role by role."""
    return [(role.only((i, j)),) for role in block.roles]
