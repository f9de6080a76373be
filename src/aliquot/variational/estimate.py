"""A Monte Carlo estimate with its error."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Estimate(NamedTuple):
    """A value and the Monte Carlo standard error of that value, in the same units."""

    value: float
    mcse: float

    @classmethod
    def of_mean(cls, draws: np.ndarray) -> Estimate:
        """Return the mean of independent draws (n,), n > 1.

        Examples
        --------
        >>> Estimate.of_mean(np.array([1.0, 2.0, 3.0, 2.0]))
        2.00 ± 0.41
        """
        with np.errstate(invalid="ignore"):  # an infinite draw: an infinite mean, an error of NaN
            return cls(float(draws.mean()), float(draws.std(ddof=1) / np.sqrt(draws.size)))

    def __repr__(self) -> str:
        if not (np.isfinite(self.mcse) and self.mcse > 0):
            return f"{self.value} ± {self.mcse}"
        digits = max(0, 1 - int(np.floor(np.log10(self.mcse))))
        return f"{self.value:.{digits}f} ± {self.mcse:.{digits}f}"
