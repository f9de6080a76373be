"""How far off the worst of many cases is."""

from __future__ import annotations

from typing import Any

import numpy as np


class Worst:
    """The greatest difference so far, relative to the largest of the expected numbers and to one.

    Infinite where something is NaN, or infinite where it should not be.
    """

    def __init__(self) -> None:
        self.error, self.where, self.cases = 0.0, "", 0

    def add(self, found: Any, expected: Any, where: str) -> None:
        """Compare two arrays of one shape."""
        found, expected = np.asarray(found, float), np.asarray(expected, float)
        finite = np.isfinite(expected)
        error = np.inf
        if found.shape == expected.shape and np.array_equal(found[~finite], expected[~finite]):
            scale = max(1.0, float(np.abs(expected[finite]).max(initial=0.0)))
            error = float(np.abs(found - expected)[finite].max(initial=0.0)) / scale
        self.cases += 1
        if not error <= self.error:
            self.error, self.where = (np.inf if np.isnan(error) else error), where

    def __str__(self) -> str:
        return f"{self.error:.0e}" + (f" ({self.where})" if self.error else "")


def against_uniform(u: np.ndarray) -> float:
    """Give the p-value of numbers that should be uniform: the lesser of two tests, twice.

    Kolmogorov's, and Pearson's in ten equal parts.
    """
    from scipy import stats

    counts = np.bincount(np.minimum((10 * u).astype(int), 9), minlength=10)
    both = stats.kstest(u, "uniform").pvalue, stats.chisquare(counts).pvalue
    return float(min(1.0, 2 * min(both)))
