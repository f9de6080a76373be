"""Rows for estimators: counted by their weights, in an order of their own, in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from aliquot.errors import ParameterError

# Draws times rows times components that are computed at once: 160 MB.
MOST_NUMBERS = 20_000_000
# The fewest rows for which a program is worth making.
FEWEST_ROWS = 16


def as_counts(sample_weight: Any, rows: int) -> np.ndarray:
    """Give the weights of rows as whole numbers: how often each was seen.

    Raises
    ------
    ParameterError
        For weights that are no counts.
    """
    if sample_weight is None:
        return np.ones(rows, np.int64)
    weights = np.asarray(sample_weight, dtype=float)
    if weights.shape not in ((), (rows,)):
        raise ParameterError(
            f"sample_weight must have one number for each of {rows} rows; got shape {weights.shape}"
        )
    weights = np.broadcast_to(weights, (rows,))
    wrong = np.flatnonzero(~np.isfinite(weights) | (weights < 0) | (weights != np.floor(weights)))
    if wrong.size:
        at = int(wrong[0])
        raise ParameterError(
            "sample_weight says how often each row was seen, so it must be whole numbers of at "
            f"least 0; got {weights[at]:g} for row {at}"
        )
    if not weights.any():
        raise ParameterError("sample_weight is zero for all rows, so there is nothing to fit")
    return weights.astype(np.int64)


def in_order(table: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Repeat rows as often as they were seen, in an order that is theirs and not the table's.

    A fit is then the same for the same rows, in whatever order and with whatever weights they are
    given.
    """
    repeated = np.repeat(table, counts, axis=0)
    keys = list(np.nan_to_num(repeated, nan=np.inf).T[::-1])
    return repeated[np.lexsort(keys)]


def pieces(rows: int, numbers_a_row: int) -> Iterator[tuple[np.ndarray, int]]:
    """Cut rows into pieces of one length: the rows of each, the last repeated, and how many count.

    The length is a power of two, so that few programs serve tables of all lengths.
    """
    most = max(FEWEST_ROWS, MOST_NUMBERS // max(numbers_a_row, 1))
    length = FEWEST_ROWS
    while length < min(rows, most):
        length *= 2
    for start in range(0, rows, length):
        stop = min(start + length, rows)
        yield np.minimum(np.arange(start, start + length), stop - 1), stop - start


def in_pieces(
    table: np.ndarray, numbers_a_row: int, function: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Call a function of rows that gives one result a row, along the first axis, piece by piece."""
    found = [function(table[rows])[:count] for rows, count in pieces(len(table), numbers_a_row)]
    return np.concatenate(found)
