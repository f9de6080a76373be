"""Sets of places between which exchanges lead, and of exchanges that are linked."""

from __future__ import annotations

from collections.abc import Callable, Hashable


class Orbits[Place: Hashable]:
    """Places joined two at a time.

    Examples
    --------
    >>> orbits = Orbits()
    >>> orbits.join(0, 2)
    >>> orbits.join(2, 5)
    >>> orbits.all()
    [(0, 2, 5)]
    """

    def __init__(self) -> None:
        self._sets: list[dict[Place, None]] = []

    def join(self, one: Place, other: Place) -> None:
        """Put two places, and all that they have been joined with, into one set."""
        merged: dict[Place, None] = {one: None, other: None}
        apart = []
        for known in self._sets:
            if known.keys() & merged.keys():
                merged = known | merged
            else:
                apart.append(known)
        self._sets = [*apart, merged]

    def all(self) -> list[tuple[Place, ...]]:
        """Give the sets, each in the order in which its places came."""
        return [tuple(places) for places in self._sets]


def classes(
    count: int, linked: Callable[[int, int], bool], most: int | None = None
) -> list[list[int]] | None:
    """Sort the numbers below `count` into sets between whose members links lead.

    ``None`` where that takes more than `most` questions about pairs, the lesser number first.
    """
    left, found, asked = list(range(count)), [], 0
    while left:
        reached, own = [left.pop(0)], []
        while reached:
            current = reached.pop()
            own.append(current)
            for other in list(left):
                asked += 1
                if most is not None and asked > most:
                    return None
                if linked(min(current, other), max(current, other)):
                    left.remove(other)
                    reached.append(other)
        found.append(sorted(own))
    return found
