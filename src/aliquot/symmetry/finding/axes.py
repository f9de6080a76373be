"""Components that stand along axes: all whose lengths agree are looked at together."""

from __future__ import annotations

from collections.abc import Sequence

from aliquot.density.layout import Slot
from aliquot.symmetry.block import Block
from aliquot.symmetry.finding.orbits import Orbits
from aliquot.symmetry.finding.places import Mover
from aliquot.symmetry.finding.search import Search
from aliquot.symmetry.role import Role

# More exchanges than this are not tried one by one to see whether groups are independent.
MOST_GROUPS = 400


def blocks_along_axes(search: Search, movers: Sequence[Mover]) -> list[Block]:
    """Find the components along axes of one length.

    Two at a time: exchanges of two generate all permutations, so that K - 1 of them are enough
    where all K components are alike.
    """
    length = movers[0].length
    found: dict[tuple[Mover, ...], Orbits[int]] = {}
    compared = [0]
    for k in range(1, length):
        joined: set[Mover] = set()
        for other in compared:
            for key in _sets(search, movers, list(found), other, k, joined):
                found.setdefault(key, Orbits()).join(other, k)
                joined |= set(key)
        if len(joined) < len(movers):
            compared.append(k)
    return [
        Block(tuple(Role((m.variable,), m.axis, orbit, m.within) for m in key))
        for key, orbits in found.items()
        for orbit in orbits.all()
    ]


def _sets(
    search: Search,
    movers: Sequence[Mover],
    known: Sequence[tuple[Mover, ...]],
    i: int,
    j: int,
    joined: set[Mover],
) -> list[tuple[Mover, ...]]:
    """Give the sets of axes along which two components can trade places."""
    result = []
    left = [mover for mover in movers if mover not in joined]
    for key in known:
        if all(m in left for m in key) and search.holds([m.swap(i, j) for m in key]):
            result.append(key)
            left = [m for m in left if m not in key]
    swaps = {mover.swap(i, j): mover for mover in left}
    for good in search.symmetric(list(swaps)):
        result.append(tuple(mover for swap, mover in swaps.items() if swap in good))
    return result


def split_by_group(block: Block, search: Search, slots: Sequence[Slot]) -> list[Block]:
    """Find out whether components can trade places in each group by itself.

    Means by group and component, each group a mixture of its own, have as many such blocks as
    groups.
    """
    shapes = {slot.variable.name: slot.variable.shape for slot in slots}
    if any(role.axis is None or role.within for role in block.roles):
        return [block]
    moving = {(role.variables[0], role.axis) for role in block.roles}
    others = [
        {
            length: axis
            for axis, length in reversed(list(enumerate(shapes[role.variables[0]])))
            if (role.variables[0], axis) not in moving and length > 1
        }
        for role in block.roles
    ]
    common = set.intersection(*(set(axes) for axes in others)) if others else set()
    for groups in sorted(common):
        if groups * block.components > MOST_GROUPS:
            continue
        split = [
            Block(
                tuple(
                    Role(role.variables, role.axis, role.positions, ((axes[groups], group),))
                    for role, axes in zip(block.roles, others, strict=True)
                )
            )
            for group in range(groups)
        ]
        if all(_trade_places(part, search) for part in split):
            return split
    return [block]


def _trade_places(block: Block, search: Search) -> bool:
    return all(search.holds(exchange(block, 0, k)) for k in range(1, block.components))


def exchange(block: Block, i: int, j: int) -> list[Role]:
    """Give the exchange of two components of a block, role by role."""
    return [
        Role(
            role.variables if role.axis is not None else (role.variables[i], role.variables[j]),
            role.axis,
            (role.positions[i], role.positions[j]) if role.axis is not None else (),
            role.within,
        )
        for role in block.roles
    ]
