"""Sets of places between which exchanges lead."""

from __future__ import annotations

from collections.abc import Hashable


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
