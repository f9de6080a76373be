"""Which elements of a large variable to examine in full.

Rank-normalised R-hat and effective sample sizes cost a few milliseconds for each scalar. A
variable with tens of thousands of elements (a probability for each row of the data) would take
longer to check than to sample. Two cheap statistics of every element pick those most at risk.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aliquot.diagnostics.statistics import split_rhat

# Draws are looked at in blocks of about this many numbers, so that no copy of them is large.
NUMBERS = 4_000_000


def in_blocks(statistic: Callable[[np.ndarray], np.ndarray], draws: np.ndarray) -> np.ndarray:
    """Compute a statistic of each element of `draws`, ``(elements, chain, draw)``."""
    step = max(NUMBERS // max(draws.shape[1] * draws.shape[2], 1), 1)
    starts = range(0, max(len(draws), 1), step)
    return np.concatenate([statistic(draws[i : i + step]) for i in starts])


def most_at_risk(draws: np.ndarray, candidates: np.ndarray, count: int) -> np.ndarray:
    """Choose at most `count` of the candidate elements of `draws`, ``(elements, chain, draw)``.

    Half have the greatest split R-hat (without ranks), half the greatest autocorrelation at lag 1.
    """
    if len(candidates) <= count:
        return candidates
    half = max(count // 2, 1)
    # Stable, so that ties are broken by position and the choice does not depend on the platform.
    by_rhat, by_lag = (
        candidates[np.argsort(-_finite(in_blocks(statistic, draws)[candidates]), kind="stable")]
        for statistic in (split_rhat, _lag_one)
    )
    return np.union1d(by_rhat[:half], by_lag[: count - half])


def _lag_one(draws: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        centred = draws - draws.mean(axis=-1, keepdims=True)
        products = (centred[..., 1:] * centred[..., :-1]).sum(axis=(-2, -1))
        return products / (centred**2).sum(axis=(-2, -1))


def _finite(values: np.ndarray) -> np.ndarray:
    """Put what could not be computed first."""
    return np.where(np.isnan(values), np.inf, values)
