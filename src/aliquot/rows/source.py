"""What every kind of rows on a disk offers: a description that travels, and cursors that read.

A source holds no open file, so it can be sent to other processes. A cursor is one reader's place in
it, with files of its own: threads that read at once have one each.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Self

import numpy as np

from aliquot.rows.memory import aligned


@dataclass(frozen=True, eq=False)
class RowSurvey:
    """What one pass over all rows found. Its name in `aliquot.rows` is `Survey`.

    Attributes
    ----------
    least, greatest : array of the shape of one row
        Over all rows; all numbers are finite.
    least_at, greatest_at : array of int, of the shape of one row
        The rows, counted from 0, where these are first attained.
    digest : str
        Of the numbers themselves, with the shape and the type of a row: two sources that hold the
        same have the same, however they are kept.
    """

    least: np.ndarray
    greatest: np.ndarray
    least_at: np.ndarray
    greatest_at: np.ndarray
    digest: str


class Cursor(ABC):
    """One reader's place in a source. Not for several threads at once.

    Parameters
    ----------
    source : RowSource
    """

    def __init__(self, source: RowSource) -> None:
        self._rows, self._tail, self._dtype = source.rows, source.tail, source.dtype

    def read(self, start: int, stop: int) -> np.ndarray:
        """Read rows, cheaply where they follow those that were read before.

        Parameters
        ----------
        start, stop : int
            Rows `start` to ``stop - 1``, counted from 0.

        Returns
        -------
        array (stop - start, ...)
            In memory of its own, C-contiguous, aligned to 64 bytes.

        Raises
        ------
        IndexError
            If there are no such rows.
        RowsError
            If they cannot be read.
        """
        if not 0 <= start <= stop <= self._rows:
            raise IndexError(f"there are no rows {start} to {stop} of {self._rows}")
        values = aligned((stop - start, *self._tail), self._dtype)
        if stop > start:
            self._fill(start, values)
        return values

    @abstractmethod
    def _fill(self, start: int, out: np.ndarray) -> None:
        """Write the rows from `start` on into `out`, as many as it has."""

    @abstractmethod
    def close(self) -> None:
        """Close what is open. A cursor that is closed is not read again."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class RowSource(ABC):
    """Where rows of numbers are, and what one pass over them found. It can be pickled.

    Attributes
    ----------
    name : str
        What messages call it, such as ``data.parquet, column 'y'``.
    rows : int
    tail : tuple of int
        The shape of one row: () for one column.
    dtype : numpy.dtype
        What is read: float64, int64 or bool.
    summary : RowSurvey
    levels : tuple of str, optional
        Where a column of text is read as codes: what each code stands for.
    """

    name: str
    rows: int
    tail: tuple[int, ...]
    dtype: np.dtype
    summary: RowSurvey
    levels: tuple[str, ...] | None = None

    @property
    def width(self) -> int:
        """How many numbers a row has, at least one."""
        return max(math.prod(self.tail), 1)

    @abstractmethod
    def open(self) -> Cursor:
        """Give a cursor, which is to be closed."""

    def unchanged(self) -> None:  # noqa: B027 (what is in memory has no file to look at)
        """Refuse to go on where a file is another one than when it was surveyed.

        Raises
        ------
        RowsError
            If its size or its time of change is another.
        """
