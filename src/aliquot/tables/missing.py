"""What stands for a missing value, and how many of them there are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aliquot.tables.words import count, listed, rows

# In any capitals, spaces around them aside; a field with nothing in it is missing as well.
WORDS = ("na", "n/a", "nan", "null", ".", "?", "-")


def is_missing(text: str) -> bool:
    """Tell whether a text stands for a missing value.

    >>> is_missing(" N/A "), is_missing("none")
    (True, False)
    """
    text = text.strip()
    return not text or text.lower() in WORDS


@dataclass(frozen=True)
class MissingCounts:
    """Which values of some columns are missing.

    Attributes
    ----------
    counts : dict from str to int
        How many in each column, those without any included.
    written : dict from str to int
        How they are written in the file, ``""`` for nothing, and how often.
    rows : array of int
        The rows with a missing value in any of the columns, counted from 0.
    whole_rows : array of int
        The rows in which all of them are missing.
    """

    counts: dict[str, int]
    written: dict[str, int]
    rows: np.ndarray
    whole_rows: np.ndarray

    def in_words(self) -> str:
        """Say how many values are missing, where, and how they are written."""
        total = sum(self.counts.values())
        if not total:
            return "no missing values"
        where = listed(f"{n:,} in {name}" for name, n in self.counts.items() if n)
        how = listed(
            f"{n:,} {f'as {word!r}' if word else 'empty'}" for word, n in self.written.items()
        )
        said = f"{count(total, 'missing value')} ({where}; {how}) in {count(len(self.rows), 'row')}"
        if len(self.whole_rows):
            said += f"; nothing is seen in {rows(self.whole_rows)}"
        return said


def missing_counts(
    names: tuple[str, ...], missing: np.ndarray, written: dict[str, int]
) -> MissingCounts:
    """Count missing values; `missing` (n, columns) tells which are."""
    counts = {name: int(n) for name, n in zip(names, missing.sum(0), strict=True)}
    written = dict(sorted(written.items(), key=lambda item: (-item[1], item[0])))
    some, whole = np.flatnonzero(missing.any(1)), np.flatnonzero(missing.all(1))
    return MissingCounts(counts, written, some, whole)
