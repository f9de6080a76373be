"""Text with separators, read whole as text: encoding, separator, names, rows of unequal length.

What the texts mean is decided column by column, later, by those who know what a column is for.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from aliquot.errors import TableError
from aliquot.tables.files import MARKS
from aliquot.tables.missing import is_missing
from aliquot.tables.words import count, listed, quoted

if TYPE_CHECKING:
    import polars as pl

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "space"}
# How many records are looked at to find the separator.
LOOKED_AT = 50


@dataclass(frozen=True)
class Delimited:
    """What was found in a file of text.

    Attributes
    ----------
    frame : polars.DataFrame
        All columns as text, null where there is nothing.
    separator, encoding : str
    header : bool
        Whether the first line gives the names.
    unnamed : tuple of str
        The names that were made up.
    blank : int
        Lines without anything, left out.
    """

    frame: pl.DataFrame
    separator: str
    encoding: str
    header: bool
    unnamed: tuple[str, ...]
    blank: int


def read_delimited(
    data: bytes, where: str, suffix: str, separator: str | None, header: bool | None
) -> Delimited:
    """Read text with separators; `where` names the file in errors."""
    import polars as pl

    text, encoding = decoded(data, where)
    separator = separator or found_separator(text, suffix)
    if separator not in SEPARATORS:
        known = ", ".join(SEPARATORS.values())
        raise TableError(f"{where}: the separator {separator!r} is not one of {known}")
    data, blank = even_rows(text, separator, where)
    try:
        frame = pl.read_csv(
            io.BytesIO(data), separator=separator, has_header=False, infer_schema=False
        )
    except pl.exceptions.PolarsError as error:
        said = str(error).strip().splitlines()[0]
        raise TableError(
            f"{where} cannot be read as text separated by {SEPARATORS[separator]}s ({said}): is a "
            "quotation mark not closed?"
        ) from None
    first = [(field or "").strip() for field in frame.row(0)]
    if header is None:
        header = names_come_first(first, where)
    names, unnamed = _names(first if header else [""] * len(first), where)
    frame = frame.slice(1) if header else frame
    if frame.height == 0:
        raise TableError(f"{where} has names ({quoted(names)}) and no rows below them")
    frame.columns = names
    return Delimited(frame, separator, encoding, header, unnamed, blank)


def decoded(data: bytes, where: str) -> tuple[str, str]:
    """Give the text of bytes, with lines that end in a newline, and the encoding."""
    for mark, what in MARKS.items():
        if data.startswith(mark):
            raise TableError(f"{where} is {what} by its content, but named as text")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding, named = "utf-16", "UTF-16"
    else:
        marked = data.startswith(b"\xef\xbb\xbf")
        encoding, named = "utf-8-sig", "UTF-8 with a byte order mark" if marked else "UTF-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text, named = data.decode("latin-1"), "Latin-1 (it is not UTF-8)"
    if "\0" in text:
        raise TableError(f"{where} is not text: there are zero bytes in it")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text, named


def found_separator(text: str, suffix: str) -> str:
    r"""Find the separator: the one that gives the first rows the same number of fields, above one.

    >>> found_separator("a;b\n1,5;2\n", ".csv")
    ';'
    """
    best, choice = (0.0, 0), "\t" if suffix == ".tsv" else ","
    for separator in SEPARATORS:
        if separator == " " and suffix != ".txt":
            continue
        records = csv.reader(io.StringIO(text), delimiter=separator)
        try:
            widths = [len(one) for one in islice((r for r in records if r), LOOKED_AT)]
        except csv.Error:
            continue
        width, agree = Counter(widths).most_common(1)[0]
        first = widths[0] == width  # of the names too, else the separator is within the values
        score = (agree / len(widths) + first, width)
        if width > 1 and score > best:
            best, choice = score, separator
    return choice


def even_rows(text: str, separator: str, where: str) -> tuple[bytes, int]:
    """Leave blank lines out, and refuse rows with more or fewer fields than the first one."""
    data = text.encode()
    blank = _blank_at_the_ends(text)
    widths, empty = _widths(data, separator)
    width = widths[~empty][0]
    if (widths[~empty] == width).all():
        if width == 1 or not empty.any():  # in a single column nothing is a missing value
            return data.strip(b"\n"), blank
        lines = data.split(b"\n")
        return b"\n".join(line for line, out in zip(lines, empty, strict=False) if not out), int(
            empty.sum()
        )
    if b'"' not in data:
        raise TableError(_uneven(widths[~empty], separator, where, data))
    # Separators and line ends within quotation marks: slower, field by field.
    try:
        records = list(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error as error:
        raise TableError(f"{where} cannot be read as a table: {error}") from None
    full = [
        record for record in records if any(field.strip() for field in record) or len(record) > 1
    ]
    widths = np.array([len(record) for record in full])
    if (widths != widths[0]).any():
        raise TableError(_uneven(widths, separator, where, data))
    if len(full) == len(records):
        return data, blank
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows(full)
    return out.getvalue().encode(), len(records) - len(full)


def _blank_at_the_ends(text: str) -> int:
    inner = text.strip("\n")
    return max(0, len(text) - len(inner) - 1)


def _widths(data: bytes, separator: str) -> tuple[np.ndarray, np.ndarray]:
    """Count the fields of each line as if nothing were quoted, and tell which are blank."""
    marks = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(marks == ord("\n"))
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    starts = np.append(0, ends[:-1] + 1)
    cuts = np.flatnonzero(marks == ord(separator))
    widths = np.searchsorted(cuts, ends) - np.searchsorted(cuts, starts) + 1
    empty = ends == starts
    for line in np.flatnonzero((widths == 1) & ~empty)[:1000] if widths.max() > 1 else ():
        empty[line] = not data[starts[line] : ends[line]].strip()
    return widths, empty


def _uneven(widths: np.ndarray, separator: str, where: str, data: bytes) -> str:
    """Say which rows have another number of fields than the first line, and why that may be."""
    off = np.flatnonzero(widths != widths[0])
    some = listed((f"row {at} has {widths[at]}" for at in off), 3)
    said = (
        f"{where}: the first line has {count(int(widths[0]), 'field')} separated by "
        f"{SEPARATORS[separator]}s, but {some}"
    )
    if data.lstrip().startswith(b"#"):
        return f"{said}: take out the lines in front of the names, which begin with #"
    if data.count(b'"') % 2:
        return f"{said}: a quotation mark is not closed"
    if len(off) == len(widths) - 1 and (widths[1:] == widths[0] + 1).all():
        return (
            f"{said}: the first column has no name, or its values have decimal commas (then say "
            "separator=';')"
        )
    return f"{said}: put fields that hold a {SEPARATORS[separator]} in quotation marks"


def names_come_first(first: list[str], where: str) -> bool:
    """Tell whether the first line gives names: no numbers are among them."""
    is_number = [_is_number(field) for field in first]
    if not any(is_number):
        return True
    if all(number or is_missing(field) for number, field in zip(is_number, first, strict=True)):
        return False
    raise TableError(
        f"{where}: the first line ({quoted(first, 5)}) may be names or a row of values: say which, "
        "by header=True or header=False"
    )


def _is_number(field: str) -> bool:
    try:
        return np.isfinite(float(field.replace(",", ".")))
    except ValueError:
        return False


def _names(first: list[str], where: str) -> tuple[list[str], tuple[str, ...]]:
    names = [name or f"column_{k}" for k, name in enumerate(first, 1)]
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise TableError(
            f"{where}: more than one column is named {quoted(twice)}: give each its own name"
        )
    return names, tuple(made for made, name in zip(names, first, strict=True) if not name)
