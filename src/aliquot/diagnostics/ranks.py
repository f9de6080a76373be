"""Draws replaced by the normal quantiles of their ranks, all chains together."""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import numpy as np


def normal_scores(draws: np.ndarray) -> np.ndarray:
    """Return the normal scores of each element, ranked over its chains and draws together.

    The score of rank r among n is the normal quantile at (r - 3/8) / (n + 1/4), after Blom (1958);
    equal draws have the mean of their ranks: Vehtari et al. (2021), equation 14.

    Parameters
    ----------
    draws
        (elements, chain, draw), without NaN.

    Returns
    -------
    numpy.ndarray, shape (elements, chain, draw)
    """
    flat = draws.reshape(len(draws), -1)
    order = np.argsort(flat, axis=1)
    result = np.empty(flat.shape)
    count = flat.shape[1]
    scores = _scores(count)
    for element, places in enumerate(order):
        ordered = flat[element, places]
        first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        last = np.concatenate([first[1:], [count]]) - 1
        # Twice the mean of the first and the last rank, both counted from zero.
        twice = np.repeat(first + last, last - first + 1)
        result[element, places] = scores[twice]
    return result.reshape(draws.shape)


@lru_cache(maxsize=4)
def _scores(count: int) -> np.ndarray:
    """Return the scores of ranks 1, 1.5, 2, ..., `count`."""
    quantile = NormalDist().inv_cdf
    # They are the same from both ends, so that half of them will do.
    ranks = 1.0 + np.arange(count) / 2.0
    lower = np.array([quantile(p) for p in ((ranks - 0.375) / (count + 0.25)).tolist()])
    lower[-1] = 0.0
    return np.concatenate([lower, -lower[-2::-1]])
