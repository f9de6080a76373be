"""`categories`: columns of a table as codes of their levels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aliquot.errors import TableError
from aliquot.tables.missing import MissingCounts, is_missing, missing_counts
from aliquot.tables.numbers import counts_rows
from aliquot.tables.parse import kind, parsed, texts
from aliquot.tables.read import DataTable
from aliquot.tables.words import count, listed, quoted

if TYPE_CHECKING:
    pass

# More levels than this are ids or measurements rather than answers.
MOST_LEVELS = 30


@dataclass(frozen=True, eq=False)
class CategoryColumns:
    """Columns as codes.

    Attributes
    ----------
    names : tuple of str
    codes : array (rows, columns) of int
        Places in `levels`, in the table's order; -1 where missing.
    levels : tuple of tuple of str
        Of each column: in the order of the numbers if all are numbers, false before true, else
        sorted as text.
    counts : tuple of array of int
        How often each level is seen.
    missing : MissingCounts
    left_out : dict from str to str
        Columns that were not asked for and not taken, and why.
    notes : tuple of str
    """

    names: tuple[str, ...]
    codes: np.ndarray
    levels: tuple[tuple[str, ...], ...]
    counts: tuple[np.ndarray, ...]
    missing: MissingCounts
    left_out: dict[str, str]
    notes: tuple[str, ...] = ()

    def in_words(self) -> str:
        """Say which columns were taken, with their levels and how often each is seen."""
        columns = (
            f"{name!r} ("
            + listed(f"{level}: {n:,}" for level, n in zip(levels, counts, strict=True))
            + ")"
            for name, levels, counts in zip(self.names, self.levels, self.counts, strict=True)
        )
        said = [f"{count(len(self.names), 'column')} of categories: {listed(columns, 20)}"]
        if self.left_out:
            said.append("left out: " + listed(f"{n!r} ({why})" for n, why in self.left_out.items()))
        return "; ".join([*said, self.missing.in_words(), *self.notes])


@dataclass(frozen=True)
class Coded:
    """One column as codes: -1 where missing."""

    codes: np.ndarray
    levels: tuple[str, ...]
    written: dict[str, int]


def categories(
    table: DataTable,
    names: str | Sequence[str] | None = None,
    *,
    aside: Sequence[str] = (),
    most: int = MOST_LEVELS,
) -> CategoryColumns:
    r"""Give columns as codes of their levels.

    Parameters
    ----------
    table : DataTable
    names : str or sequence of str, optional
        The columns. If not given, all with two levels at least and `most` at most.
    aside : sequence of str
        Columns that have another use, such as ids.
    most : int
        How many levels a column may have.

    Returns
    -------
    CategoryColumns

    Raises
    ------
    TableError
        If a column is not there, has no value, a single level or too many.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from aliquot.tables.read import read_table
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name) / "d.csv"
    >>> _ = path.write_text("q1,q2\nyes,10\nno,9\nyes,?\n")
    >>> found = categories(read_table(path))
    >>> found.levels
    (('no', 'yes'), ('9', '10'))
    >>> found.codes
    array([[ 1,  1],
           [ 0,  0],
           [ 1, -1]])
    >>> folder.cleanup()
    """
    aside = table.chosen(aside, "columns aside")
    left_out: dict[str, str] = {}
    if names is None:
        chosen = _all_categories(table, aside, most, left_out)
    else:
        chosen = table.chosen(names)
        if both := [name for name in chosen if name in aside]:
            raise TableError(f"{quoted(both)} cannot be a column of categories and an id at once")
    if not chosen:
        raise TableError(f"{table.path.name}: no column was chosen")
    coded = {name: _checked(table, name, most) for name in chosen}
    codes = np.column_stack([column.codes for column in coded.values()])
    written: dict[str, int] = {}
    for column in coded.values():
        for word, times in column.written.items():
            written[word] = written.get(word, 0) + times
    seen = tuple(
        np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
        for column in coded.values()
    )
    return CategoryColumns(
        tuple(coded),
        codes,
        tuple(column.levels for column in coded.values()),
        seen,
        missing_counts(tuple(coded), codes < 0, written),
        left_out,
        tuple(_notes(coded, seen)),
    )


def coded(table: DataTable, name: str) -> Coded:
    """Give a column as codes of its levels, however many there are."""
    import polars as pl

    series = table.frame.get_column(name)
    what = kind(series)
    if what == "nested":
        raise TableError(f"the column {name!r} of {table.path.name} holds lists, not categories")
    text = texts(series)
    if what == "text":
        found = text.fill_null("").value_counts()
        values, times = found.to_series(0).to_list(), found.to_series(1).to_list()
        written = {word: n for word, n in zip(values, times, strict=True) if is_missing(word)}
        text = text.set(text.is_in(list(written)), None) if written else text
    else:
        # A float that is whole is the same level as the integer.
        if series.dtype.is_float():
            numbers = [float(v) if v is not None else None for v in series.to_list()]
            text = pl.Series([None if v is None or v != v else f"{v:.17g}" for v in numbers])
        written = {"": text.null_count()} if text.null_count() else {}
    unique = text.drop_nulls().unique().to_list()
    levels, code_of = _ordered(unique)
    codes = text.replace_strict(code_of, default=-1, return_dtype=pl.Int64) if unique else None
    return Coded(
        np.full(table.rows, -1) if codes is None else np.array(codes.fill_null(-1).to_numpy()),
        levels,
        written,
    )


def _ordered(unique: list[str]) -> tuple[tuple[str, ...], dict[str, int]]:
    """Order levels as numbers if all are; "1", "1.0" and "01" are then one level."""
    try:
        number_of = {text: float(text) for text in unique}
    except ValueError:
        levels = sorted(unique)
        return tuple(levels), {text: at for at, text in enumerate(levels)}
    # The shortest way in which a level is written is its name: the last one that is put in.
    named = {number_of[text]: text for text in sorted(unique, key=len, reverse=True)}
    values = sorted(named)
    place = {value: at for at, value in enumerate(values)}
    return tuple(named[v] for v in values), {text: place[v] for text, v in number_of.items()}


def _checked(table: DataTable, name: str, most: int) -> Coded:
    where = f"the column {name!r} of {table.path.name}"
    if distinct := _far_too_many(table, name, most):
        raise TableError(_too_many(where, distinct, table.frame.get_column(name).head(3), most))
    column = coded(table, name)
    if not column.levels:
        raise TableError(f"{where} has no values: all {table.rows:,} are missing")
    if len(column.levels) == 1:
        raise TableError(
            f"{where} tells no rows apart: it is {column.levels[0]!r} in every row seen. "
            "Leave it out"
        )
    if len(column.levels) > most:
        raise TableError(_too_many(where, len(column.levels), column.levels, most))
    return column


def _far_too_many(table: DataTable, name: str, most: int) -> int:
    """Count different values where they are far more than levels can be, else give 0.

    A tenfold of them leaves room for what is written in several ways, as 1 and 1.0.
    """
    series = table.frame.get_column(name)
    distinct = 0 if kind(series) == "nested" else series.n_unique()
    return distinct if distinct > 10 * most else 0


def _too_many(where: str, levels: int, some: Iterable[object], most: int) -> str:
    return (
        f"{where} has {levels:,} levels ({listed(some, 3)}), more than {most}: is it an id, or a "
        "measurement? Leave it out, or group its values"
    )


def _all_categories(
    table: DataTable, aside: Sequence[str], most: int, left_out: dict[str, str]
) -> list[str]:
    """Take every column with a number of levels that answers have."""
    chosen = []
    for name in table.names:
        if name in aside:
            continue
        if kind(table.frame.get_column(name)) == "nested":
            left_out[name] = "lists"
            continue
        levels = _far_too_many(table, name, most) or len(coded(table, name).levels)
        numeric = parsed(table, name)
        if not numeric.bad.size and counts_rows(numeric.values):
            left_out[name] = "it counts the rows"
        elif levels < 2:
            left_out[name] = "one value" if levels else "nothing is seen"
        elif levels > most:
            left_out[name] = count(levels, "level")
        else:
            chosen.append(name)
    if not chosen:
        raise TableError(
            f"{table.path.name} has no column of categories: "
            + listed(f"{name!r} ({why})" for name, why in left_out.items())
        )
    return chosen


def _notes(coded: dict[str, Coded], seen: tuple[np.ndarray, ...]) -> list[str]:
    """Say what may not be what was meant: levels seen once in all but one row, or nearly alike."""
    notes = []
    for (name, column), counts in zip(coded.items(), seen, strict=True):
        if len(counts) == 2 and counts.min() == 1 and counts.max() > 2:
            row = int(np.flatnonzero(column.codes == counts.argmin())[0]) + 1
            notes.append(
                f"{name!r} is {column.levels[counts.argmax()]} everywhere but in row {row}"
            )
        plain: dict[str, list[str]] = {}
        for level in column.levels:
            plain.setdefault(level.casefold(), []).append(level)
        alike = [quoted(group) for group in plain.values() if len(group) > 1]
        if alike:
            notes.append(f"{name!r} has levels that differ in capitals alone: {'; '.join(alike)}")
    return notes
