"""From a path to bytes: which kind of file it is, and what is wrong where there is none."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from aliquot.errors import TableError
from aliquot.tables.words import nearest, quoted

DELIMITED = (".csv", ".tsv", ".txt")
PARQUET = (".parquet", ".pq")
# What other programs write, and how it becomes a table that can be read.
ELSEWHERE = {
    ".xlsx": "save the sheet as CSV",
    ".xls": "save the sheet as CSV",
    ".ods": "save the sheet as CSV",
    ".numbers": "export the sheet as CSV",
    ".rds": "write it with R's write.csv(d, file, row.names = FALSE)",
    ".rda": "write it with R's write.csv(d, file, row.names = FALSE)",
    ".rdata": "write it with R's write.csv(d, file, row.names = FALSE)",
    ".sav": "export it as CSV",
    ".dta": "export it as CSV",
    ".feather": "write it as Parquet",
    ".arrow": "write it as Parquet",
    ".json": "write it as CSV",
    ".zip": "unpack it first",
}
# How the first bytes tell a file that is not what its name says.
MARKS = {b"PK\x03\x04": "an Excel or zip file", b"PAR1": "a Parquet file", b"%PDF": "a PDF"}


def kind_of(path: Path) -> str:
    """Give the ending that decides how a file is read, ``.gz`` aside.

    >>> kind_of(Path("survey.CSV.gz"))
    '.csv'
    """
    suffix = (path.with_suffix("") if path.suffix.lower() == ".gz" else path).suffix.lower()
    if suffix in DELIMITED or suffix in PARQUET:
        return suffix
    advice = ELSEWHERE.get(suffix, "if it is text, give it the ending .csv")
    what = f"files that end in {suffix}" if suffix else "files without an ending"
    raise TableError(
        f"{path}: {what} are not read, but .csv, .tsv, .txt (also with .gz) and .parquet: {advice}"
    )


def content(path: Path) -> bytes:
    """Read a file's bytes, unpacked.

    Raises
    ------
    TableError
        If there is no such file (with the names most like it), it is a folder, may not be read, is
        empty or is damaged.
    """
    if path.is_dir():
        inside = sorted(p.name for p in path.iterdir() if p.suffix.lower() in DELIMITED + PARQUET)
        there = f"; in it are {quoted(inside)}" if inside else ""
        raise TableError(f"{path} is a folder, but a file was expected{there}")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise TableError(_not_there(path)) from None
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror or error}") from None
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            raise TableError(f"{path} is damaged: it cannot be unpacked as gzip") from None
    if not data.strip():
        raise TableError(f"{path} is empty: a line with the columns' names and rows were expected")
    return data


def _not_there(path: Path) -> str:
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}, so no file {path.name} in it"
    there = [p.name for p in path.parent.iterdir() if p.is_file()]
    tables = [name for name in there if Path(name).suffix.lower() in DELIMITED + PARQUET]
    where = "this folder" if path.parent == Path() else str(path.parent)
    if meant := nearest(path.name, there):
        return f"there is no file {path}: was {' or '.join(map(repr, meant))} in {where} meant?"
    found = f"; in {where} are {quoted(sorted(tables))}" if tables else ""
    return f"there is no file {path}{found}"
