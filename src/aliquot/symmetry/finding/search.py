"""Which exchanges have to be made together, and which of these leave the density unchanged.

Let f be the log density and S a set of exchanges which, made together, leave f unchanged. Take a
point that every other exchange leaves where it is. There, S acts as those of its members do that
move the point. Two conclusions follow.

* Where only one exchange a of S moves the point x, f(a x) = f(x). What fails this is in no S.
* Where a and b move it and only a is in S, f(a x) = f(x) and f(a b x) = f(b x), so that the
  interaction f(a b x) - f(a x) - f(b x) + f(x) is zero. Where it is not zero, a and b are in the
  same sets: they have to be made together.

A variable whose rows and columns move together (a transition matrix) counts as one exchange: where
each row sums to one, no row can be moved and every column stay where it is.

So the exchanges fall into classes, of which every S is a union, and few sets are left to try. Each
is then verified on the density itself, at points at random.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, product

import numpy as np

from aliquot.symmetry.finding.at_once import terms_of_some
from aliquot.symmetry.finding.orbits import classes
from aliquot.symmetry.finding.places import Move, Mover, overlap
from aliquot.symmetry.finding.probe import RELATIVE, STEP, Point, Probe
from aliquot.symmetry.finding.reach import same_reach
from aliquot.symmetry.role import Role

# Points at random at which an exchange is verified.
POINTS = 12
# Unions of more classes than this are not tried one by one.
MOST_CLASSES = 6


class Search:
    """Looks for sets of exchanges that leave a density's terms, but those ignored, unchanged."""

    def __init__(self, probe: Probe, ignored: Sequence[str] = ()) -> None:
        self.probe = probe
        self.ignored = set(ignored)
        # Variables of which not all could be looked at, for there was too much.
        self.unexamined: dict[str, None] = {}
        # How many pairs of exchanges were looked at, to see whether they belong together.
        self.asked = 0
        self._bumps: dict[tuple[Move, tuple[Move, ...]], np.ndarray] = {}

    def give_up(self, variables: Iterable[str]) -> None:
        """Keep in mind that not all of some variables was looked at."""
        self.unexamined |= dict.fromkeys(variables)

    def alike(self, swap: Move, beside: Sequence[Move] = ()) -> bool:
        """Say whether moving the one component by itself does what moving the other does.

        By the first conclusion above: the point with the one moved is the exchange of the point
        with the other moved.
        """
        if not self.ignored and not same_reach(swap, self.probe.by_name):
            return False
        one, other = self._moved(swap, 0, beside), self._moved(swap, 1, beside)
        return not self.differences(one, other, [swap])

    def may_be_alike(self, movers: Sequence[Mover]) -> np.ndarray:
        """Say for which pairs `alike` may hold along one of some axes, for all at once: (K, K)."""
        length = movers[0].length
        counted = [i for i, n in enumerate(self.probe.names) if n not in self.ignored]
        result = np.zeros((length, length), bool)
        base = self.probe.apart()
        for mover in movers:
            points = [
                self.probe.bumped(
                    ((Role((mover.variable,), mover.axis, (k,)),), (STEP,)), base=base
                )
                for k in range(length)
            ]
            terms = np.stack([self.probe.terms(point) for point in points])
            bound = self.probe.tolerance(*terms)[counted]
            terms = terms[:, counted]
            finite = np.isfinite(terms).all(axis=1)
            with np.errstate(invalid="ignore"):
                close = [(np.abs(terms - one) <= bound).all(axis=1) for one in terms]
            result |= np.stack(close) | ~(finite[:, None] | finite)
        return result

    def together(self, swaps: Sequence[Move]) -> list[list[Move]]:
        """Sort exchanges into classes of those that have to be made together."""
        found = classes(len(swaps), lambda a, b: self.interact(swaps[a], swaps[b], swaps))
        assert found is not None  # as many pairs as there are may be asked about
        return [[swaps[i] for i in own] for own in found]

    def symmetric(self, swaps: Sequence[Move]) -> list[list[Move]]:
        """Give the smallest sets of exchanges of two components that leave the terms unchanged."""
        candidates = [swap for swap in swaps if self.alike(swap, swaps)]
        sets = [c for c in self.together(candidates) if not _clash(c)]
        good = [c for c in sets if self.holds(c)]
        rest = []
        for c in sets:
            if c not in good:
                part = self._one_axis_each(c)
                good += [part] if part else []
                rest += [] if part else [c]
        # An interaction may vanish by accident. Then no class by itself is a symmetry.
        sizes = range(2, len(rest) + 1) if len(rest) <= MOST_CLASSES else range(0)
        for size in sizes:
            for chosen in combinations(rest, size):
                union = [swap for c in chosen for swap in c]
                free = all(not any(s in g for g in good) for s in union)
                if free and not _clash(union) and self.holds(union):
                    good.append(union)
        return good

    def _one_axis_each(self, swaps: Sequence[Move]) -> list[Move]:
        """Find a part of a class, of each variable one axis at most, that leaves the terms alone.

        Where a variable has several axes of one length, the exchange along one of them does not
        leave the point as it is at which that along another is looked at: a class may be too large.
        """
        along: dict[tuple[str, ...], list[Move]] = {}
        for swap in swaps:
            along.setdefault(swap[0].variables, []).append(swap)
        if len(along) == len(swaps) or len(swaps) > MOST_CLASSES:
            return []
        ways = [[[], *([swap] for swap in own)] for own in along.values()]
        parts = [[swap for one in chosen for swap in one] for chosen in product(*ways)]
        return next((p for p in sorted(parts, key=len) if p and self.holds(p)), [])

    def undone(self, swaps: Sequence[Move]) -> bool:
        """Say whether exchanges together change nothing where only their own components differ."""
        sizes = [(STEP * (1 - 0.13 * i), -0.7 * STEP * (1 - 0.09 * i)) for i in range(len(swaps))]
        point = self.probe.bumped(*zip(swaps, sizes, strict=True))
        before, after = self.probe.terms(point), self.probe.terms(exchanged(point, swaps))
        return self.differences(before, after, swaps) == []

    def holds(self, swaps: Sequence[Move]) -> bool:
        """Verify at points at random that exchanges made together change nothing."""
        return self.changed(swaps) == []

    def changed(self, swaps: Sequence[Move], points: int = POINTS) -> list[str] | None:
        """Name the terms that exchanges change; ``None`` where no point has a density."""
        found: dict[str, None] = {
            name: None
            for swap in swaps
            if not self.ignored and not same_reach(swap, self.probe.by_name)
            for name in swap[0].variables
        }
        if found:
            return list(found)
        seen = False
        ahead = self.probe.points(points, ahead=True)
        images = terms_of_some(self.probe, (exchanged(point, swaps) for point, _ in ahead))
        for (_, terms), after in zip(self.probe.points(points), images, strict=True):
            seen = True
            self.probe.see(after[None])
            found |= dict.fromkeys(self.differences(terms, after, swaps) or ())
            if found:
                break
        return list(found) if seen else None

    def _moved(self, swap: Move, which: int, beside: Sequence[Move]) -> np.ndarray:
        one = tuple(role.only((which,)) for role in swap)
        wide = tuple(move for move in beside if len(move) > 1 and move != swap)
        if (one, wide) not in self._bumps:
            point = self.probe.bumped((one, (STEP,)), beside=wide)
            self._bumps[one, wide] = self.probe.terms(point)
        return self._bumps[one, wide]

    def interact(self, a: Move, b: Move, beside: Sequence[Move] = ()) -> bool:
        """Say whether two exchanges have to be made together (see above)."""
        self.asked += 1
        if overlap(a, b):
            return False
        point = self.probe.bumped(
            (a, (STEP, -0.7 * STEP)), (b, (0.9 * STEP, -0.5 * STEP)), beside=beside
        )
        corners = [point, exchanged(point, [a]), exchanged(point, [b]), exchanged(point, [a, b])]
        values = np.array([self.probe.terms(corner) for corner in corners])
        counted = [i for i, n in enumerate(self.probe.names) if n not in self.ignored]
        values = values[:, counted]
        if not np.all(np.isfinite(values)):
            return False
        mixed = values[0] - values[1] - values[2] + values[3]
        size = np.max(np.abs(values), axis=0)
        return bool(np.any(np.abs(mixed) > RELATIVE * (1.0 + size)))

    def differences(
        self, one: np.ndarray, other: np.ndarray, swaps: Sequence[Move]
    ) -> list[str] | None:
        """Name the terms that differ by more than rounding; ``None`` where they cannot tell."""
        moved = [
            name
            for swap in swaps
            for role in swap
            if role.axis is None and not role.stays
            for name in role.variables
        ]
        return self.probe.differences(one, other, list(dict.fromkeys(moved)), self.ignored)


def exchanged(point: Point, swaps: Sequence[Move]) -> Point:
    """Make exchanges of two components in a point."""
    result = dict(point)
    for swap in swaps:
        for role in swap:
            result |= role.permute(result, np.array([1, 0]))
    return result


def _clash(swaps: Sequence[Move]) -> bool:
    return any(overlap(a, b) for a, b in combinations(swaps, 2))
