"""Components whose places do not correspond by number: variables written apart, other lengths.

In ``mu_1``, ``mu_2`` and ``w`` the first mean goes with the first weight, in three weights and two
means one weight stays. Which place belongs to which has to be found out.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations

from aliquot.symmetry.block import Block
from aliquot.symmetry.finding.orbits import joined_pairs
from aliquot.symmetry.finding.places import Move, Mover, overlap, pairs_of_variables
from aliquot.symmetry.finding.search import Search
from aliquot.symmetry.role import Role

# Axes of more components than this are not looked at here.
LONGEST_BESIDE = 12
# More exchanges along axes than this are not tried with one another. Columns of many levels that
# are seen equally often have as many: any two levels may trade places.
MOST_ALONG = 80


def unaligned_blocks(search: Search, movers: Mapping[int, Sequence[Mover]]) -> list[Block]:
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
    whole, along = ([swap for swap in of if search.alike(swap)] for of in (whole, along))
    if len(along) > MOST_ALONG:
        search.give_up(name for (role,) in along for name in role.variables)
        along = []
    kinds: dict[Hashable, list[Move]] = {}
    for swap in [*whole, *along]:
        kinds.setdefault(_kind(swap, search), []).append(swap)
    sets: list[list[Move]] = []
    for seed in [swap for kind in kinds.values() for swap in kind]:
        if not any(seed in known for known in sets):
            closed = _closure(search, seed, list(kinds.values()))
            if search.holds(closed):
                sets.append(closed)
    return _assembled(sets)


def _kind(swap: Move, search: Search) -> Hashable:
    """Say which exchanges stand for one another: those along one axis, or of one family."""
    role = swap[0]
    if role.axis is not None:
        return role.variables, role.axis
    variable = search.probe.by_name[role.variables[0]].variable
    return type(variable.distribution), variable.shape


def _closure(search: Search, seed: Move, kinds: Sequence[Sequence[Move]]) -> list[Move]:
    """Collect the exchanges that have to be made with a first one.

    The right exchange of weights for one of means is that which undoes what the exchanges so far
    have changed, at a point where all else is equal. Of each kind one is taken, but of the first
    one's own (means and slopes may be one kind) as many as interact. `MoveSets` takes a move that
    changes nothing by itself, too: where components are permuted, most of those are dead ends.
    """
    found, left = [seed], list(kinds)
    growing = True
    while growing:
        growing = False
        for kind in left:
            options = [o for o in kind if not any(overlap(o, f) or o == f for f in found)]
            linked = [o for o in options if any(search.interact(f, o) for f in found)]
            fitting = next((o for o in linked if search.undone([*found, o])), None)
            if fitting is not None:
                found.append(fitting)
                left = [other for other in left if other is not kind or seed in kind]
                growing = True
                break
    order = [swap for kind in kinds for swap in kind]
    return sorted(found, key=order.index)


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
