"""Whether deviations from what is exact are as large as their errors say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

# The usual chance of a bound to fail a program that is right.
CHANCE = 1e-5
# An error that is itself an estimate is right to a tenth.
ROUGH = 1.2


def honest(deviations: Sequence[float], chance: float = CHANCE) -> None:
    """Fail where independent deviations, each in units of its error, are not of unit variance.

    A program that is right fails each of three bounds with the given chance.
    """
    z = np.asarray(deviations)
    squares, count = (z**2).sum(), z.size
    assert squares < ROUGH * stats.chi2.isf(chance, count), (z.mean(), z.std())
    assert squares > stats.chi2.ppf(chance, count) / ROUGH, (z.mean(), z.std())
    assert abs(z.mean()) < np.sqrt(ROUGH) * stats.norm.isf(chance) / np.sqrt(count), z.mean()
