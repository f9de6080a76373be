"""`standardise`: columns in units of their standard deviations, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aliquot.errors import TableError
from aliquot.tables.words import listed, number, quoted


@dataclass(frozen=True, eq=False)
class Standardisation:
    """Centres and scales of columns.

    Attributes
    ----------
    names : tuple of str
    centre, scale : array (columns,)
        The mean of what was seen, and its standard deviation (of n, not n - 1).
    """

    names: tuple[str, ...]
    centre: np.ndarray
    scale: np.ndarray

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Give values (..., columns) in standard units."""
        return (np.asarray(values, float) - self.centre) / self.scale

    def undo(self, values: np.ndarray) -> np.ndarray:
        """Give values (..., columns) in standard units in the file's units."""
        return np.asarray(values, float) * self.scale + self.centre

    def in_words(self) -> str:
        """Say what was subtracted and divided by."""
        each = (
            f"{name} ({number(c)}, {number(s)})"
            for name, c, s in zip(self.names, self.centre, self.scale, strict=True)
        )
        return f"standardised by mean and standard deviation: {listed(each)}"


def standardise(names: tuple[str, ...], values: np.ndarray) -> Standardisation:
    """Find mean and standard deviation of each column, missing values aside.

    Parameters
    ----------
    names : tuple of str
    values : array (rows, columns)
        NaN where missing.

    Raises
    ------
    TableError
        If a column has no spread.

    Examples
    --------
    >>> found = standardise(("x",), np.array([[1.0], [3.0], [np.nan]]))
    >>> found.apply([[3.0]]), found.undo([[1.0]])
    (array([[1.]]), array([[3.]]))
    >>> print(found.in_words())
    standardised by mean and standard deviation: x (2, 1)
    """
    values = np.asarray(values, float)
    seen = ~np.isnan(values)
    flat = [name for at, name in enumerate(names) if np.unique(values[seen[:, at], at]).size < 2]
    if flat:
        raise TableError(
            f"{quoted(flat)} cannot be standardised: there are no two different values"
        )
    # The mean of what is left after a value is taken off: near it where numbers are far from 0.
    first = np.array([values[seen[:, at], at][0] for at in range(len(names))])
    centre = first + np.nanmean(values - first, axis=0)
    return Standardisation(tuple(names), centre, np.nanstd(values - centre, axis=0))
