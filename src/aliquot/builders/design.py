"""Design matrices in the units of a model, and coefficients back in those of the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aliquot.builders.formula import INTERCEPT

if TYPE_CHECKING:
    import pandas

# Ends of the intervals of tables of coefficients.
ENDS = (0.025, 0.975)


@dataclass(frozen=True)
class Scaling:
    """How the columns of a design matrix are standardised.

    Attributes
    ----------
    names : tuple of str
    centre, scale : array, shape (terms,)
        Mean and standard deviation of numeric terms; 0 and 1 of an intercept, of terms that are 0
        or 1, as levels are, and of constants. Where there is no intercept nothing is centred, which
        would be another model, and the scale is the root of the mean square.
    """

    names: tuple[str, ...]
    centre: np.ndarray
    scale: np.ndarray

    @staticmethod
    def learnt(names: tuple[str, ...], matrix: np.ndarray, standardize: bool) -> Scaling:
        """Learn it from a matrix, shape (rows, terms)."""
        centre, scale = np.zeros(len(names)), np.ones(len(names))
        if standardize:
            for i, column in enumerate(matrix.T):
                if not np.isin(column, (0, 1)).all():
                    centre[i], scale[i] = centre_and_scale(column, INTERCEPT in names)
        return Scaling(names, centre, scale)

    @property
    def intercept(self) -> int | None:
        """The place of the intercept, if there is one."""
        return self.names.index(INTERCEPT) if INTERCEPT in self.names else None

    def scaled(self, matrix: np.ndarray) -> np.ndarray:
        """Standardise the columns of a matrix, shape (rows, terms)."""
        return np.asarray((matrix - self.centre) / self.scale)

    def unscaled(self, coefficients: np.ndarray) -> np.ndarray:
        """Give coefficients (..., terms) of standardised terms as those of the terms themselves."""
        found = coefficients / self.scale
        if self.intercept is not None:
            found[..., self.intercept] -= found @ self.centre
        return found


def centre_and_scale(values: np.ndarray, centred: bool) -> tuple[float, float]:
    """Give mean and standard deviation, or 0 and the root mean square; 1 for what is constant."""
    centre = float(values.mean()) if centred else 0.0
    scale = float(np.sqrt(np.mean((values - centre) ** 2)))
    # What is left of a constant is rounding.
    if scale <= 1e-12 * float(np.abs(values).max()):
        return 0.0, 1.0
    return centre, scale


def summary(draws: np.ndarray, terms: Sequence[str], components: Sequence[int]) -> pandas.DataFrame:
    """Give mean, standard deviation and 95% interval of coefficients (draws, components, terms)."""
    import pandas

    index = pandas.MultiIndex.from_product([components, terms], names=["component", "term"])
    low, high = np.quantile(draws, ENDS, axis=0)
    columns = {"mean": draws.mean(axis=0), "sd": draws.std(axis=0, ddof=1)}
    columns |= {f"{100 * end:g}%": value for end, value in zip(ENDS, (low, high), strict=True)}
    return pandas.DataFrame({name: v.reshape(-1) for name, v in columns.items()}, index=index)
