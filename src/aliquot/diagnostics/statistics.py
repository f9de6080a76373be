"""R-hat, effective sample sizes and E-BFMI, as ``arviz_stats`` computes them, in NumPy alone.

It takes most of a second to import that package with what it depends on, which is longer than many
a model takes to be sampled.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

# Vehtari et al. (2021), section 4.3: the lesser of the ESS of the 5% and of the 95% quantile.
_TAIL = (0.05, 0.95)
_FEWEST_DRAWS = 4
# Numbers in a block of elements that are worked on together.
_NUMBERS = 1_000_000


class Mixing(NamedTuple):
    """How well chains agree and how many independent draws they are worth, ``(elements,)`` each."""

    rhat: np.ndarray
    ess_bulk: np.ndarray
    ess_tail: np.ndarray


def mixing(draws: np.ndarray) -> Mixing:
    """Return `rhat`, `ess_bulk` and the tail ESS of ``(elements, chain, draw)``, ranked once."""

    def all_three(block: np.ndarray) -> np.ndarray:
        halves = _split(block)
        scores = normal_scores(halves)
        below = [_split(part) for part in _below_quantiles(block)]
        bulk, low, high = np.split(effective_size(np.concatenate([scores, *below])), 3)
        worst = _worst_ratio(halves, scores) if block.shape[1] > 1 else np.full(len(block), np.nan)
        return np.stack([worst, bulk, np.minimum(low, high)])

    found = _of_each(all_three, draws, (3,))
    return Mixing(_infinite_where_apart(found[0], draws), found[1], found[2])


def rhat(draws: np.ndarray) -> np.ndarray:
    """Return the rank-normalised split R-hat of ``(elements, chain, draw)``, ``(elements,)``.

    Equation 14 of Vehtari et al. (2021), the greater of bulk and folded, doi:10.1214/20-BA1221.
    It is infinite where no chain moves and the chains differ, and NaN of one chain.
    """

    def worst(block: np.ndarray) -> np.ndarray:
        halves = _split(block)
        return _worst_ratio(halves, normal_scores(halves))

    if np.shape(draws)[1] < 2:
        return np.full(len(draws), np.nan)
    return _infinite_where_apart(_of_each(worst, draws), draws)


def split_rhat(draws: np.ndarray) -> np.ndarray:
    """Return the split R-hat of ``(elements, chain, draw)`` without ranks, ``(elements,)``."""
    with np.errstate(all="ignore"):
        return _ratio(_split(draws))


def ess_bulk(draws: np.ndarray) -> np.ndarray:
    """Return the bulk effective sample size of ``(elements, chain, draw)``, ``(elements,)``."""
    return _of_each(lambda block: effective_size(normal_scores(_split(block))), draws)


def bfmi(energy: np.ndarray) -> np.ndarray:
    """Return the estimated Bayesian fraction of missing information of ``(chain, draw)``.

    One value a chain: Betancourt (2016), arXiv:1604.00695, equation 4.
    """
    with np.errstate(all="ignore"):
        changes = np.square(np.diff(energy, axis=1)).mean(axis=1)
        return np.asarray(changes / np.var(energy, axis=1, ddof=1))


def _of_each(
    statistic: Callable[[np.ndarray], np.ndarray], draws: np.ndarray, shape: tuple[int, ...] = ()
) -> np.ndarray:
    """Compute a statistic (*shape, elements) block by block.

    It is NaN for elements with NaN, and for all where draws are too few.
    """
    draws = np.asarray(draws, dtype=float)
    elements, chains, length = draws.shape
    result = np.full((*shape, elements), np.nan)
    if chains < 1 or length < _FEWEST_DRAWS:
        return result
    step = max(_NUMBERS // (chains * length), 1)
    for begin in range(0, elements, step):
        block = draws[begin : begin + step]
        whole = ~np.isnan(block).any(axis=(1, 2))
        with np.errstate(all="ignore"):
            if whole.any():
                result[..., begin : begin + step][..., whole] = statistic(block[whole])
    return result


def _worst_ratio(halves: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the greater R-hat of normal scores: of split chains, and of them when folded."""
    folded = np.abs(halves - np.median(halves, axis=(1, 2), keepdims=True))
    bulk, tails = _ratio(scores), _ratio(normal_scores(folded))
    # There are no tails where all draws are as far from the median.
    return np.where(tails > bulk, tails, bulk)


def _infinite_where_apart(values: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Set R-hat right where no chain moves: rounding leaves them a variance, and a finite ratio."""
    still = (np.ptp(draws, axis=-1) == 0).all(axis=-1) & (np.ptp(draws, axis=(-2, -1)) > 0)
    return np.where(still & (draws.shape[-2] > 1), np.inf, values)


def _below_quantiles(block: np.ndarray) -> list[np.ndarray]:
    """Say which draws of each element are below its 5% and its 95% quantile, as 0 and 1."""
    limits = np.quantile(block, _TAIL, axis=(1, 2))
    return [(block <= limit[:, None, None]).astype(float) for limit in limits]


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


def normal_scores(draws: np.ndarray) -> np.ndarray:
    """Return the normal scores of each element, ranked over its chains and draws together.

    The score of rank r among n is the normal quantile at (r - 3/8) / (n + 1/4), after Blom (1958);
    equal draws have the mean of their ranks: Vehtari et al. (2021), equation 14. Of draws
    (elements, chain, draw) without NaN; the shape stays.
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


def effective_size(draws: np.ndarray) -> np.ndarray:
    """Return the effective sample size of the mean of each element of ``(elements, chain, draw)``.

    Autocorrelations are summed in pairs until a pair is no longer positive, each pair at most as
    great as the one before: Geyer's initial monotone sequence, with what is between chains counted
    in. Vehtari et al. (2021), equations 10 to 13, doi:10.1214/20-BA1221.
    """
    _, chains, length = draws.shape
    total = chains * length
    covariance = autocovariance(draws).mean(axis=1)
    within = covariance[:, :1] * length / (length - 1.0)
    variance = within * (length - 1.0) / length
    if chains > 1:
        variance = variance + draws.mean(axis=2).var(axis=1, ddof=1)[:, None]
    correlation = 1.0 - (within - covariance) / variance
    correlation[:, 0] = 1.0
    pairs = correlation[:, : length // 2 * 2].reshape(len(draws), -1, 2).sum(axis=2)

    # Of the last lags, which few draws tell of, none is looked at.
    most = max((length - 1) // 2 - 1, 0)
    ends = pairs[:, : most + 1] <= 0.0
    end = np.where(ends.any(axis=1), ends.argmax(axis=1), most)
    sums = np.cumsum(np.minimum.accumulate(pairs, axis=1), axis=1)
    rows = np.arange(len(draws))
    before = np.where(end > 0, sums[rows, end - 1], 0.0)
    # The even one of the last pair counts by itself; of a pair that ends the sequence, if positive.
    even = correlation[rows, 2 * end]
    time = -1.0 + 2.0 * before + np.where(ends.any(axis=1), np.maximum(even, 0.0), even)
    # Antithetic chains are better than independent draws, but how much cannot be told far.
    sizes = total / np.maximum(time, 1.0 / np.log10(total))
    # Draws that do not move are as many as they are.
    still = np.ptp(draws, axis=(1, 2)) < np.finfo(float).resolution
    return np.asarray(np.where(still, total, sizes))


def autocovariance(draws: np.ndarray) -> np.ndarray:
    """Return the autocovariances at lags 0, 1, ..., shape (elements, chain, draw)."""
    length = draws.shape[-1]
    padded = _fast_length(2 * length)
    centred = draws - draws.mean(axis=-1, keepdims=True)
    spectrum = np.fft.rfft(centred, n=padded, axis=-1)
    power = spectrum.real**2 + spectrum.imag**2
    return np.fft.irfft(power, n=padded, axis=-1)[..., :length] / length


def _fast_length(least: int) -> int:
    """Return a length of at least `least` that has no prime factors but 2, 3 and 5."""
    best = 1 << max(least - 1, 1).bit_length()
    five = 1
    while five < best:
        three = five
        while three < best:
            ratio = -(-least // three)
            best = min(best, three << max(ratio - 1, 0).bit_length())
            three *= 3
        five *= 5
    return best
