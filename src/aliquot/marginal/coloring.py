"""Colours for a variable's elements, such that no two of one row have the same.

A term is evaluated once for each combination of states of the colours; all elements of a colour are
in the same state. What a row of the term depends on is then seen in every combination of states.
"""

from __future__ import annotations

import numpy as np

# So many colours in turn (0, 1, 2, 0, 1, 2, ...) are tried before a search.
MOST_IN_TURN = 8
# Where they take three or more, up to so many elements are searched for fewer.
MOST_SEARCHED = 20_000


def color(pairs: np.ndarray, size: int) -> np.ndarray:
    """Give each of `size` elements a colour, 0 to as few as can be found easily.

    The pairs, (pairs, 2), are of elements that must differ.
    """
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    if len(pairs) == 0:
        return np.zeros(size, dtype=np.int64)
    in_turn = _in_turn(pairs, size)
    if in_turn is not None and (in_turn.max() == 1 or size > MOST_SEARCHED):
        return in_turn
    searched = _greedy(np.unique(np.sort(pairs, axis=1), axis=0), size)
    return searched if in_turn is None or searched.max() < in_turn.max() else in_turn


def _in_turn(pairs: np.ndarray, size: int) -> np.ndarray | None:
    """Give the elements colours in turn, where a few will do."""
    position = np.arange(size)
    for count in range(2, MOST_IN_TURN + 1):
        colors = position % count
        if np.all(colors[pairs[:, 0]] != colors[pairs[:, 1]]):
            return colors
    return None


def _greedy(pairs: np.ndarray, size: int) -> np.ndarray:
    """Colour elements one after the other, those with most neighbours first."""
    both = np.concatenate([pairs, pairs[:, ::-1]])
    both = both[np.argsort(both[:, 0], kind="stable")]
    starts = np.searchsorted(both[:, 0], np.arange(size + 1))
    colors = np.full(size, -1, dtype=np.int64)
    for element in np.argsort(-np.diff(starts), kind="stable"):
        taken = set(colors[both[starts[element] : starts[element + 1], 1]].tolist())
        colors[element] = next(c for c in range(size) if c not in taken)
    return colors
