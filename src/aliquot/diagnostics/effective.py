"""The effective number of draws, from how draws of the same chain resemble one another."""

from __future__ import annotations

import numpy as np


def effective_size(draws: np.ndarray) -> np.ndarray:
    """Return the effective sample size of the mean of each element, shape (elements,).

    Autocorrelations are summed in pairs until a pair is no longer positive, each pair at most as
    great as the one before: Geyer's initial monotone sequence, with what is between chains counted
    in. Vehtari et al. (2021), equations 10 to 13, doi:10.1214/20-BA1221.

    Parameters
    ----------
    draws
        (elements, chain, draw), of two draws at least.
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
