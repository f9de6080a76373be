"""Rows of Parquet files, of which a page at a time is in memory, however large a row group is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from aliquot.errors import RowsError
from aliquot.rows.batches import BatchCursor, damaged, fewer
from aliquot.rows.column_rows import ColumnRows
from aliquot.rows.columns import ArrowColumns, require_arrow
from aliquot.rows.paths import Located, files, said
from aliquot.rows.source import Cursor
from aliquot.rows.stamps import Stamps

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

# What every file begins with.
MARK = b"PAR1"
ENDINGS = (".parquet", ".pq")
# Compressed bytes of a column that are read at once, and how many numbers are unpacked at once.
BUFFER = 1 << 18
NUMBERS = 1 << 16
# Of how many files a cursor keeps what their ends say about them, so as not to read it again.
KNOWN = 256


class ParquetRows(ColumnRows):
    """Columns of Parquet files, one file after another. Needs pyarrow: ``aliquot[arrow]``.

    Parameters
    ----------
    paths : path or sequence of paths
        A file, a folder, a pattern such as ``parts/*.parquet``, or several of these. Files of a
        folder or a pattern are sorted by name; a sequence is read in its order. The columns are of
        the same types in all.
    columns : str or sequence of str
        One name makes rows that are single numbers, or arrays where the column holds lists of one
        length; a sequence of k names rows of shape (k,).
    codes : bool
        Read one column of text as codes, whose meaning is in `levels`: for the keys of sequences.

    Raises
    ------
    RowsError
        If there is no such file or column, a file is damaged, empty or unlike the first, or a
        column holds no numbers or a value that is missing, NaN or infinite; or if pyarrow is not
        installed.

    Examples
    --------
    >>> import tempfile
    >>> import pyarrow as pa
    >>> import pyarrow.parquet as pq
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pq.write_table(pa.table({"x": [1.0, 2.0, 3.0], "n": [4, 5, 6]}), f"{folder}/d.parquet")
    ...     source = ParquetRows(f"{folder}/d.parquet", ["x", "n"])
    ...     with source.open() as cursor:
    ...         cursor.read(1, 3)
    array([[2., 5.],
           [3., 6.]])
    >>> source.name
    "d.parquet, columns 'x', 'n'"
    """

    def __init__(
        self,
        paths: Located | Sequence[Located],
        columns: str | Sequence[str],
        *,
        codes: bool = False,
    ) -> None:
        require_arrow()
        self.paths = files(paths, ENDINGS)
        self._stamps = Stamps(self.paths)
        first, rows = _head(self.paths[0])
        self.columns = ArrowColumns(first, columns, said(paths, self.paths), codes)
        counts = [rows]
        for path in self.paths[1:]:
            schema, rows = _head(path)
            _refuse_unlike(schema, path, first, self.paths[0], self.columns.names)
            counts.append(rows)
        # Which row the first of each file is, and, last, how many there are.
        self.begins = [0, *accumulate(counts)]
        self._look(self.begins[-1])

    def open(self) -> Cursor:
        return _ParquetCursor(self)


class _ParquetCursor(BatchCursor):
    """One file is open at a time."""

    def __init__(self, source: ParquetRows) -> None:
        super().__init__(source, source.columns, source.begins)
        self._paths = source.paths
        self._batch_rows = max(1, NUMBERS // prod(source.tail))
        self._known: dict[int, pq.FileMetaData] = {}
        self._open = -1  # the file that is open
        self._handle: pa.NativeFile | None = None
        self._file: pq.ParquetFile | None = None

    def _called(self, at: int) -> Path:
        return self._paths[at]

    def _begin(self, at: int, row: int) -> tuple[Iterator[pa.RecordBatch], int]:
        """Begin with the row group that the row is in."""
        file = self._opened(at)
        about = file.metadata
        begins = [0]
        for group in range(about.num_row_groups):
            begins.append(begins[-1] + about.row_group(group).num_rows)
        group = bisect_right(begins, row) - 1
        batches = file.iter_batches(
            batch_size=self._batch_rows,
            row_groups=list(range(group, about.num_row_groups)),
            columns=list(self._columns.names),
            use_threads=False,
        )
        return batches, row - begins[group]

    def _opened(self, at: int) -> pq.ParquetFile:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self._open == at and self._file is not None:
            return self._file
        self._shut()
        self._handle = pa.OSFile(str(self._paths[at]), "rb")
        # A buffer has a column read piece by piece. Without one, and with those that are read
        # ahead, all of it in a row group is in memory.
        self._file = file = pq.ParquetFile(
            self._handle, metadata=self._known.get(at), buffer_size=BUFFER, pre_buffer=False
        )
        if file.metadata.num_rows != self._begins[at + 1] - self._begins[at]:
            raise RowsError(fewer(self._paths[at]))
        if len(self._known) < KNOWN:
            self._known[at] = file.metadata
        self._open = at
        return file

    def _shut(self) -> None:
        self._file, self._open = None, -1
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def close(self) -> None:
        super().close()
        self._shut()
        self._known.clear()


def _head(path: Path) -> tuple[pa.Schema, int]:
    """Read the end of a file, which says what is in it."""
    import pyarrow.parquet as pq

    if not path.stat().st_size:
        raise RowsError(f"{path} is empty: a Parquet file was expected")
    with path.open("rb") as content:
        if content.read(len(MARK)) != MARK:
            raise RowsError(
                f"{path} is no Parquet file, which begins with {MARK.decode()}, or was cut off. "
                "Write the table as Parquet, as with pandas' to_parquet or Polars' write_parquet"
            )
    with damaged(path), pq.ParquetFile(path) as file:
        return file.schema_arrow, file.metadata.num_rows


def _refuse_unlike(
    schema: pa.Schema, path: Path, first: pa.Schema, first_path: Path, names: tuple[str, ...]
) -> None:
    for name in names:
        there = schema.get_all_field_indices(name)
        kind = schema.field(there[0]).type if len(there) == 1 else None
        if kind != first.field(name).type:
            found = f"is of type {kind}" if kind else "is not there, or there more than once"
            raise RowsError(
                f"{path.name}, column {name!r}: it {found}, but in {first_path.name} it is of type "
                f"{first.field(name).type}. Files that are read together have the same columns: "
                "write this one again with that type"
            )
