"""Whether ranks are uniform: empirical distribution functions, and bands for the whole of them.

Under the null hypothesis the number of ranks up to k is binomial for each k. The most extreme of
them has a distribution of its own, which is simulated: Säilynoja, Bürkner and Vehtari (2022),
Graphical test for discrete uniformity and its applications in goodness-of-fit evaluation and
multiple sample comparison, Statistics and Computing 32, section 2.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

# Simulated sets of ranks: p-values are known to about one in as many.
SIMULATED = 10_000
_AT_ONCE = 500


@lru_cache(maxsize=8)
def _tails(count: int, ranks: int) -> np.ndarray:
    """Tabulate two-sided tails of each number up to a rank, (ranks - 1, count + 1)."""
    from scipy.stats import binom  # takes long

    share = np.arange(1, ranks)[:, None] / ranks
    number = np.arange(count + 1)[None, :]
    lower = binom.cdf(number, count, share)
    upper = binom.sf(number - 1, count, share)
    return np.minimum(1.0, 2 * np.minimum(lower, upper))


@lru_cache(maxsize=8)
def _null(count: int, ranks: int) -> np.ndarray:
    """Simulate the least tail probability of uniform ranks, sorted."""
    rng = np.random.default_rng(0)
    tails = _tails(count, ranks)
    found = []
    for _ in range(0, SIMULATED, _AT_ONCE):
        counts = rng.multinomial(count, np.full(ranks, 1 / ranks), size=_AT_ONCE)
        found.append(_least(np.cumsum(counts, axis=1)[:, :-1], tails))
    return np.sort(np.concatenate(found))


def _least(up_to: np.ndarray, tails: np.ndarray) -> np.ndarray:
    return tails[np.arange(tails.shape[0]), up_to].min(axis=-1)


def counts_up_to(ranks: np.ndarray, values: int) -> np.ndarray:
    """Count how many ranks are at most k, for each k below the greatest.

    >>> counts_up_to(np.array([0, 0, 2]), 3)
    array([2, 2])
    """
    return np.cumsum(np.bincount(ranks, minlength=values))[:-1]


def p_value(ranks: np.ndarray, values: int) -> float:
    """Say how often uniform ranks would be as far from uniform as these somewhere.

    Parameters
    ----------
    ranks : numpy.ndarray of int, shape (n,)
        From 0 to ``values - 1``.
    values : int
        How many values a rank can have.

    Returns
    -------
    float
        Not below 1 / 10,001: the distribution is simulated.

    >>> p_value(np.zeros(50, int), 10) < 0.001, p_value(np.arange(50) % 10, 10) > 0.9
    (True, True)
    """
    least = _least(counts_up_to(ranks, values), _tails(len(ranks), values))
    null = _null(len(ranks), values)
    return float((1 + np.searchsorted(null, least, side="right")) / (1 + len(null)))


def band(count: int, values: int, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Give the band in which all of an empirical distribution function is with a probability.

    Parameters
    ----------
    count : int
        Ranks.
    values : int
        How many values a rank can have.
    level : float
        The probability, for uniform ranks.

    Returns
    -------
    lower, upper : numpy.ndarray, shape (values - 1,)
        Bounds of the share of ranks that are at most 0, 1, ...
    """
    tails = _tails(count, values)
    null = _null(count, values)
    least = null[int(np.floor((1 - level) * len(null)))]
    inside = tails >= least
    lower = inside.argmax(axis=1)
    upper = count - inside[:, ::-1].argmax(axis=1)
    return lower / count, upper / count


def holm(p_values: np.ndarray) -> np.ndarray:
    """Adjust p-values for their number (Holm 1979, Scandinavian Journal of Statistics 6).

    >>> holm(np.array([0.01, 0.04, 0.5]))
    array([0.03, 0.08, 0.5 ])
    """
    order = np.argsort(p_values)
    steps = p_values[order] * (len(p_values) - np.arange(len(p_values)))
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted
