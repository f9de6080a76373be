"""A few assignments of states to colour classes, in which every row meets all of its states.

A term whose rows are about pairs among many classes need not be evaluated for all joint states of
the classes: of 3 states and 6 classes there are 729, and 15 assignments or so hold all pairs of
states of all pairs of classes. See Colbourn (2004), "Combinatorial aspects of covering arrays", Le
Matematiche 59; these are made one by one, each the best of a few at random.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Joint states that are looked for one by one, and those of one set of classes.
MOST_SOUGHT = 5_000
MOST_ASSIGNMENTS = 100_000
# The next assignment is the best of so many.
CANDIDATES = 32
_SEED = 20_260_101


def cover(
    patterns: Sequence[tuple[int, ...]], states: Sequence[int]
) -> tuple[np.ndarray, list[np.ndarray]] | None:
    """Give assignments that cover all joint states of some sets of classes.

    Each pattern is a set of distinct classes, and `states` has the number of states of each class.
    The assignments have shape (assignments, classes). For each pattern an array (K1, ..., Km) has
    the number of the assignment in which its classes have these states. None stands in place of
    both where there is too much to look for.
    """
    sets = sorted({tuple(sorted(pattern)) for pattern in patterns}, key=lambda s: (-len(s), s))
    counts = [float(np.prod([states[one] for one in each], dtype=float)) for each in sets]
    if sum(counts) - max(counts) > MOST_SOUGHT or max(counts) > MOST_ASSIGNMENTS:
        return None
    shapes = {each: tuple(states[one] for one in each) for each in sets}
    found = {each: np.full(int(np.prod(shapes[each])), -1, np.int64) for each in sets}
    made = np.zeros((0, len(states)), np.int64)
    rng = np.random.default_rng(_SEED)

    def numbers(each: tuple[int, ...], assignments: np.ndarray) -> np.ndarray:
        """Number the joint states that some classes have in some assignments."""
        number = np.zeros(len(assignments), np.int64)
        for one in each:
            number = number * states[one] + assignments[:, one]
        return number

    if len(sets) == 1:
        (only,) = sets
        made = np.zeros((found[only].size, len(states)), np.int64)
        made[:, only] = np.indices(shapes[only]).reshape(len(only), -1).T
        found[only] = np.arange(found[only].size)
    for each in sets:
        while np.any(found[each] < 0):
            missing = int(np.argmax(found[each] < 0))
            candidates = rng.integers(0, states, (CANDIDATES, len(states)))
            candidates[:, each] = np.unravel_index(missing, shapes[each])
            gains = sum(found[other][numbers(other, candidates)] < 0 for other in sets)
            best = candidates[[int(np.argmax(gains))]]
            for other in sets:
                number = numbers(other, best)
                found[other][number] = np.where(
                    found[other][number] < 0, len(made), found[other][number]
                )
            made = np.concatenate([made, best])
    where = []
    for pattern in patterns:
        each = tuple(sorted(pattern))
        where.append(
            found[each].reshape(shapes[each]).transpose([each.index(one) for one in pattern])
        )
    return made, where
