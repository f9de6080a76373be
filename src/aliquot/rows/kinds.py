"""Which kinds of numbers are read as what, and what is said of those that are not read."""

from __future__ import annotations

import numpy as np

from aliquot.errors import RowsError

READ_AS = {"f": np.dtype(np.float64), "i": np.dtype(np.int64), "b": np.dtype(np.bool_)}
READ_AS["u"] = READ_AS["i"]
MOST = np.iinfo(np.int64).max

TEXT = (
    "holds text: write it as integer codes, such as pandas' column.astype('category').cat.codes "
    "or Polars' column.cast(pl.Categorical).to_physical()"
)
TIMES = (
    "holds times: write them as numbers, such as days since the first, or as integer codes where "
    "they are labels"
)
OTHERS = {
    "U": TEXT,
    "S": TEXT,
    "T": TEXT,
    "M": TIMES,
    "m": TIMES,
    "O": "holds Python objects: write it as numbers, and what is text as integer codes",
    "c": "holds complex numbers: write real and imaginary parts as columns of their own",
    "V": "holds records: write each of their fields as an array of its own",
}


def read_as(dtype: np.dtype, where: str) -> np.dtype:
    """Give the type as which numbers of a NumPy type are read.

    Raises
    ------
    RowsError
        If they are no numbers.

    Examples
    --------
    >>> read_as(np.dtype("float32"), "d.npy"), read_as(np.dtype("uint8"), "d.npy")
    (dtype('float64'), dtype('int64'))
    """
    if dtype.kind not in READ_AS:
        what = OTHERS.get(dtype.kind, "holds no numbers")
        raise RowsError(f"{where} is of type {dtype}; it {what}")
    return READ_AS[dtype.kind]


def together(kinds: list[np.dtype]) -> np.dtype:
    """Give the type as which columns are read side by side: of floats and integers, float64.

    >>> together([np.dtype(bool), np.dtype("int64")])
    dtype('int64')
    """
    return READ_AS[max((kind.kind for kind in kinds), key="bif".index)]


def refuse_beyond(
    values: np.ndarray, where: str, first: int, skipped: int = 0, each: int = 1
) -> None:
    """Refuse integers without a sign that are too large to have one.

    Parameters
    ----------
    values : array (n, ...)
    where : str
    first : int
        The row that is counted from.
    skipped, each : int
        How many entries there are between it and `values`, and how many make a row.
    """
    if values.dtype == np.uint64 and values.size and values.max() > MOST:
        at = first + (skipped + int(np.argwhere(values > MOST)[0][0])) // each
        raise RowsError(
            f"{where}: {values.max():,} in {row(at)} is beyond {MOST:,}, the greatest integer that "
            "is read. Write the column as floats, or as integer codes"
        )


def row(at: int) -> str:
    """Say which row, as arrays count them.

    >>> row(1200)
    'row 1,200 (counted from 0)'
    """
    return f"row {at:,} (counted from 0)"
