"""The numbers in a column, and what in it is neither a number nor missing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aliquot.tables.missing import is_missing
from aliquot.tables.read import DataTable
from aliquot.tables.words import count

if TYPE_CHECKING:
    import polars as pl

# "1,5": a decimal comma, where commas do not separate fields. "1,234.5" and "1.234,5": thousands.
DECIMAL_COMMA = r"^[+-]?\d*,\d+([eE][+-]?\d+)?$"
THOUSANDS = re.compile(r"^[+-]?\d{1,3}([,.' \u00a0]\d{3})+([.,]\d+)?$")
PERCENT = re.compile(r"^[+-]?[\d.,]+\s*%$")
CURRENCY = re.compile(r"^[$€£¥]\s*[\d.,]+$|^[\d.,]+\s*[$€£¥]$")


@dataclass(frozen=True)
class Parsed:
    """A column as numbers.

    Attributes
    ----------
    values : array (n,) of float
        NaN where missing or not a number.
    written : dict from str to int
        How missing values are written, and how often.
    bad : array of int
        The rows that hold something that is neither a number nor missing.
    texts : tuple of str
        What the first of them hold.
    kind : str
        "number", "text", "boolean", "date" or "nested": what the column holds by its type.
    comma : bool
        Whether decimal commas were read as such.
    """

    values: np.ndarray
    written: dict[str, int]
    bad: np.ndarray
    texts: tuple[str, ...]
    kind: str = "number"
    comma: bool = False

    @property
    def seen(self) -> int:
        """How many numbers there are."""
        return int((~np.isnan(self.values)).sum())


def kind(series: pl.Series) -> str:
    """Tell what a column holds by its type."""
    import polars as pl

    dtype = series.dtype
    if dtype.is_numeric():
        return "number"
    if dtype == pl.Boolean:
        return "boolean"
    if dtype.is_temporal():
        return "date"
    text = dtype in (pl.String, pl.Categorical, pl.Enum) or dtype == pl.Null
    return "text" if text else "nested"


def texts(series: pl.Series) -> pl.Series:
    """Give a column as text without spaces around it."""
    import polars as pl

    return series.cast(pl.String).str.strip_chars()


def parsed(table: DataTable, name: str) -> Parsed:
    """Read the numbers of a column; what is not a number is for the caller to judge."""
    import polars as pl

    series = table.frame.get_column(name)
    what = kind(series)
    if what in ("number", "boolean"):
        values = series.cast(pl.Float64).to_numpy()
        empty, nan = series.null_count(), int(series.cast(pl.Float64).is_nan().sum() or 0)
        written = {word: n for word, n in (("", empty), ("NaN", nan)) if n}
        return Parsed(np.array(values), written, np.zeros(0, int), (), what)
    if what != "text":
        rows = np.arange(series.len())
        shown = tuple(str(value) for value in series.head(3).to_list())
        return Parsed(np.full(series.len(), np.nan), {}, rows, shown, what)
    text = texts(series)
    numbers = text.cast(pl.Float64, strict=False)
    comma = False
    if table.separator not in ("", ","):
        comma = bool((numbers.is_null() & text.str.contains(DECIMAL_COMMA)).any())
        comma = comma and not bool(text.str.contains(r"^[+-]?\d*\.\d+$").any())
    if comma:
        swapped = text.str.replace(",", ".", literal=True)
        numbers = pl.select(
            pl.when(text.str.contains(DECIMAL_COMMA))
            .then(swapped.cast(pl.Float64, strict=False))
            .otherwise(numbers)
        ).to_series()
    values = np.array(numbers.fill_null(np.nan).to_numpy())
    no_number = np.flatnonzero(np.isnan(values))
    return Parsed(
        values,
        *_sorted_out(text, no_number),
        "number" if no_number.size < values.size else "text",
        comma,
    )


def _sorted_out(
    text: pl.Series, no_number: np.ndarray
) -> tuple[dict[str, int], np.ndarray, tuple[str, ...]]:
    """Tell the missing values from what is no number, among the rows without one."""
    import polars as pl

    rest = text.gather(pl.Series(no_number, dtype=pl.UInt32)).fill_null("")
    found = rest.value_counts().iter_rows()
    written = {word: n for word, n in found if is_missing(word)}
    bad = np.flatnonzero(~rest.is_in(list(written)).to_numpy())
    return written, no_number[bad], tuple(rest.gather(pl.Series(bad[:3], dtype=pl.UInt32)))


def why_no_number(bad: np.ndarray, shown: tuple[str, ...]) -> str:
    """Show the first entries that are no numbers, with their rows, and say what may be done."""
    first = ", ".join(f"{text!r} in row {row + 1}" for row, text in zip(bad, shown, strict=False))
    rest = len(bad) - len(shown)
    said = first + (f" and {count(rest, 'other')}" if rest > 0 else "")
    if any(PERCENT.match(text) for text in shown):
        return f"{said}: write percentages as numbers, '12%' as 12 or 0.12"
    if any(CURRENCY.match(text) for text in shown):
        return f"{said}: write amounts without the currency"
    if any(THOUSANDS.match(text) for text in shown):
        return f"{said}: write thousands without separators, '1,234' as 1234"
    if any(re.match(DECIMAL_COMMA, text) for text in shown):
        return f"{said}: write decimal points, '1,5' as 1.5"
    return f"{said}: mend them, or leave them empty if they are missing"
