"""Probabilities that rows belong to components: averaged over draws, and compared with a mean."""

from __future__ import annotations

import numpy as np

# Probabilities below this are as good as zero; their logarithms have to be finite.
LEAST = 1e-300
# No temporary array holds many more numbers than this.
NUMBERS = 2_000_000


def weighted(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum the weights (rows, K) by each row's component: (draws, label, component of the draw)."""
    return np.matmul(np.ascontiguousarray(weights.T), probabilities)


def divergences(probabilities: np.ndarray, mean: np.ndarray) -> np.ndarray:
    r"""Compute :math:`-\sum_i p_{ij} \log q_{ik}` for label k and component j of each draw.

    That a draw's components are labelled in some way costs this sum over k, in nats: the negative
    log probability of allocations under the mean classification, averaged over the draw's own.
    """
    return -weighted(probabilities, np.log(np.maximum(mean, LEAST)))


def mean_classification(probabilities: np.ndarray, permutations: np.ndarray) -> np.ndarray:
    """Average the probabilities over draws, components relabelled, shape (rows, K).

    >>> p = np.array([[[0.9, 0.1]], [[0.3, 0.7]]])
    >>> mean_classification(p, np.array([[0, 1], [1, 0]]))
    array([[0.8, 0.2]])
    """
    draws, rows, components = probabilities.shape
    total = np.zeros((rows, components))
    step = max(1, NUMBERS // (rows * components))
    eye = np.eye(components)
    for begin in range(0, draws, step):
        chunk = slice(begin, begin + step)
        chosen = eye[permutations[chunk]]  # (draws, label, component)
        total += np.tensordot(probabilities[chunk], chosen, axes=([0, 2], [0, 2]))
    return total / draws
