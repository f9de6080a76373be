"""The data sets that a model is to be fitted to, and what each is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aliquot.errors import DTypeError, ModelError

USER = "aq.fit_many"


@dataclass(frozen=True)
class DataSets:
    """Data sets in their order, with a label each."""

    labels: list[int] | list[str]
    values: list[Any]

    def __len__(self) -> int:
        return len(self.values)


def read_datasets(datasets: Any, by: str | Sequence[str] | None = None) -> DataSets:
    """Read a sequence of data sets, a mapping of such by label, or a table with its groups.

    Raises
    ------
    ModelError
        Where there is none, two have one label, or the table has no such column.
    DTypeError
        For what holds no data sets.

    Examples
    --------
    >>> read_datasets({"y": [1.0, 2.0, 3.0], "g": ["a", "b", "a"]}, by="g").values
    [{'y': array([1., 3.]), 'g': array(['a', 'a'], dtype='<U1')}, \
{'y': array([2.]), 'g': array(['b'], dtype='<U1')}]
    """
    if by is not None:
        return _groups(datasets, by)
    if _is_table(datasets):
        raise ModelError(
            f"{USER}: datasets is a table ({type(datasets).__name__}). Say which column tells its "
            "groups apart, as in by='school', or give a list of tables"
        )
    if isinstance(datasets, str | bytes):
        raise DTypeError(f"{USER}: datasets must be a list of data sets; got {datasets!r:.60}")
    if isinstance(datasets, Mapping):
        found = DataSets(_labels(list(datasets)), list(datasets.values()))
    else:
        try:
            values = list(datasets)
        except TypeError:
            raise DTypeError(
                f"{USER}: datasets must be a list of data sets, a mapping of them by label, or a "
                f"table with by=; got {type(datasets).__name__}"
            ) from None
        found = DataSets(list(range(len(values))), values)
    if not found.values:
        raise ModelError(f"{USER}: datasets is empty: there is nothing to fit")
    return found


def _groups(table: Any, by: str | Sequence[str]) -> DataSets:
    """Cut a table into the groups that one column, or several, tell apart."""
    names = [by] if isinstance(by, str) else list(by)
    columns = _column_names(table)
    for name in names:
        if name not in columns:
            raise ModelError(
                f"{USER}: by={name!r} is no column of the table, which has "
                f"{', '.join(map(repr, columns))}"
            )
    if not names:
        raise ModelError(f"{USER}: by names no column")
    keys = list(zip(*(np.asarray(table[name]).tolist() for name in names), strict=True))
    rows: dict[Any, list[int]] = {}
    for number, key in enumerate(keys):
        if any(part is None or part != part for part in key):
            raise ModelError(
                f"{USER}: by={by!r}: row {number} has no value there. Fill it, or leave the row out"
            )
        rows.setdefault(key, []).append(number)
    if not rows:
        raise ModelError(f"{USER}: the table has no rows")
    labels = [key[0] if len(key) == 1 else ", ".join(map(str, key)) for key in rows]
    return DataSets(_labels(labels), [rows_of(table, np.asarray(r)) for r in rows.values()])


def _labels(given: list[Any]) -> Any:
    """Give labels that can be stored: whole numbers where all are, else texts."""
    whole = all(isinstance(g, int | np.integer) and not isinstance(g, bool) for g in given)
    labels = [int(g) for g in given] if whole else [str(g) for g in given]
    seen: set[Any] = set()
    for label in labels:
        if label in seen:
            raise ModelError(f"{USER}: two data sets are called {label!r}: labels must differ")
        seen.add(label)
    return labels


def _is_table(thing: Any) -> bool:
    return hasattr(thing, "columns") and hasattr(thing, "shape")


def _column_names(table: Any) -> list[Any]:
    if _is_table(table):
        return list(table.columns)
    if isinstance(table, Mapping):
        return list(table)
    raise DTypeError(
        f"{USER}: by= is for a table, a data frame or a mapping of columns by name; got "
        f"{type(table).__name__}"
    )


def rows_in(data: Any) -> int | None:
    """Say how many rows a data set has; None where it has none, or its parts have not as many.

    >>> rows_in([1.0, 2.0]), rows_in({"x": [1.0, 2.0], "scale": 3.0}), rows_in("abc")
    (2, 2, None)
    """
    if isinstance(data, Mapping | tuple):
        parts = data.values() if isinstance(data, Mapping) else data
        lengths = {length for part in parts if (length := rows_in(part)) is not None}
        return lengths.pop() if len(lengths) == 1 else None
    if isinstance(data, np.ndarray) or hasattr(data, "iloc") or _is_table(data):
        return int(data.shape[0]) if data.shape and data.shape[0] else None
    if isinstance(data, list) and data:
        return len(data)
    return None


def rows_of(data: Any, places: np.ndarray) -> Any:
    """Choose rows of a table or of an array, some perhaps several times; what has none is left.

    >>> rows_of({"y": [1.0, 2.0]}, np.array([1, 1]))
    {'y': array([2., 2.])}
    """
    if isinstance(data, Mapping):
        return {name: rows_of(column, places) for name, column in data.items()}
    if isinstance(data, tuple):
        return tuple(rows_of(column, places) for column in data)
    if rows_in(data) is None:
        return data
    if hasattr(data, "iloc"):
        return data.iloc[places]
    if _is_table(data):
        return data[places.tolist()]
    return (data if isinstance(data, np.ma.MaskedArray) else np.asarray(data))[places]
