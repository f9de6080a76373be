"""Whether deviations from what is exact are as large as their errors say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

# The chance of each bound to fail a program that is right.
CHANCE = 1e-5
# An error that is itself an estimate is right to a tenth.
ROUGH = 1.2


def honest(deviations: Sequence[float]) -> None:
    """Fail where independent deviations, each in units of its error, are not of unit variance."""
    z = np.asarray(deviations)
    squares, count = (z**2).sum(), z.size
    assert squares < ROUGH * stats.chi2.isf(CHANCE, count), (z.mean(), z.std())
    assert squares > stats.chi2.ppf(CHANCE, count) / ROUGH, (z.mean(), z.std())
    assert abs(z.mean()) < np.sqrt(ROUGH) * stats.norm.isf(CHANCE) / np.sqrt(count), z.mean()
