"""`numbers`: columns of a table as one array of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aliquot.errors import TableError
from aliquot.tables.missing import MissingCounts, missing_counts
from aliquot.tables.parse import Parsed, parsed, why_no_number
from aliquot.tables.read import DataTable
from aliquot.tables.words import count, listed, number, quoted, rows

# A column of text that is not asked for is an error, not left out, if this much of it is numbers.
MOSTLY = 0.5


@dataclass(frozen=True, eq=False)
class NumberColumns:
    """Columns as numbers.

    Attributes
    ----------
    names : tuple of str
    values : array (rows, columns) of float
        In the table's order; NaN where missing.
    missing : MissingCounts
    left_out : dict from str to str
        Columns that were not asked for and not taken, and why.
    notes : tuple of str
        What was noticed, in words.
    """

    names: tuple[str, ...]
    values: np.ndarray
    missing: MissingCounts
    left_out: dict[str, str]
    notes: tuple[str, ...] = ()

    def in_words(self) -> str:
        """Say which columns were taken, and what is missing."""
        said = [f"{count(len(self.names), 'column')} of numbers: {quoted(self.names)}"]
        if self.left_out:
            said.append("left out: " + listed(f"{n!r} ({why})" for n, why in self.left_out.items()))
        return "; ".join([*said, self.missing.in_words(), *self.notes])


def numbers(
    table: DataTable,
    names: str | Sequence[str] | None = None,
    *,
    aside: Sequence[str] = (),
    constant: bool = False,
    least: int = 1,
) -> NumberColumns:
    r"""Give columns as numbers.

    Parameters
    ----------
    table : DataTable
    names : str or sequence of str, optional
        The columns. If not given, all that hold numbers, but for those that count the rows or have
        a single value.
    aside : sequence of str
        Columns that have another use, such as ids.
    constant : bool
        Whether a column may have a single value.
    least : int
        How many rows with something seen are needed.

    Returns
    -------
    NumberColumns

    Raises
    ------
    TableError
        If a column is not there, holds something else than numbers (where, and what to do), is
        infinite somewhere, has no value or a single one, or there are too few rows.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from aliquot.tables.read import read_table
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name) / "d.csv"
    >>> _ = path.write_text("who,x,y\nAnn,1.5,NA\nBo,2.5,3\nCy,,4\n")
    >>> found = numbers(read_table(path))
    >>> found.values
    array([[1.5, nan],
           [2.5, 3. ],
           [nan, 4. ]])
    >>> print(found.in_words())
    2 columns of numbers: 'x', 'y'; left out: 'who' (text);
    2 missing values (1 in x, 1 in y; 1 empty, 1 as 'NA') in
    2 rows
    >>> folder.cleanup()
    """
    aside = table.chosen(aside, "columns aside")
    left_out: dict[str, str] = {}
    if names is None:
        found = _all_numbers(table, aside, constant, left_out)
    else:
        chosen = table.chosen(names)
        if both := [name for name in chosen if name in aside]:
            raise TableError(f"{quoted(both)} cannot be a column of numbers and an id at once")
        found = {name: parsed(table, name) for name in chosen}
    if not found:
        raise TableError(f"{table.path.name}: no column was chosen")
    for name, column in found.items():
        _check(table, name, column, constant)
    values = np.column_stack([column.values for column in found.values()])
    written: dict[str, int] = {}
    for column in found.values():
        for word, times in column.written.items():
            written[word] = written.get(word, 0) + times
    missing = missing_counts(tuple(found), np.isnan(values), written)
    if (seen := table.rows - len(missing.whole_rows)) < least:
        raise TableError(
            f"{table.path.name} has {count(seen, 'row')} with something seen in "
            f"{quoted(found)}; at least {least} are needed"
        )
    return NumberColumns(tuple(found), values, missing, left_out, tuple(_notes(found)))


def _all_numbers(
    table: DataTable, aside: Sequence[str], constant: bool, left_out: dict[str, str]
) -> dict[str, Parsed]:
    """Take every column of numbers, and say why the others are left out."""
    found = {}
    for name in table.names:
        if name in aside:
            continue
        column = parsed(table, name)
        if column.kind == "date":
            left_out[name] = "dates"
        elif column.kind == "nested":
            left_out[name] = "lists"
        elif column.seen == 0:
            left_out[name] = "text" if len(column.bad) else "nothing is seen"
        elif len(column.bad):
            if column.seen < MOSTLY * (column.seen + len(column.bad)):
                left_out[name] = "text"
            else:
                found[name] = column  # refused by the check, with the entries in question
        elif counts_rows(column.values):
            left_out[name] = "it counts the rows"
        elif not constant and (only := _only_value(column)) is not None:
            left_out[name] = f"{number(only)} wherever it is seen"
        else:
            found[name] = column
    if not found:
        raise TableError(
            f"{table.path.name} has no column of numbers: "
            + listed(f"{name!r} ({why})" for name, why in left_out.items())
        )
    return found


def counts_rows(values: np.ndarray) -> bool:
    """Tell whether a column numbers the rows, from 0 or 1: written by a program, not observed.

    >>> counts_rows(np.array([1.0, 2, 3])), counts_rows(np.array([1.0, 3, 2]))
    (True, False)
    """
    if len(values) < 3 or values[0] not in (0.0, 1.0):
        return False
    return bool((values == np.arange(len(values)) + values[0]).all())


def _check(table: DataTable, name: str, column: Parsed, constant: bool) -> None:
    """Refuse a column that cannot be used as numbers."""
    where = f"the column {name!r} of {table.path.name}"
    if column.kind in ("date", "nested"):
        what = "dates" if column.kind == "date" else "lists"
        raise TableError(f"{where} holds {what} ({column.texts[0]}), but numbers were expected")
    if len(column.bad):
        some = count(len(column.bad), "entry", "entries")
        raise TableError(
            f"{where} should hold numbers, but {some} of {table.rows:,} "
            f"{'is' if len(column.bad) == 1 else 'are'} not: "
            f"{why_no_number(column.bad, column.texts)}"
        )
    if infinite := np.flatnonzero(np.isinf(column.values)).tolist():
        raise TableError(f"{where} is infinite in {rows(infinite)}: leave such values empty")
    if column.seen == 0:
        raise TableError(f"{where} has no values: all {table.rows:,} are missing")
    only = None if constant else _only_value(column)
    if only is not None:
        why = "only one is seen" if column.seen == 1 else f"it is {number(only)} in every row seen"
        raise TableError(f"{where} tells no rows apart: {why}. Leave it out")


def _only_value(column: Parsed) -> float | None:
    """Give the one value that a column has wherever it is seen, if it has only one."""
    seen = column.values[~np.isnan(column.values)]
    return float(seen[0]) if (seen == seen[0]).all() else None


def _notes(found: dict[str, Parsed]) -> list[str]:
    """Say what may not be what was meant."""
    notes = []
    if comma := [name for name, column in found.items() if column.comma]:
        notes.append(f"decimal commas in {quoted(comma)}")
    if truth := [name for name, column in found.items() if column.kind == "boolean"]:
        notes.append(f"true is 1 and false 0 in {quoted(truth)}")
    for name, column in found.items():
        seen = column.values[~np.isnan(column.values)]
        if len(seen) < 4:
            continue
        # All but one the same: then at least two of the first three are.
        common = float(np.median(seen[:3]))
        odd = np.flatnonzero((column.values != common) & ~np.isnan(column.values))
        if len(odd) == 1:
            notes.append(f"{name!r} is {number(common)} everywhere but in row {odd[0] + 1}")
    return notes
