"""Rows of Feather files, of which one record batch at a time is in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from aliquot.errors import RowsError
from aliquot.rows.batches import BatchCursor, damaged
from aliquot.rows.column_rows import ColumnRows
from aliquot.rows.columns import ArrowColumns, require_arrow
from aliquot.rows.paths import Located, file
from aliquot.rows.source import Cursor
from aliquot.rows.stamps import Stamps

if TYPE_CHECKING:
    import pyarrow as pa


class FeatherRows(ColumnRows):
    """Columns of a Feather file of version 2, which is Arrow's IPC format. Needs pyarrow.

    Parameters
    ----------
    path : path
    columns : str or sequence of str
        As for `ParquetRows`.
    codes : bool
        As for `ParquetRows`.

    Raises
    ------
    RowsError
        As for `ParquetRows`.

    Examples
    --------
    >>> import tempfile
    >>> import pyarrow as pa
    >>> import pyarrow.feather as feather
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     feather.write_feather(pa.table({"x": [1.0, 2.0, 3.0]}), f"{folder}/d.feather")
    ...     with FeatherRows(f"{folder}/d.feather", "x").open() as cursor:
    ...         cursor.read(1, 3)
    array([2., 3.])
    """

    def __init__(self, path: Located, columns: str | Sequence[str], *, codes: bool = False) -> None:
        require_arrow()
        self.path = file(path)
        if self.path.is_dir() or not self.path.stat().st_size:
            what = "is a folder" if self.path.is_dir() else "is empty"
            raise RowsError(f"{path} {what}: a Feather file was expected")
        self._stamps = Stamps([self.path])
        with damaged(self.path), _opened(self.path) as handle:
            schema = _reader(handle, None).schema
            self.columns = ArrowColumns(schema, columns, self.path.name, codes)
            # Others are not read.
            self.fields = sorted(schema.get_field_index(name) for name in self.columns.names)
            reader = _reader(handle, self.fields)
            batches = range(reader.num_record_batches)
            # Which row the first of each batch is, and, last, how many there are.
            self.begins = [0, *accumulate(reader.get_batch(at).num_rows for at in batches)]
        self._look(self.begins[-1])

    def open(self) -> Cursor:
        return _FeatherCursor(self)


class _FeatherCursor(BatchCursor):
    """For it, each record batch is a file of its own."""

    def __init__(self, source: FeatherRows) -> None:
        super().__init__(source, source.columns, source.begins)
        self._path = source.path
        with damaged(source.path):
            self._handle = _opened(source.path)
            self._reader = _reader(self._handle, source.fields)

    def _called(self, at: int) -> Path:
        return self._path

    def _begin(self, at: int, row: int) -> tuple[Iterator[pa.RecordBatch], int]:
        return iter([self._reader.get_batch(at)]), row

    def close(self) -> None:
        super().close()
        self._handle.close()


def _opened(path: Path) -> pa.NativeFile:
    import pyarrow as pa

    return pa.OSFile(str(path), "rb")


def _reader(handle: pa.NativeFile, fields: list[int] | None) -> pa.RecordBatchFileReader:
    import pyarrow as pa

    options = pa.ipc.IpcReadOptions(use_threads=False, included_fields=fields)
    return pa.ipc.open_file(handle, options=options)
