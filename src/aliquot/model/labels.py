"""Reading the labels along a dim: each must be there, be unique, and be found again in results."""

from __future__ import annotations

import datetime
from collections.abc import KeysView, Sequence, ValuesView
from typing import Any

import numpy as np

from aliquot.errors import ModelError, ShapeError

RESERVED = ("chain", "draw")


def as_labels(name: Any, labels: Any) -> np.ndarray:
    """Read the labels along a dim, or its length, and its name.

    Numbers, dates and strings stay what they are; other objects, tuples among them, become strings.
    """
    if not isinstance(name, str):
        raise ModelError(f"a dim's name must be a string; got {name!r}")
    if name in RESERVED:
        raise ModelError(
            f"{name!r} is the name of a dim of every result, so a dim of a model cannot have "
            "it: use another name"
        )
    if isinstance(labels, int | np.integer):
        if isinstance(labels, bool) or labels < 0:
            raise ShapeError(f"dim {name!r} cannot have length {labels}")
        return np.arange(labels)
    array = _as_array(name, labels)
    if array.ndim == 0:
        raise ShapeError(
            f"the coords of dim {name!r} must be a sequence of labels, such as a list, or their "
            f"number; got {labels!r:.60}"
        )
    if array.ndim != 1:
        raise ShapeError(
            f"the coords of dim {name!r} must be one-dimensional; got shape {array.shape}"
        )
    if array.dtype.kind in "fcmM":
        _check_present(name, list(array))
    values, counts = np.unique(array, return_counts=True)
    if len(values) != len(array):
        twice = values[counts > 1][0]
        raise ModelError(
            f"the coords of dim {name!r} hold the same label twice: {str(twice)!r}. Labels must "
            "differ, also as strings where they are of several kinds"
        )
    return array


def _as_array(name: Any, labels: Any) -> np.ndarray:
    if isinstance(labels, str | bytes):
        return np.array(labels)
    ordered = isinstance(labels, Sequence | KeysView | ValuesView)
    if not ordered and not hasattr(labels, "__array__"):
        return np.array(None)
    if hasattr(labels, "__array__"):
        array = np.array(labels)
        if array.dtype != object or array.ndim != 1:
            return array
    items = list(labels)
    _check_present(name, items)
    if items and all(isinstance(item, datetime.date) for item in items):
        if not any(getattr(item, "tzinfo", None) for item in items):
            return np.array(items, dtype="datetime64[us]")
    elif not any(isinstance(item, tuple) for item in items):
        array = np.array(items)
        if array.dtype != object:
            return array
    return np.array([str(item) for item in items], dtype=str)


def _check_present(name: Any, items: list[Any]) -> None:
    """Refuse labels that stand for nothing: nobody could select them in a result."""
    for place, item in enumerate(items):
        if _absent(item):
            raise ModelError(
                f"the coords of dim {name!r} hold a missing label: {item} at position {place}. "
                "Give it a name of its own, such as 'unknown'"
            )


def _absent(item: Any) -> bool:
    # pandas' NA is neither equal to itself nor unequal.
    if item is None or type(item).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(item, float | np.inexact | np.datetime64 | np.timedelta64) and bool(
        item != item
    )
