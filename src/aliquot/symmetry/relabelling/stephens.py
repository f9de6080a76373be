"""Relabelling by Kullback-Leibler divergence from the mean classification."""

from __future__ import annotations

import numpy as np

from aliquot.symmetry.relabelling.assignment import assign, paid
from aliquot.symmetry.relabelling.classification import (
    LEAST,
    divergences,
    mean_classification,
)

MOST_STEPS = 500
# A step that gains less than this, in nats a draw, is the last.
LEAST_GAIN = 1e-10


def stephens(probabilities: np.ndarray, pivot: int) -> np.ndarray:
    r"""Relabel so that all draws classify the rows as alike as possible.

    The algorithm of Stephens (2000), Dealing with label switching in mixture models, Journal of the
    Royal Statistical Society B 62(4), section 4: Q, the mean of the relabelled classification
    probabilities, and each draw's labelling, which minimises the Kullback-Leibler divergence of its
    probabilities from Q, in turn until nothing changes. The sum of the divergences,
    :math:`\sum_m \sum_i \sum_k p_{m,i,\sigma_m(k)} \log(p_{m,i,\sigma_m(k)} / q_{ik})`, never goes
    up. It may settle in a local minimum, so two starts are made, and the better result is taken:
    from the pivot's classification, and from the labels as they are. Arguments and result as of
    `ecr`.

    >>> p = np.array([[[0.9, 0.1], [0.2, 0.8]], [[0.3, 0.7], [0.6, 0.4]]])
    >>> stephens(p, pivot=0)
    array([[0, 1],
           [1, 0]])
    """
    draws, _, components = probabilities.shape
    # The pivot's probabilities of exactly zero must not rule out what other draws allow.
    from_pivot = 0.99 * probabilities[pivot] + 0.01 / components
    as_they_are = np.broadcast_to(np.arange(components), (draws, components))
    starts = [from_pivot, mean_classification(probabilities, as_they_are)]
    found = [iterate(probabilities, mean) for mean in starts]
    return min(found, key=lambda result: result[1][-1])[0]


def iterate(probabilities: np.ndarray, mean: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """Go from one mean classification to a fixed point: permutations, and the objective on the way.

    That is the mean divergence of a draw from Q after each step, up to a constant that no labelling
    changes: that of the labels chosen, from the Q that they were chosen by, then from their own Q,
    and so on.
    """
    objective: list[float] = []
    permutations: np.ndarray | None = None
    settled = np.inf
    for _ in range(MOST_STEPS):
        costs = divergences(probabilities, mean)
        found = assign(costs)
        objective.append(float(paid(costs, found).mean()))
        if permutations is not None and np.array_equal(found, permutations):
            break
        permutations = found
        mean = mean_classification(probabilities, permutations)
        # The cross entropy of the relabelled probabilities with their own mean is its entropy.
        objective.append(float(-(mean * np.log(np.maximum(mean, LEAST))).sum()))
        if settled - objective[-1] < LEAST_GAIN:
            break
        settled = objective[-1]
    assert permutations is not None
    return permutations, objective
