"""Whether components can trade places in each group by itself, or in some groups together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from aliquot.symmetry.block import Block
from aliquot.symmetry.finding.axes import exchange
from aliquot.symmetry.finding.move_sets import MoveSets
from aliquot.symmetry.finding.search import Search

# More exchanges than this are not tried one by one to see whether groups are independent.
MOST_GROUPS = 400
# Pairs of groups that are looked at to find those that go together.
MOST_PAIRS = 2_000


def split_by_group(block: Block, search: Search, move_sets: Callable[[], MoveSets]) -> list[Block]:
    """Find the sets of groups in which components can trade places by themselves.

    Means by group and component, each group a mixture of its own, have as many such blocks as
    groups. Groups that something links go together, whatever the others do.
    """
    if any(role.axis is None and not role.stays for role in block.roles):
        return [block]
    moving = {(role.variables[0], role.axis) for role in block.roles}
    others = [
        {
            length: axis
            for axis, length in reversed(list(enumerate(search.probe.shape(role.variables[0]))))
            if (role.variables[0], axis) not in moving
            and axis not in dict(role.within)
            and length > 1
        }
        for role in block.roles
    ]
    common = set.intersection(*(set(axes) for axes in others)) if others else set()
    for groups in sorted(common):
        if groups * block.components > MOST_GROUPS:
            continue
        parts = [
            Block(
                tuple(
                    replace(role, within=tuple(sorted((*role.within, (axes[groups], group)))))
                    for role, axes in zip(block.roles, others, strict=True)
                )
            )
            for group in range(groups)
        ]
        sets = _independent(parts, search, move_sets)
        if len(sets) > 1:
            return [
                smaller
                for one in sets
                for smaller in (
                    split_by_group(one[0], search, move_sets) if len(one) == 1 else [_joined(one)]
                )
            ]
    return [block]


def _independent(
    parts: Sequence[Block], search: Search, move_sets: Callable[[], MoveSets]
) -> list[list[Block]]:
    """Sort parts, all of which together can trade places, into the smallest sets that can, too."""
    independent = [part for part in parts if _trade_places(part, search)]
    rest = [part for part in parts if part not in independent]
    sets = [[part] for part in independent]
    if not rest:
        return sets
    classes = move_sets().classes([exchange(part, 0, 1) for part in rest], MOST_PAIRS)
    if classes is None or len(classes) == 1:
        return [*sets, rest]
    left: list[Block] = []
    for own in classes:
        members = [rest[i] for i in own]
        if _trade_places(_joined(members), search):
            sets.append(members)
        else:
            left += members
    # Without those that can by themselves, what is left can.
    return [*sets, left] if left else sets


def _joined(parts: Sequence[Block]) -> Block:
    return Block(tuple(role for part in parts for role in part.roles))


def _trade_places(block: Block, search: Search) -> bool:
    return all(search.holds(exchange(block, 0, k)) for k in range(1, block.components))
