"""Columns as they are: ids kept aside, and what a formula asks for by name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aliquot.errors import TableError
from aliquot.tables.categories import coded
from aliquot.tables.missing import is_missing
from aliquot.tables.parse import kind, parsed, texts
from aliquot.tables.read import DataTable
from aliquot.tables.words import count, rows


def ids(table: DataTable, name: str) -> np.ndarray:
    """Give a column that names rows, as text, which results are joined on.

    Raises
    ------
    TableError
        If it is not there, or empty somewhere, or names two rows alike.
    """
    (name,) = table.chosen([name], "ids")
    text = texts(table.frame.get_column(name)).fill_null("")
    where = f"the column {name!r} of {table.path.name}"
    if none := [at for at, one in enumerate(text.to_list()) if is_missing(one)]:
        raise TableError(f"{where} names rows, but is empty in {rows(none)}")
    if text.n_unique() < text.len():
        twice = text.filter(text.is_duplicated())
        places = np.flatnonzero((text == twice[0]).to_numpy())
        raise TableError(
            f"{where} names rows, but {twice[0]!r} is in {rows(places)}, and "
            f"{count(twice.n_unique(), 'name')} in all more than once"
        )
    return text.to_numpy().astype(object)


def variables(table: DataTable, names: str | Sequence[str]) -> dict[str, np.ndarray]:
    """Give columns by what they hold: numbers as float with NaN, all else as text with None.

    What a formula of a regression needs: a column of numbers is one term, of text a set of levels.

    Raises
    ------
    TableError
        If a column is not there.
    """
    found: dict[str, np.ndarray] = {}
    for name in table.chosen(names):
        what = kind(table.frame.get_column(name))
        column = parsed(table, name)
        if what != "boolean" and column.seen and not len(column.bad):
            found[name] = column.values
            continue
        codes = coded(table, name)
        levels = np.array([*codes.levels, None], dtype=object)
        found[name] = levels[codes.codes]
    return found
