"""Relabelling by agreement with one allocation of rows to components."""

from __future__ import annotations

import numpy as np

from aliquot.symmetry.relabelling.assignment import assign
from aliquot.symmetry.relabelling.classification import mean_classification, weighted

MOST_STEPS = 200
# What likeness in probability counts against agreement in one row.
TIES = 1e-6
# So many steps more are made for the sake of ties once the pivot has settled.
MOST_FOR_TIES = 10


def ecr(probabilities: np.ndarray, pivot: int) -> np.ndarray:
    r"""Relabel so that rows are allocated as in a pivot as often as possible.

    Equivalence classes representatives [1], iterated [2, 3]: the pivot is first the allocation
    of one draw, then the most frequent one after relabelling, until it settles. Allocations are
    not drawn here: a draw agrees with the pivot in as many rows as it is expected to,
    :math:`\sum_i p_{m,i,\sigma(z_i)}`, which adds no noise of its own and never goes down. Among
    components to which the pivot allocates no rows, likeness to the mean probabilities decides.

    Of the probabilities (draws, rows, K) that each row belongs to each component, and the draw to
    start from; component k of the result is component ``permutations[m, k]`` of the draw.

    [1] Papastamoulis and Iliopoulos (2010), An artificial allocations based solution to the label
        switching problem in Bayesian analysis of mixtures of distributions, Journal of
        Computational and Graphical Statistics 19(2).
    [2] Rodríguez and Walker (2014), Label switching in Bayesian mixture models: deterministic
        relabeling strategies, Journal of Computational and Graphical Statistics 23(1).
    [3] Papastamoulis (2016), label.switching: an R package for dealing with the label switching
        problem in MCMC outputs, Journal of Statistical Software 69.

    >>> p = np.array([[[0.9, 0.1], [0.2, 0.8]], [[0.3, 0.7], [0.6, 0.4]]])
    >>> ecr(p, pivot=0)
    array([[0, 1],
           [1, 0]])
    """
    components = probabilities.shape[2]
    mean = probabilities[pivot]
    allocation = mean.argmax(axis=1)
    permutations: np.ndarray | None = None
    settled = 0
    for _ in range(MOST_STEPS):
        found = assign(-weighted(probabilities, np.eye(components)[allocation] + TIES * mean))
        if permutations is not None and np.array_equal(found, permutations):
            break
        permutations = found
        mean = mean_classification(probabilities, permutations)
        fresh = mean.argmax(axis=1)
        settled = settled + 1 if np.array_equal(fresh, allocation) else 0
        if settled > MOST_FOR_TIES:
            break
        allocation = fresh
    assert permutations is not None
    return permutations
