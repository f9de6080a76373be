"""Components that trade places as something is mirrored, and signs that turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from aliquot.symmetry.block import Block
from aliquot.symmetry.finding.mirrors import LONGEST, exchanges_with_mirrors, reflections
from aliquot.symmetry.finding.move_sets import MoveSets
from aliquot.symmetry.finding.places import Move, Mover, pairs_of_variables
from aliquot.symmetry.role import Role, part

# Of so many moves each set is tried where none could be grown.
MOST_LEFT = 6
# More mirrors than this are not combined with one another.
MOST_MIRRORS = 80


def blocks_with_mirrors(
    move_sets: MoveSets,
    movers: Mapping[int, Sequence[Mover]],
    known: Sequence[Block],
) -> list[Block]:
    """Find what `search` cannot see, because something is mirrored; what is known is left out.

    Of two components each: such that trade places, and signs that turn together.
    """
    middles = move_sets.middles
    if not middles:
        return []
    slots = move_sets.probe.slots
    taken = move_sets.touched_by([(role,) for block in known for role in block.roles])
    free = move_sets.that_may_hold(reflections(middles))
    both = [
        move
        for move in exchanges_with_mirrors(slots, middles)
        if not move_sets.touched(move) & taken and move_sets.may_hold(move)
    ]
    if not free and not both:
        return []
    swaps = [
        move
        for move in [*_along(movers), *((role,) for role in pairs_of_variables(slots))]
        if not move_sets.touched(move) & taken and move_sets.may_hold(move)
    ]

    whole = sorted(free, key=lambda move: -len(move_sets.touched(move)))
    # Of a variable as a whole first: what holds in each group by itself is taken apart later.
    found = _grown(move_sets, [*swaps, *both], [*swaps, *both, *whole])
    # The other way round where nothing trades places: each sign by itself.
    fine = [move for move in free if len(free) <= MOST_MIRRORS]
    signs = _generating(move_sets, _grown(move_sets, fine, fine))
    return [
        Block(tuple(_merged([role for move in one for role in move], middles)))
        for one in [*found, *signs]
    ]


def _grown(move_sets: MoveSets, seeds: Sequence[Move], others: Sequence[Move]) -> list[list[Move]]:
    """Grow a set from each seed that is in none yet."""
    found = move_sets.all_grown(seeds, others)
    # Interactions vanish by accident in a product of three: then any few may go together.
    left = [move for move in seeds if not any(move in one for one in found)]
    for size in range(2, len(left) + 1) if len(left) <= MOST_LEFT else ():
        for chosen in combinations(left, size):
            count = sum(len(move_sets.touched(move)) for move in chosen)
            apart = count == len(move_sets.touched_by(chosen))
            new = not any(set(one) <= set(chosen) for one in found)
            if apart and new and move_sets.search.holds(chosen):
                found.append(list(chosen))
    return found


def _generating(move_sets: MoveSets, sets: Sequence[Sequence[Move]]) -> list[Sequence[Move]]:
    """Leave out sets that others, made one after the other, amount to; the largest first."""
    kept: list[Sequence[Move]] = []
    basis: list[frozenset[int]] = []
    for one in sorted(sets, key=lambda s: len(move_sets.touched_by(s))):
        rest = move_sets.touched_by(one)
        for known in basis:
            if max(known) in rest:
                rest ^= known
        if rest:
            basis = sorted([*basis, rest], key=max, reverse=True)
            kept.append(one)
    return kept


def _merged(roles: Sequence[Role], middles: Mapping[str, np.ndarray]) -> list[Role]:
    """Say of mirrored elements in as few words as can be: the whole variable, its slices."""
    result = [role for role in roles if not role.stays]
    own: dict[tuple[str, float], list[Role]] = {}
    for role in roles:
        if role.stays and role.mirror is not None:
            own.setdefault((role.variables[0], role.mirror), []).append(role)
    for (name, mirror), parts in own.items():
        shape = middles[name].shape
        left = np.zeros(shape, bool)
        for role in parts:
            left[part(role.within, len(shape))] = True
        slices = [((a, k),) for a, size in enumerate(shape) for k in range(size)]
        for place in [(), *slices, *(tuple(enumerate(i)) for i in np.ndindex(shape))]:
            at = part(place, len(shape))
            if left[at].size and left[at].all():
                result.append(Role((name,), within=place, mirror=mirror))
                left[at] = False
    return result


def _along(movers: Mapping[int, Sequence[Mover]]) -> list[Move]:
    """List exchanges along axes, and those along several axes of one variable at once."""
    result: list[Move] = []
    for length, axes in movers.items():
        if length > LONGEST:
            continue
        for pair in combinations(range(length), 2):
            result += [(mover.swap(*pair),) for mover in axes]
            for name in dict.fromkeys(mover.variable for mover in axes):
                own = [mover for mover in axes if mover.variable == name]
                for count in range(2, len(own) + 1):
                    result += [
                        tuple(mover.swap(*pair) for mover in some)
                        for some in combinations(own, count)
                    ]
    return result
