"""Sets of places between which exchanges lead, and of exchanges that are linked."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable


def joined_pairs[Place: Hashable](pairs: Iterable[tuple[Place, Place]]) -> list[tuple[Place, ...]]:
    """Give the sets between whose places pairs lead, each in the order in which its places came.

    >>> joined_pairs([(0, 2), (1, 3), (2, 5)])
    [(1, 3), (0, 2, 5)]
    """
    sets: list[dict[Place, None]] = []
    for pair in pairs:
        merged = dict.fromkeys(pair)
        for known in [known for known in sets if known.keys() & merged.keys()]:
            sets.remove(known)
            merged = known | merged
        sets.append(merged)
    return [tuple(places) for places in sets]


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
