"""The cheapest way to give each draw's components the labels, for many draws at once."""

from __future__ import annotations

import numpy as np


def assign(costs: np.ndarray) -> np.ndarray:
    """Find the cheapest permutation of each draw: a linear assignment each, never K! of them.

    ``costs[m, k, j]`` is what it costs that component j of draw m becomes component k, which is
    then component ``permutations[m, k]`` of the draw.

    Examples
    --------
    >>> import numpy as np
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
