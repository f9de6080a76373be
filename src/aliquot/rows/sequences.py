"""`RowSequences`: consecutive rows with one key as one row of another source, padded."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from aliquot.errors import RowsError
from aliquot.rows.kinds import row
from aliquot.rows.source import Cursor, RowSource
from aliquot.rows.survey import survey

# How many keys are looked at at once.
KEYS = 1 << 17


class RowSequences(RowSource):
    """Sequences, each the consecutive rows with one key, padded to the longest.

    Parameters
    ----------
    source : RowSource
        The rows.
    key_source : RowSource
        A column of integers, or of text read as codes, of as many rows: which sequence each row
        belongs to.

    Raises
    ------
    RowsError
        If the two differ in length, the key is no column of integers, or one comes back after
        others.

    Attributes
    ----------
    lengths : array (sequences,) of int64
        How many rows each has. What follows in a padded sequence are copies of its last row.

    Examples
    --------
    >>> from aliquot.rows.arrays import ArrayRows
    >>> found = RowSequences(ArrayRows(np.array([1.0, 2, 3])), ArrayRows(np.array([7, 7, 4])))
    >>> found.lengths
    array([2, 1])
    >>> with found.open() as cursor:
    ...     cursor.read(0, 2)
    array([[1., 2.],
           [3., 3.]])
    """

    def __init__(self, source: RowSource, key_source: RowSource) -> None:
        if source.rows != key_source.rows:
            raise RowsError(
                f"{source.name} has {source.rows:,} rows, but the key of its sequences, "
                f"{key_source.name}, {key_source.rows:,}: each row has one key"
            )
        if key_source.tail or key_source.dtype.kind != "i":
            raise RowsError(
                f"{key_source.name} cannot say which sequence a row belongs to: one column of "
                "integers, or of text read with codes=True, was expected"
            )
        self.source, self.key_source = source, key_source
        self.name = f"{source.name}, in sequences"
        # Where each begins, and, last, how many rows there are.
        self.begins = _begins(key_source)
        self.lengths = np.diff(self.begins)
        self.rows = len(self.lengths)
        self.tail = (int(self.lengths.max()), *source.tail)
        self.dtype = source.dtype
        found = survey(self)
        # Padded sequences can be the same where their lengths are not.
        lengths = self.lengths.astype("<i8").tobytes()
        digest = hashlib.blake2b(found.digest.encode() + lengths, digest_size=16)
        self.summary = replace(found, digest=digest.hexdigest())

    def open(self) -> Cursor:
        return _SequenceCursor(self)

    def unchanged(self) -> None:
        self.source.unchanged()
        self.key_source.unchanged()


class _SequenceCursor(Cursor):
    def __init__(self, source: RowSequences) -> None:
        super().__init__(source)
        self._begins, self._lengths = source.begins, source.lengths
        self._cursor = source.source.open()

    def _fill(self, start: int, out: np.ndarray) -> None:
        begins = self._begins[start : start + len(out) + 1]
        rows = self._cursor.read(int(begins[0]), int(begins[-1]))
        lengths = self._lengths[start : start + len(out), None]
        steps = np.minimum(np.arange(out.shape[1]), lengths - 1) + (begins[:-1, None] - begins[0])
        # Indices are known to be there: where NumPy is to look, it writes to a copy first.
        rows.take(steps, axis=0, out=out, mode="clip")

    def close(self) -> None:
        self._cursor.close()


class StepsThatCount(RowSource):
    """Of padded sequences, which steps are a sequence's own: rows of truth values (steps,).

    Examples
    --------
    >>> from aliquot.rows.arrays import ArrayRows
    >>> found = RowSequences(ArrayRows(np.array([1.0, 2, 3])), ArrayRows(np.array([7, 7, 4])))
    >>> with StepsThatCount(found).open() as cursor:
    ...     cursor.read(0, 2)
    array([[ True,  True],
           [ True, False]])
    """

    def __init__(self, sequences: RowSequences) -> None:
        self.name = f"{sequences.name}, which steps there are"
        self.lengths, self.rows = sequences.lengths, sequences.rows
        self.tail, self.dtype = sequences.tail[:1], np.dtype(bool)
        self.summary = survey(self)

    def open(self) -> Cursor:
        return _StepsCursor(self)


class _StepsCursor(Cursor):
    def __init__(self, source: StepsThatCount) -> None:
        super().__init__(source)
        self._lengths = source.lengths

    def _fill(self, start: int, out: np.ndarray) -> None:
        np.less(np.arange(out.shape[1]), self._lengths[start : start + len(out), None], out=out)

    def close(self) -> None:
        """Close nothing: there is no file."""


def _begins(keys: RowSource) -> np.ndarray:
    """Find where a key follows another, and refuse one that comes back."""
    places, found = [], []
    last: int | None = None
    with keys.open() as cursor:
        for start in range(0, keys.rows, KEYS):
            block = cursor.read(start, min(start + KEYS, keys.rows))
            new = np.empty(len(block), bool)
            new[0] = last is None or block[0] != last
            np.not_equal(block[1:], block[:-1], out=new[1:])
            places.append(start + np.flatnonzero(new))
            found.append(block[new])
            last = int(block[-1])
    begins, names = np.concatenate(places), np.concatenate(found)
    order = names.argsort(kind="stable")
    back = np.flatnonzero(names[order[1:]] == names[order[:-1]])
    if len(back):
        again = int(order[1:][back].min())
        key = int(names[again])
        earlier = int(np.flatnonzero(names[:again] == key)[-1])
        said = repr(keys.levels[key]) if keys.levels is not None else f"{key}"
        raise RowsError(
            f"{keys.name}: the sequence {said} ends before {row(int(begins[earlier + 1]))}, and "
            f"comes back in {row(int(begins[again]))}, after others. Sort the rows by this column, "
            "in the order of time within each sequence, and write the file again"
        )
    return np.append(begins, keys.rows).astype(np.int64)
