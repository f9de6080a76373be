"""How the axes of two shapes correspond where the one is reshaped to the other."""

from __future__ import annotations

from collections.abc import Sequence


def groups(before: Sequence[int], after: Sequence[int]) -> list[tuple[list[int], list[int]]]:
    """Match the axes of two shapes of one size: the smallest groups of equal size, in order.

    Axes of length 1 are in no group.

    >>> groups((6, 1, 4), (2, 3, 4))
    [([0], [0, 1]), ([2], [2])]
    """
    found = []
    i = j = 0
    left = [axis for axis, n in enumerate(before) if n != 1]
    right = [axis for axis, n in enumerate(after) if n != 1]
    while i < len(left):
        old, new = [left[i]], [right[j]]
        a, b = before[left[i]], after[right[j]]
        i, j = i + 1, j + 1
        while a != b:
            if a < b:
                a, i = a * before[left[i]], i + 1
                old.append(left[i - 1])
            else:
                b, j = b * after[right[j]], j + 1
                new.append(right[j - 1])
        found.append((old, new))
    return found
