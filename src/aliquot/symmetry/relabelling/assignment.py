"""The cheapest way to give each of many draws' components the labels, and how sure that is."""

from __future__ import annotations

import numpy as np


def assign(costs: np.ndarray) -> np.ndarray:
    """Find the cheapest permutation of each draw: a linear assignment each, never K! of them.

    ``costs[m, k, j]`` is what it costs that component j of draw m becomes component k, which is
    then component ``permutations[m, k]`` of the draw.

    >>> assign(np.array([[[5.0, 0.0], [0.0, 5.0]]]))
    array([[1, 0]])
    """
    from scipy.optimize import linear_sum_assignment

    # Where the label that is cheapest for each component is another one for each, that is it.
    labels = costs.argmin(axis=1)
    permutations = np.argsort(labels, axis=1)
    settled = (np.sort(labels, axis=1) == np.arange(costs.shape[1])).all(axis=1)
    for m in np.flatnonzero(~settled):
        permutations[m] = linear_sum_assignment(costs[m])[1]
    return permutations


def paid(costs: np.ndarray, permutations: np.ndarray) -> np.ndarray:
    """Compute what each draw's permutation costs, shape (draws,)."""
    return np.take_along_axis(costs, permutations[:, :, None], axis=2).sum(axis=(1, 2))


def gaps(costs: np.ndarray, permutations: np.ndarray) -> np.ndarray:
    """Compute by how much each draw's cheapest labelling is cheaper than the second cheapest.

    Any other labelling moves components along cycles, none of which saves anything. So the second
    cheapest has one cycle only, the lightest of the graph whose edge from k to l is the change in
    cost when label k takes what label l has. Floyd and Warshall's recursion finds it for all draws
    at once, in K steps. In the units of the costs, which are as in `assign`; infinite for one
    component.

    >>> costs = np.array([[[0.0, 5.0], [2.0, 0.0]]])
    >>> gaps(costs, np.array([[0, 1]]))
    array([7.])
    """
    moved = np.take_along_axis(costs, permutations[:, None, :], axis=2)
    weights = moved - np.diagonal(moved, axis1=1, axis2=2)[:, :, None]
    each = np.arange(weights.shape[1])
    weights[:, each, each] = np.inf
    for via in each:
        np.minimum(weights, weights[:, :, via, None] + weights[:, None, via, :], out=weights)
    return np.maximum(weights[:, each, each].min(axis=1), 0.0)


def certainty(costs: np.ndarray, permutations: np.ndarray) -> np.ndarray:
    """Compute how sure each draw's labelling is against its strongest rival.

    It is :math:`1 / (1 + e^{-g})` with g the gap to the second cheapest labelling, where the costs
    are negative log probabilities: 1/2 where another labelling is as cheap as the one chosen.

    >>> certainty(np.array([[[0.0, 1.0], [1.0, 0.0]]]), np.array([[0, 1]])).round(3)
    array([0.881])
    """
    best = assign(costs)
    least = paid(costs, best)
    gap = gaps(costs, best)
    gap[paid(costs, permutations) > least + 1e-9 * (1.0 + np.abs(least))] = 0.0
    return 1.0 / (1.0 + np.exp(-gap))
