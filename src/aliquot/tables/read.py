"""`read_table`: a table from a file of text or Parquet, and what it was like."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from aliquot.errors import TableError
from aliquot.tables.delimited import SEPARATORS, read_delimited
from aliquot.tables.files import PARQUET, content, kind_of
from aliquot.tables.words import count, nearest, quoted

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class DataTable:
    """A table as it is in its file, row by row, and how it was read.

    Attributes
    ----------
    path : Path
    frame : polars.DataFrame
        The columns: text where the file is text, else of the types that the file gives.
    format : str
        What the file is, in words: "CSV separated by commas, UTF-8", "Parquet".
    separator : str
        Between fields; empty for Parquet.
    header : bool
        Whether the file names its columns.
    unnamed : tuple of str
        The names that were made up, for columns without one.
    blank : int
        Lines without anything, left out.
    """

    path: Path
    frame: pl.DataFrame
    format: str
    separator: str = ""
    header: bool = True
    unnamed: tuple[str, ...] = ()
    blank: int = 0

    @property
    def names(self) -> list[str]:
        """The columns' names, in the file's order."""
        return self.frame.columns

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.frame.height

    def in_words(self) -> str:
        """Say what was read."""
        said = (
            f"{self.path.name}: {count(self.rows, 'row')} and {count(len(self.names), 'column')} "
            f"({quoted(self.names)}), {self.format}"
        )
        if not self.header:
            said += f"; the first line is not names, so columns are named {quoted(self.names)}"
        elif self.unnamed:
            said += f"; without a name, and so named here: {quoted(self.unnamed)}"
        if self.blank:
            said += f"; {count(self.blank, 'blank line')} left out"
        return said

    def chosen(self, names: str | Sequence[str], what: str = "columns") -> list[str]:
        """Give the names of columns after a look that each is there, once.

        Raises
        ------
        TableError
            If one is not (with the names most like it), or is given twice.
        """
        names = [names] if isinstance(names, str) else list(names)
        for at, name in enumerate(names):
            if name not in self.names:
                there = f"columns are {quoted(self.names, 20)}"
                meant = " or ".join(map(repr, nearest(name, self.names)))
                advice = f"was {meant} meant? The {there}" if meant else f"the {there}"
                raise TableError(f"{self.path.name} has no column {name!r}: {advice}")
            if name in names[:at]:
                raise TableError(
                    f"the column {name!r} is given twice among the {what}: once is enough"
                )
        return names


def read_table(
    path: str | PathLike[str], *, separator: str | None = None, header: bool | None = None
) -> DataTable:
    r"""Read a table from a file: .csv, .tsv or .txt, also with .gz, or .parquet.

    Parameters
    ----------
    path : path-like
    separator : str, optional
        Between fields of text: comma, semicolon, tab, bar or space. If not given, it is found.
    header : bool, optional
        Whether the first line of text gives the names. If not given, it does where none of its
        fields is a number.

    Returns
    -------
    DataTable

    Raises
    ------
    ImportError
        If Polars is not installed.
    TableError
        If the file is not there, empty or damaged, two columns have one name, rows have different
        numbers of fields, or there are no rows.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name) / "prices.csv"
    >>> _ = path.write_text("name;price\nMilk;1,25\nBread;2,40\n")
    >>> table = read_table(path)
    >>> print(table.in_words())
    prices.csv: 2 rows and 2 columns ('name', 'price'), text separated by semicolons, UTF-8
    >>> folder.cleanup()
    """
    require_polars()
    path = Path(path)
    data = content(path)
    suffix = kind_of(path)
    if suffix in PARQUET:
        return DataTable(path, _parquet(data, path), "Parquet")
    found = read_delimited(data, path.name, suffix, separator, header)
    return DataTable(
        path,
        found.frame,
        f"text separated by {SEPARATORS[found.separator]}s, {found.encoding}"
        if found.frame.width > 1
        else f"text, {found.encoding}",
        found.separator,
        found.header,
        found.unnamed,
        found.blank,
    )


def require_polars() -> None:
    """Refuse to go on without Polars, saying how to install it."""
    try:
        import polars  # noqa: F401
    except ImportError as error:
        raise ImportError(
            'tables are read with Polars, which is not installed: pip install "aliquot[tables]"'
        ) from error


def _parquet(data: bytes, path: Path) -> pl.DataFrame:
    import polars as pl

    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except (Exception, pl.exceptions.PanicException) as error:
        said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise TableError(f"{path} is not Parquet, or is damaged: {said}") from None
    if frame.width == 0 or frame.height == 0:
        raise TableError(f"{path} has no {'rows' if frame.width else 'columns'}")
    return frame
