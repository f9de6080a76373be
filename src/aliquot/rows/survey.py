"""The one pass over all rows that is made when a source is: refusals, extremes, a digest."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np

from aliquot.errors import RowsError
from aliquot.rows.kinds import row
from aliquot.rows.source import RowSource, RowSurvey

# How many numbers are looked at at once: one megabyte.
NUMBERS = 1 << 17
# How many numbers side by side are compared at once.
WIDE = 512

NO_MISSING = (
    "Rows that are read from a disk have no missing values: leave such rows out, or fill them in, "
    "and write the file again"
)


def survey(source: RowSource, columns: Sequence[str] = (), where: str = "") -> RowSurvey:
    """Look at all rows once.

    Parameters
    ----------
    source : RowSource
        One that has all but its summary.
    columns : sequence of str
        The names of what stands side by side in a row, if it has names.
    where : str
        What these are columns of.

    Raises
    ------
    RowsError
        If there are no rows, or a number is NaN or infinite.
    """
    if not source.rows or 0 in source.tail:
        what = "no rows" if not source.rows else f"no numbers in a row: its shape is {source.tail}"
        raise RowsError(f"{source.name} is empty: it has {what}")
    size = max(1, NUMBERS // math.prod(source.tail))
    # What is read is the same on machines of either order of bytes.
    little = source.dtype.newbyteorder("<")
    digest = hashlib.blake2b(f"{little.str} {source.tail}".encode(), digest_size=16)
    least = greatest = least_at = greatest_at = np.empty(0)
    with source.open() as cursor:
        for start in range(0, source.rows, size):
            block = cursor.read(start, min(start + size, source.rows))
            low, high = _over_rows(np.minimum, block), _over_rows(np.maximum, block)
            if block.dtype.kind == "f" and not (np.isfinite(low) & np.isfinite(high)).all():
                raise RowsError(_not_finite(block, start, source.name, columns, where))
            digest.update(block.astype(little, copy=False).data)
            if start == 0:
                least, greatest = low, high
                least_at, greatest_at = _places(block, start)
                continue
            if (low < least).any() or (high > greatest).any():
                low_at, high_at = _places(block, start)
                least_at = np.where(low < least, low_at, least_at)
                greatest_at = np.where(high > greatest, high_at, greatest_at)
                least, greatest = np.minimum(least, low), np.maximum(greatest, high)
    return RowSurvey(
        np.asarray(least),
        np.asarray(greatest),
        np.asarray(least_at),
        np.asarray(greatest_at),
        digest.hexdigest(),
    )


def _over_rows(reduce: np.ufunc, block: np.ndarray) -> np.ndarray:
    """Reduce over rows, narrow ones many at a time: of two columns, 10 times as fast."""
    if block.ndim == 1:
        return np.asarray(reduce.reduce(block))
    each = block[0].size
    at_once = max(1, WIDE // each)
    whole = len(block) // at_once * at_once
    left = block[whole:].reshape(-1, each)
    if whole:
        wide = reduce.reduce(block[:whole].reshape(-1, at_once * each), axis=0)
        left = np.concatenate([wide.reshape(at_once, each), left])
    return np.asarray(reduce.reduce(left, axis=0)).reshape(block.shape[1:])


def _places(block: np.ndarray, start: int) -> tuple[np.ndarray, np.ndarray]:
    return start + np.asarray(block.argmin(axis=0)), start + np.asarray(block.argmax(axis=0))


def _not_finite(
    block: np.ndarray, start: int, name: str, columns: Sequence[str], where: str
) -> str:
    at, *place = (int(index) for index in np.argwhere(~np.isfinite(block))[0])
    value = block[(at, *place)]
    said = "NaN" if np.isnan(value) else f"an infinite number ({value:+})"
    if columns:
        name = f"{where}, column {columns[place[0] if len(columns) > 1 else 0]!r}"
        place = [] if len(columns) > 1 else place
    if place and block[0].size > 1:
        said += f" in place {place} of"
        return f"{name}: {said} {row(start + at)}. {NO_MISSING}"
    return f"{name}: {said} in {row(start + at)}. {NO_MISSING}"
