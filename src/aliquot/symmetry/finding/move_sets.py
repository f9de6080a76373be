"""Exchanges and mirrors that have to be made together, each set grown from one of its members.

`search` sorts the exchanges along axes into classes, at a point where components are equal. Where
mirrors take part, the point must be one that these leave where it is, too: variables that can be
mirrored stand in their centers. There the same two conclusions hold, and a third. If a set S of
moves leaves the density unchanged, and some of its members alone move a point, then these members
together do not change the density at that point. So a set is grown from a first member: by those
moves that interact with it, as long as nothing changes at the point that only they move. It is
complete once it holds at points at random.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from aliquot.symmetry.block import numbered
from aliquot.symmetry.finding.many_points import displaced_each, terms_of_each
from aliquot.symmetry.finding.mirrors import base_of
from aliquot.symmetry.finding.orbits import classes
from aliquot.symmetry.finding.places import Move
from aliquot.symmetry.finding.probe import STEP, Displacement, Point, Probe
from aliquot.symmetry.finding.search import Search, exchanged

# Sets that are looked at on the way from one member to a set that holds.
MOST_STEPS = 80
MOST_TOGETHER = 40
# More mirrors than a few are looked at together, so many at once; numbers that it may take.
FEW, AT_ONCE, MOST_NUMBERS = 24, 128, 2**22


class MoveSets:
    """Grows sets of moves that leave a density unchanged; mirrors are about the `middles`."""

    def __init__(self, search: Search, middles: Mapping[str, np.ndarray]) -> None:
        self.search = search
        self.probe: Probe = search.probe
        self.middles = middles
        self.base = base_of(self.probe, middles)
        self.numbers = numbered({name: self.probe.shape(name) for name in self.probe.by_name})
        self._touched: dict[Move, frozenset[int]] = {}
        self._moved: dict[tuple[Move, ...], tuple[Point, np.ndarray]] = {}
        self._interact: dict[tuple[Move, Move], bool] = {}

    def touched(self, move: Move) -> frozenset[int]:
        """Give the numbers of the elements that a move changes."""
        if move not in self._touched:
            found: set[int] = set()
            for role in move:
                for name in role.variables:
                    own = self.numbers[name]
                    found |= set(own[role.index(own.ndim)].ravel().tolist())
            self._touched[move] = frozenset(found)
        return self._touched[move]

    def touched_by(self, moves: Sequence[Move]) -> frozenset[int]:
        """Give the numbers of the elements that any of some moves changes."""
        return frozenset().union(*(self.touched(move) for move in moves))

    def may_hold(self, move: Move) -> bool:
        """Say whether a move by itself changes nothing where all else stays where it is."""
        return self._unchanged([move]) is not False

    def that_may_hold(self, mirrors: Sequence[Move]) -> list[Move]:
        """Leave out mirrors that by themselves change something; of many, some at a time."""
        numbers = sum(map(np.size, self.probe.density.data.values())) + len(self.numbers)
        together = min(AT_ONCE, MOST_NUMBERS // numbers)
        if len(mirrors) <= FEW or together <= FEW:
            return [mirror for mirror in mirrors if self.may_hold(mirror)]
        held = []
        for begin in range(0, len(mirrors), together):
            some = mirrors[begin : begin + together]
            # As many each time: one program.
            held += self._that_hold([*some, *[some[0]] * (together - len(some))])[: len(some)]
        return [mirror for mirror, holds in zip(mirrors, held, strict=True) if holds]

    def _that_hold(self, mirrors: Sequence[Move]) -> list[bool]:
        changes = [list(_displacements(self.probe, [mirror])) for mirror in mirrors]
        points = displaced_each(self.probe, self.base, changes)
        after = dict(points)
        for name in {name for mirror in mirrors for role in mirror for name in role.variables}:
            after[name] = np.array(after[name])
        for number, mirror in enumerate(mirrors):
            moved = {n: points[n][number] for role in mirror for n in role.variables}
            for name, value in exchanged(moved, [mirror]).items():
                after[name][number] = value
        one, other = terms_of_each(self.probe, points), terms_of_each(self.probe, after)
        changed = [
            self.search.differences(before, then, [mirror])
            for before, then, mirror in zip(one, other, mirrors, strict=True)
        ]
        return [not names for names in changed]

    def interact(self, a: Move, b: Move) -> bool:
        """Say whether two moves have to be made together, as far as no third stands for one."""
        if (a, b) not in self._interact:
            point, before = self._displaced((a, b))
            moved = (self._terms_after(point, made) for made in ([a], [b], [a, b]))
            found = self.probe.interact(before, *moved)
            self._interact[a, b] = self._interact[b, a] = found
        return self._interact[a, b]

    def all_grown(self, seeds: Sequence[Move], others: Sequence[Move]) -> list[list[Move]]:
        """Grow a set that holds from each first member that is in none yet, where there is one."""
        found: list[list[Move]] = []
        for seed in seeds:
            if not any(seed in one for one in found):
                self._steps = 0
                grown = self._complete([seed], others)
                if grown is not None:
                    found.append(sorted(grown, key=list(others).index))
        return found

    def _complete(self, current: list[Move], others: Sequence[Move]) -> list[Move] | None:
        """Complete a set; ``None`` where that cannot be.

        Where it is not complete, something interacts with it: that has to be made, too, or some
        other move of the same elements. Those that come first are tried first.
        """
        self._steps += 1
        if self._steps > MOST_STEPS or len(current) > MOST_TOGETHER:
            return None
        if self.search.holds(current):
            return current
        taken = self.touched_by(current)
        free = [move for move in others if not self.touched(move) & taken]
        needed = next((o for o in free if any(self.interact(m, o) for m in current)), None)
        if needed is None:
            return None
        for move in free:
            if self.touched(move) & self.touched(needed):
                more = [*current, move]
                if self._unchanged(more) is True:
                    found = self._complete(more, others)
                    if found is not None:
                        return found
        return None

    def classes(self, moves: Sequence[Sequence[Move]], most: int) -> list[list[int]] | None:
        """Sort sets of moves by what interacts; ``None`` where that takes too many evaluations."""
        one = [tuple(role for move in own for role in move) for own in moves]
        return classes(len(one), lambda a, b: self.interact(one[a], one[b]), most)

    def _unchanged(self, moves: Sequence[Move]) -> bool | None:
        """Say whether moves together change nothing at the point that only they move."""
        point, before = self._displaced(tuple(moves))
        changed = self.search.differences(before, self._terms_after(point, moves), moves)
        return None if changed is None else not changed

    def _terms_after(self, point: Point, moves: Sequence[Move]) -> np.ndarray:
        return self.probe.terms(exchanged(point, moves))

    def _displaced(self, moves: tuple[Move, ...]) -> tuple[Point, np.ndarray]:
        """Move what some moves move away from the base, each element by itself."""
        if moves not in self._moved:
            point = self.probe.displaced(self.base, _displacements(self.probe, moves))
            self._moved[moves] = point, self.probe.terms(point)
        return self._moved[moves]


def _displacements(probe: Probe, moves: Sequence[Move]) -> Iterator[Displacement]:
    """Displace whatever moves, each element of each variable once."""
    for number, move in enumerate(moves):
        rng = np.random.default_rng([31, number])
        done = set()
        for role in move:
            for name in role.variables:
                # What moves along several axes is displaced once.
                if (name, role.within) in done:
                    continue
                done.add((name, role.within))
                axes = [o.axis for o in move if o.axis is not None and o.variables == (name,)]
                shape = probe.shape(name)
                size = STEP * (1 - 0.13 * number) * rng.uniform(0.4, 1.6, shape)
                size *= rng.choice([-1.0, 1.0], shape)
                yield Displacement(name, role.index(len(shape)), axes, size)
