"""Components that were written as variables of their own: ``mu_1`` and ``mu_2``."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from aliquot.density.layout import Slot
from aliquot.symmetry.block import Block
from aliquot.symmetry.finding.orbits import Orbits
from aliquot.symmetry.finding.places import Mover, overlap, pairs_of_variables
from aliquot.symmetry.finding.search import Search
from aliquot.symmetry.role import Role

# Axes of more components than this are not matched with variables written apart.
LONGEST_BESIDE = 12


def blocks_of_variables(
    search: Search, slots: Sequence[Slot], movers: Mapping[int, Sequence[Mover]]
) -> list[Block]:
    """Find components that are whole variables, with the axes and variables that follow them."""
    seeds = [swap for swap in pairs_of_variables(slots) if search.alike(swap)]
    if not seeds:
        return []
    beside = [
        mover.swap(i, j)
        for length, along in movers.items()
        if length <= LONGEST_BESIDE
        for mover in along
        for i in range(length)
        for j in range(i + 1, length)
    ]
    kinds: dict[object, list[Role]] = {}
    for swap in [*seeds, *(swap for swap in beside if search.alike(swap))]:
        kinds.setdefault(_kind(swap, slots), []).append(swap)
    sets: list[list[Role]] = []
    for seed in seeds:
        if any(seed in known for known in sets):
            continue
        closed = _closure(search, seed, list(kinds.values()))
        if closed is not None and search.holds(closed):
            sets.append(closed)
    return _assembled(sets)


def _kind(swap: Role, slots: Sequence[Slot]) -> object:
    """Say which exchanges exclude each other: those along one axis, or of one family."""
    if swap.axis is not None:
        return swap.variables, swap.axis
    slot = next(slot for slot in slots if slot.variable.name == swap.variables[0])
    return type(slot.variable.distribution), slot.variable.shape


def _closure(search: Search, seed: Role, kinds: Sequence[Sequence[Role]]) -> list[Role] | None:
    """Collect the exchanges that have to be made with a first one; ``None`` if some cannot.

    Which weight belongs to which variable is not known beforehand. The right exchange of weights
    is the one that undoes what the exchanges so far have changed, where all else is equal.
    """
    found, left = [seed], list(kinds)
    growing = True
    while growing:
        growing = False
        for kind in left:
            options = [o for o in kind if not any(overlap(o, f) or o == f for f in found)]
            linked = [o for o in options if any(search.interact(f, o) for f in found)]
            if not linked:
                continue
            fitting = next((o for o in linked if search.undone([*found, o])), None)
            if fitting is None:
                # What belongs to it may be of the same family: the kind stays in play.
                if seed in kind:
                    continue
                return None
            found.append(fitting)
            growing = True
            if seed not in kind:
                left = [other for other in left if other is not kind]
            break
    order = [swap for kind in kinds for swap in kind]
    return sorted(found, key=order.index)


def _assembled(sets: Sequence[Sequence[Role]]) -> list[Block]:
    """Put exchanges of two components together to blocks of all that can trade places."""
    orbits: Orbits[str] = Orbits()
    by_pair = {frozenset(found[0].variables): found for found in sets}
    for found in sets:
        orbits.join(*found[0].variables)
    blocks = []
    for names in orbits.all():
        first, *others = names
        pairs = [by_pair.get(frozenset((first, other))) for other in others]
        if all(pair is not None for pair in pairs):
            roles = [_merged([pair[i] for pair in pairs if pair]) for i in _columns(pairs)]
            if all(role is not None for role in roles):
                blocks.append(Block(tuple(role for role in roles if role is not None)))
    return blocks


def _columns(pairs: Sequence[Sequence[Role] | None]) -> range:
    """Count the roles that all exchanges have."""
    lengths = {len(pair) for pair in pairs if pair is not None}
    return range(lengths.pop()) if len(lengths) == 1 else range(0)


def _merged(swaps: Sequence[Role]) -> Role | None:
    """Make one role of the exchanges of the first component with each of the others."""
    if len(swaps) == 1:
        return swaps[0]
    if len({(s.axis, s.within) for s in swaps}) > 1:
        return None
    if swaps[0].axis is None:
        return None if (names := _chained([s.variables for s in swaps])) is None else Role(names)
    positions = _chained([s.positions for s in swaps])
    if positions is None:
        return None
    return Role(swaps[0].variables, swaps[0].axis, positions, swaps[0].within)


def _chained[Place: Hashable](pairs: Sequence[tuple[Place, ...]]) -> tuple[Place, ...] | None:
    """Give what all pairs share, then what each has besides."""
    shared = set(pairs[0]).intersection(*pairs[1:])
    if len(shared) != 1:
        return None
    return (*shared, *(place for pair in pairs for place in pair if place not in shared))
