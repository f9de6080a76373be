"""Which elements hang together, and an order in which neighbours are close to each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aliquot.marginal.elimination.records import Factor


def parts_of(factors: Sequence[Factor], count: int) -> np.ndarray:
    """Give each of all elements the smallest number of those that factors connect it with."""
    pairs = [
        np.stack([factor.elements[:, 0], factor.elements[:, column]], axis=1)
        for factor in factors
        for column in range(1, factor.elements.shape[1])
    ]
    if not pairs:
        return np.arange(count)
    return _labels(np.concatenate(pairs), count)


def _labels(pairs: np.ndarray, size: int) -> np.ndarray:
    """Give each element the smallest number of those that pairs, (pairs, 2), connect it with."""
    label = np.arange(size)
    first, second = pairs[:, 0], pairs[:, 1]
    while True:
        low = np.minimum(label[first], label[second])
        new = label.copy()
        for side in (first, second):
            np.minimum.at(new, label[side], low)
        while not np.array_equal(new, new[new]):
            new = new[new]
        if np.array_equal(new, label):
            return label
        label = new


def components(pairs: np.ndarray, size: int) -> list[np.ndarray]:
    """Give the elements of each connected part, ascending, in the order of their first ones."""
    label = _labels(pairs, size)
    order = np.argsort(label, kind="stable")
    cuts = np.flatnonzero(np.diff(label[order])) + 1
    return np.split(order, cuts)


def narrow(members: Sequence[int], beside: Sequence[Sequence[int]]) -> list[int]:
    """Order connected elements such that neighbours are close to each other.

    From an element at the rim, neighbours of few neighbours first. See Cuthill and McKee (1969),
    "Reducing the bandwidth of sparse symmetric matrices", Proceedings of the 24th ACM national
    conference. `beside` has the neighbours of each element. The members stay in the order that they
    have if it is no worse.
    """
    start = min(members, key=lambda element: len(beside[element]))
    # What is farthest from anywhere is at the rim.
    for _ in range(2):
        start = _walk(start, beside)[-1]
    found = _walk(start, beside)
    return found if reach(found, beside) < reach(members, beside) else list(members)


def reach(order: Sequence[int], beside: Sequence[Sequence[int]]) -> int:
    """Say how far apart neighbours are at most."""
    place = {element: i for i, element in enumerate(order)}
    return max((place[e] - place[o] for e in order for o in beside[e]), default=0)


def _walk(start: int, beside: Sequence[Sequence[int]]) -> list[int]:
    order, seen = [start], {start}
    for element in order:
        for other in sorted(beside[element], key=lambda o: (len(beside[o]), o)):
            if other not in seen:
                seen.add(other)
                order.append(other)
    return order
