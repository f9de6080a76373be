"""A few assignments of states to lanes in which every row meets all states of its own lanes.

A term whose rows are about pairs among many lanes need not be evaluated for all joint states of the
lanes: of 3 states and 6 lanes there are 729, and 13 assignments or so hold all pairs of states of
all pairs of lanes. See Colbourn (2004), "Combinatorial aspects of covering arrays", Le Matematiche
59; these are made greedily.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

# Joint states that are looked for one by one.
MOST_SOUGHT = 5_000
MOST_ASSIGNMENTS = 100_000


def cover(
    patterns: Sequence[tuple[int, ...]], states: Sequence[int]
) -> tuple[np.ndarray, list[np.ndarray]] | None:
    """Give assignments that cover all joint states of some sets of lanes.

    Parameters
    ----------
    patterns : sequence of tuple of int
        Sets of lanes, the lanes of each distinct.
    states : sequence of int
        The number of states of each lane.

    Returns
    -------
    assignments : int array, shape (assignments, lanes)
    where : list of int arrays, shape (K1, ..., Km)
        For each pattern the number of the assignment that has these states of its lanes.
        None in place of both where there is too much to look for.
    """
    sets = {tuple(sorted(p)) for p in patterns}
    counts = [float(np.prod([states[lane] for lane in each], dtype=float)) for each in sets]
    if sum(counts) - max(counts) > MOST_SOUGHT or max(counts) > MOST_ASSIGNMENTS:
        return None
    made = np.full((0, len(states)), -1, np.int64)
    where: list[np.ndarray] = [np.empty(0, np.int64)] * len(patterns)
    found: dict[tuple[int, ...], np.ndarray] = {}
    # The largest sets first: they hold much of the others.
    for number in sorted(range(len(patterns)), key=lambda i: -len(patterns[i])):
        pattern = patterns[number]
        lanes = tuple(sorted(pattern))
        if lanes not in found:
            shape = [states[lane] for lane in lanes]
            at = np.arange(int(np.prod(shape))).reshape(shape)
            if not len(made):
                made = np.full((at.size, len(states)), -1, np.int64)
                made[:, lanes] = np.indices(shape).reshape(len(shape), -1).T
                found[lanes] = at
            for joint in product(*(range(k) for k in shape)) if lanes not in found else ():
                mine = made[:, lanes]
                fits = ((mine == joint) | (mine < 0)).all(axis=1)
                if fits.any():
                    agree = np.where(fits, (mine == joint).sum(axis=1), -1)
                    place = int(np.argmax(agree))
                else:
                    made = np.concatenate([made, np.full((1, len(states)), -1)])
                    place = len(made) - 1
                made[place, lanes] = joint
                at[joint] = place
            found[lanes] = at
        order = [lanes.index(lane) for lane in pattern]
        where[number] = found[lanes].transpose(order)
    return np.maximum(made, 0), where
