"""Components whose places do not correspond by number: variables written apart, other lengths.

In ``mu_1``, ``mu_2`` and ``w`` the first mean goes with the first weight, in three weights and two
means one weight stays. Which place belongs to which has to be found out.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import combinations

from aliquot.symmetry.block import Block
from aliquot.symmetry.finding.move_sets import MoveSets
from aliquot.symmetry.finding.orbits import joined_pairs
from aliquot.symmetry.finding.places import Move, Mover, pairs_of_variables
from aliquot.symmetry.finding.search import Search
from aliquot.symmetry.role import Role

# Axes of more components than this are not looked at here.
LONGEST_BESIDE = 12


def unaligned_blocks(
    search: Search,
    move_sets: Callable[[], MoveSets],
    movers: Mapping[int, Sequence[Mover]],
) -> list[Block]:
    """Find components that are whole variables, or stand at other places of other variables."""
    whole: list[Move] = [(swap,) for swap in pairs_of_variables(search.probe.slots)]
    if not whole and sum(len(axes) for axes in movers.values()) < 2:
        return []
    along: list[Move] = [
        (mover.swap(i, j),)
        for length, axes in movers.items()
        if length <= LONGEST_BESIDE
        for mover in axes
        for i, j in combinations(range(length), 2)
    ]
    alike = [swap for swap in [*whole, *along] if search.alike(swap)]
    return _assembled(move_sets().all_grown(alike, alike) if alike else [])


def _assembled(sets: Sequence[Sequence[Move]]) -> list[Block]:
    """Put exchanges of two components together to blocks of all that can trade places."""
    pairs = [_places(found[0][0]) for found in sets]
    by_pair = {frozenset(pair): found for pair, found in zip(pairs, sets, strict=True)}
    blocks = []
    for first, *others in joined_pairs(pairs):
        exchanges = [by_pair.get(frozenset((first, other))) for other in others]
        known = [moves for moves in exchanges if moves is not None]
        if len(known) < len(exchanges) or len({len(moves) for moves in known}) > 1:
            continue
        roles = [_merged([moves[i][0] for moves in known]) for i in range(len(known[0]))]
        if all(role is not None for role in roles):
            blocks.append(Block(tuple(role for role in roles if role is not None)))
    return blocks


def _places(role: Role) -> tuple[Hashable, Hashable]:
    if role.axis is None:
        return role.variables[0], role.variables[1]
    return tuple((role.variables, role.axis, at) for at in role.positions)  # type: ignore[return-value]


def _merged(swaps: Sequence[Role]) -> Role | None:
    """Make one role of the exchanges of the first component with each of the others."""
    if len(swaps) == 1:
        return swaps[0]
    if len({(s.axis, s.within) for s in swaps}) > 1:
        return None
    if swaps[0].axis is None:
        return None if (names := _chained([s.variables for s in swaps])) is None else Role(names)
    positions = _chained([s.positions for s in swaps])
    if positions is None or len({s.variables for s in swaps}) > 1:
        return None
    return Role(swaps[0].variables, swaps[0].axis, positions, swaps[0].within)


def _chained[Place: Hashable](pairs: Sequence[tuple[Place, ...]]) -> tuple[Place, ...] | None:
    """Give what all pairs share, then what each has besides."""
    shared = set(pairs[0]).intersection(*pairs[1:])
    if len(shared) != 1:
        return None
    return (*shared, *(place for pair in pairs for place in pair if place not in shared))
