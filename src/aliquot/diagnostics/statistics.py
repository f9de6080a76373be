"""R-hat, effective sample sizes and E-BFMI, as ``arviz_stats`` computes them, in NumPy alone.

It takes most of a second to import that package with what it depends on, which is longer than many
a model takes to be sampled.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aliquot.diagnostics.effective import effective_size
from aliquot.diagnostics.ranks import normal_scores

# Vehtari et al. (2021), section 4.3: the lesser of the ESS of the 5% and of the 95% quantile.
_TAIL = (0.05, 0.95)
_FEWEST_DRAWS = 4
# Numbers in a block of elements that are worked on together.
_NUMBERS = 1_000_000


def rhat(draws: np.ndarray) -> np.ndarray:
    """Return the rank-normalised split R-hat of ``(elements, chain, draw)``, ``(elements,)``.

    Equation 14 of Vehtari et al. (2021), the greater of bulk and folded, doi:10.1214/20-BA1221.
    It is infinite where no chain moves and the chains differ.
    """

    def both(block: np.ndarray) -> np.ndarray:
        halves = _split(block)
        folded = np.abs(halves - np.median(halves, axis=(1, 2), keepdims=True))
        bulk, tails = _ratio(normal_scores(halves)), _ratio(normal_scores(folded))
        # There are no tails where all draws are as far from the median.
        return np.where(tails > bulk, tails, bulk)

    values = _of_each(both, draws, fewest_chains=2)
    # Rounding leaves a variance of 1e-30 within chains that do not move, and so a finite ratio.
    still = (np.ptp(draws, axis=-1) == 0).all(axis=-1) & (np.ptp(draws, axis=(-2, -1)) > 0)
    return np.where(still & (draws.shape[-2] > 1), np.inf, values)


def split_rhat(draws: np.ndarray) -> np.ndarray:
    """Return the split R-hat of ``(elements, chain, draw)`` without ranks, ``(elements,)``."""
    with np.errstate(all="ignore"):
        return _ratio(_split(draws))


def ess_bulk(draws: np.ndarray) -> np.ndarray:
    """Return the bulk effective sample size of ``(elements, chain, draw)``, ``(elements,)``."""
    return _of_each(lambda block: effective_size(normal_scores(_split(block))), draws)


def ess_tail(draws: np.ndarray) -> np.ndarray:
    """Return the tail effective sample size of ``(elements, chain, draw)``, ``(elements,)``."""

    def lesser(block: np.ndarray) -> np.ndarray:
        limits = np.quantile(block, _TAIL, axis=(1, 2))
        sizes = [
            effective_size(_split(block <= limit[:, None, None]).astype(float)) for limit in limits
        ]
        return np.minimum(*sizes)

    return _of_each(lesser, draws)


def bfmi(energy: np.ndarray) -> np.ndarray:
    """Return the estimated Bayesian fraction of missing information of ``(chain, draw)``.

    One value a chain: Betancourt (2016), arXiv:1604.00695, equation 4.
    """
    with np.errstate(all="ignore"):
        changes = np.square(np.diff(energy, axis=1)).mean(axis=1)
        return np.asarray(changes / np.var(energy, axis=1, ddof=1))


def _of_each(
    statistic: Callable[[np.ndarray], np.ndarray], draws: np.ndarray, fewest_chains: int = 1
) -> np.ndarray:
    """Compute a statistic block by block; NaN for elements with NaN, and of too few draws."""
    draws = np.asarray(draws, dtype=float)
    elements, chains, length = draws.shape
    result = np.full(elements, np.nan)
    if chains < fewest_chains or length < _FEWEST_DRAWS:
        return result
    step = max(_NUMBERS // (chains * length), 1)
    for begin in range(0, elements, step):
        block = draws[begin : begin + step]
        whole = ~np.isnan(block).any(axis=(1, 2))
        with np.errstate(all="ignore"):
            if whole.any():
                result[begin : begin + step][whole] = statistic(block[whole])
    return result


def _split(draws: np.ndarray) -> np.ndarray:
    """Make two chains of each, its halves; the middle draw of an odd number is left out."""
    half = draws.shape[2] // 2
    return np.concatenate([draws[:, :, :half], draws[:, :, -half:]], axis=1)


def _ratio(draws: np.ndarray) -> np.ndarray:
    """Return the R-hat of each element: between chains and within, equations 1 to 4."""
    length = draws.shape[2]
    between = length * draws.mean(axis=2).var(axis=1, ddof=1)
    within = draws.var(axis=2, ddof=1).mean(axis=1)
    return np.asarray(np.sqrt((between / within + length - 1) / length))
