"""All of a model's symmetries: what holds, and what an ordering or a prior stands in the way of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from aliquot.density import Density
from aliquot.distributions.mixture import Mixture
from aliquot.distributions.normal_mixture import NormalMixture
from aliquot.symmetry.block import Block
from aliquot.symmetry.finding.axes import blocks_along_axes, exchange
from aliquot.symmetry.finding.coupling import is_coupled
from aliquot.symmetry.finding.derived import changed_deterministics
from aliquot.symmetry.finding.effects import seen_to_matter
from aliquot.symmetry.finding.groups import split_by_group
from aliquot.symmetry.finding.mirrored import blocks_with_mirrors
from aliquot.symmetry.finding.mirrors import centers, may_be_mirrored
from aliquot.symmetry.finding.move_sets import MoveSets
from aliquot.symmetry.finding.places import (
    Mover,
    movers_by_length,
    ordering_axis,
    pairs_of_variables,
)
from aliquot.symmetry.finding.probe import Probe
from aliquot.symmetry.finding.rotations import rotated
from aliquot.symmetry.finding.search import Search
from aliquot.symmetry.finding.states import with_states
from aliquot.symmetry.finding.unaligned import unaligned_blocks
from aliquot.symmetry.symmetries import Broken, Symmetries

# Points at which the blocks that are found are verified, and components of one that are.
VERIFIED = 40
MOST_VERIFIED = 12


def find_symmetries(model: Any, *, explain: bool = True) -> Symmetries:
    """Find which components of a model can trade places without changing its log density.

    Candidates are proposed by how the density responds when single components are moved at a
    point where all are equal, and verified at points at random, each term by itself, see
    `search`. Exchanges of two components generate all permutations: none of the K! is listed.

    Without `explain` only what changes how a sample is to be read: neither the discrete variables
    that move along nor what keeps components from trading places.
    """
    density: Density = model.density()
    movers, long = movers_by_length(density.slots)
    mirrors = any(may_be_mirrored(slot) for slot in density.slots)
    if not movers and not mirrors and not pairs_of_variables(density.slots):
        return Symmetries(unexamined=tuple(long))
    orderings = {
        slot.variable.name: axis
        for slot in density.slots
        if (axis := ordering_axis(slot)) is not None
    }
    if not explain and not mirrors and _surely_none(density, movers, orderings):
        return Symmetries(unexamined=tuple(long))
    probe = Probe(density)
    search = Search(probe)
    found = _blocks(search, movers)
    unexamined = tuple(dict.fromkeys([*long, *search.unexamined]))
    broken = []
    unbroken = []
    for block in found:
        ordered = _ordered(block, orderings)
        changed = changed_far_and_wide(block, search)
        if changed:
            broken += [] if block.signs else [Broken(block, "terms", changed)]
        elif ordered:
            broken.append(Broken(block, "ordering", ordered))
        else:
            unbroken.append(block)
    seen, unseen = seen_to_matter(unbroken, search)
    holding = [replace(b, coupled=is_coupled(b, search, points)) for b, points in seen]
    # A sign that does not matter, or makes no mirror modes, is nothing to speak of.
    holding = [block for block in holding if block.coupled or not block.signs]
    if explain:
        holding = with_states(holding, search)
        broken += _told_apart(probe, movers, [*holding, *found])
    affected = changed_deterministics(holding, search)
    return Symmetries(
        tuple(holding),
        tuple(broken),
        unexamined,
        affected,
        tuple(one for one in unseen if not one.block.signs),
        rotated(holding, search),
    )


def _surely_none(
    density: Density, movers: dict[int, list[Mover]], orderings: dict[str, int]
) -> bool:
    """Say whether everything that could move is kept in order."""
    free = [m for along in movers.values() for m in along if orderings.get(m.variable) != m.axis]
    return not free and not pairs_of_variables(density.slots)


def changed_far_and_wide(block: Block, search: Search) -> tuple[str, ...]:
    """Name the terms that an exchange changes at more points than each candidate was tried at.

    Once for each block that was found, so it is cheap.
    """
    for k in range(1, min(block.components, MOST_VERIFIED)):
        names = search.changed(exchange(block, 0, k), VERIFIED)
        if names:
            return tuple(names)
    return ()


def _blocks(search: Search, movers: dict[int, list[Mover]]) -> list[Block]:
    """Find all blocks: along axes that correspond by number first, then what is left."""

    @cache
    def move_sets() -> MoveSets:
        return MoveSets(search, centers(search.probe))

    found = []
    for along in movers.values():
        for block in blocks_along_axes(search, along):
            found += split_by_group(block, search, move_sets)
    found = _with_those_apart(found, search, movers)
    for block in blocks_with_mirrors(move_sets(), movers, found):
        found += split_by_group(block, search, move_sets)
    return found


def _with_those_apart(
    found: list[Block], search: Search, movers: dict[int, list[Mover]]
) -> list[Block]:
    """Add the components that do not correspond by number, where some places are left."""
    whole = {
        (name, role.axis)
        for block in found
        for role in block.roles
        for name in role.variables
        if role.within
        or (role.axis is not None and role.components == search.probe.shape(name)[role.axis])
    }
    left = {
        length: free
        for length, along in movers.items()
        if (free := [m for m in along if (m.variable, m.axis) not in whole])
    }
    more = unaligned_blocks(search, left)
    # Of components that correspond otherwise some may do so by number: the middle one of three that
    # run in opposite order, or its neighbours.
    places = [(block, _places(block)) for block in more]
    more = [b for b, p in places if not any(p <= _places(other) for other in found)]
    return [b for b in found if not any(_places(b) < _places(other) for other in more)] + more


def _places(block: Block) -> frozenset[object]:
    """Give every place at which a block's components stand."""
    return frozenset(
        (name, role.axis, role.within, at)
        for role in block.roles
        for name in role.variables
        for at in role.positions or (None,)
    )


def _ordered(block: Block, orderings: dict[str, int]) -> tuple[str, ...]:
    """Name the variables of a block that are kept in order."""
    return tuple(
        dict.fromkeys(
            name
            for role in block.roles
            for name in role.variables
            if role.axis is not None and orderings.get(name) == role.axis
        )
    )


def _told_apart(
    probe: Probe, movers: dict[int, list[Mover]], known: Sequence[Block]
) -> list[Broken]:
    """List components that could trade places if they did not differ a priori, or in the data."""
    seen = {(name, role.axis) for block in known for role in block.roles for name in role.variables}
    moving = {name for block in known for name in block.variables}
    likelihood = Search(probe, ignored=list(probe.priors))
    exact = Search(probe)
    sizes = _component_counts(probe.density)
    result = []
    for length, along in movers.items():
        left = [mover for mover in along if (mover.variable, mover.axis) not in seen]
        if not left:
            continue
        blocks = [
            block for block in blocks_along_axes(likelihood, left) if is_coupled(block, likelihood)
        ]
        for block in blocks:
            names = exact.changed(exchange(block, 0, 1))
            if names:
                result.append(Broken(block, "terms", tuple(names)))
        if not blocks and length in sizes:
            # Another axis of a variable that has its components elsewhere is no riddle.
            elsewhere = [mover for mover in left if mover.variable not in moving]
            for swaps in likelihood.together([(mover.swap(0, 1),) for mover in elsewhere]):
                names = exact.changed(swaps)
                if names:
                    result.append(Broken(Block(tuple(m[0] for m in swaps)), "terms", tuple(names)))
    return result


def _component_counts(density: Density) -> set[int]:
    """List how many components the model's mixtures and discrete variables have."""
    counts = {
        variable.distribution.size
        for variable in density.observed
        if isinstance(variable.distribution, Mixture | NormalMixture)
    }
    if density.marginal is not None:
        counts |= {unknown.states for unknown in density.marginal.unknowns}
    return counts
