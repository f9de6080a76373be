"""Which elements of a large variable to examine in full.

Rank-normalised R-hat and effective sample sizes cost a few milliseconds for each scalar. A
variable with tens of thousands of elements (a probability for each row of the data) would take
longer to check than to sample. Two cheap statistics of every element pick those most at risk.
"""

from __future__ import annotations

import numpy as np


def most_at_risk(draws: np.ndarray, count: int) -> np.ndarray:
    """Return the indices of at most `count` elements of `draws`, ``(elements, chain, draw)``.

    Half have the greatest split R-hat (without ranks), half the greatest autocorrelation at lag 1.
    """
    elements = len(draws)
    if elements <= count:
        return np.arange(elements)
    half = max(count // 2, 1)
    # Stable, so that ties are broken by position and the choice does not depend on the platform.
    by_rhat = np.argsort(-_finite(split_rhat(draws)), kind="stable")[:half]
    by_lag = np.argsort(-_finite(_lag_one(draws)), kind="stable")[: count - half]
    return np.union1d(by_rhat, by_lag)


def split_rhat(draws: np.ndarray) -> np.ndarray:
    """Return the split R-hat of ``(elements, chain, draw)``, ``(elements,)``.

    Gelman et al., Bayesian Data Analysis, 3rd edition, equation 11.4.
    """
    half = draws.shape[-1] // 2
    parts = np.concatenate([draws[..., :half], draws[..., -half:]], axis=-2)
    with np.errstate(all="ignore"):
        within = parts.var(axis=-1, ddof=1).mean(axis=-1)
        between = parts.mean(axis=-1).var(axis=-1, ddof=1)
        return np.sqrt((half - 1) / half + between / within)


def _lag_one(draws: np.ndarray) -> np.ndarray:
    centred = draws - draws.mean(axis=-1, keepdims=True)
    with np.errstate(all="ignore"):
        products = (centred[..., 1:] * centred[..., :-1]).sum(axis=(-2, -1))
        return products / (centred**2).sum(axis=(-2, -1))


def _finite(values: np.ndarray) -> np.ndarray:
    """Put what could not be computed first."""
    return np.where(np.isnan(values), np.inf, values)
