"""Rows of Arrow data: tables in memory, and datasets of many files of any format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aliquot.errors import RowsError
from aliquot.rows.batches import BatchCursor, damaged
from aliquot.rows.column_rows import ColumnRows
from aliquot.rows.columns import ArrowColumns, require_arrow
from aliquot.rows.parquet import NUMBERS, ParquetRows
from aliquot.rows.source import Cursor, RowSource
from aliquot.rows.stamps import Stamps
from aliquot.tables.words import count

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds


class TableRows(ColumnRows):
    """Columns of an Arrow table in memory.

    Parameters
    ----------
    table : pyarrow.Table or pyarrow.RecordBatch
    columns : str or sequence of str
        As for `ParquetRows`.
    codes : bool
        As for `ParquetRows`.

    Raises
    ------
    RowsError
        If there is no such column, or it holds no numbers or a value that is missing, NaN or
        infinite.

    Examples
    --------
    >>> import pyarrow as pa
    >>> source = TableRows(pa.table({"x": [1.0, 2.0, 3.0]}), "x")
    >>> with source.open() as cursor:
    ...     cursor.read(1, 3)
    array([2., 3.])
    """

    def __init__(
        self,
        table: pa.Table | pa.RecordBatch,
        columns: str | Sequence[str],
        *,
        codes: bool = False,
    ) -> None:
        require_arrow()
        self.columns = ArrowColumns(table.schema, columns, "an Arrow table", codes)
        # What a table does not hold is not sent to another process with it.
        self.table = table.select(list(self.columns.names))
        self._look(len(table))

    def open(self) -> Cursor:
        return _TableCursor(self)


class _TableCursor(Cursor):
    def __init__(self, source: TableRows) -> None:
        super().__init__(source)
        self._table, self._columns = source.table, source.columns

    def _fill(self, start: int, out: np.ndarray) -> None:
        for place, name in enumerate(self._columns.names):
            column, done = self._table.column(name).slice(start, len(out)), 0
            for array in getattr(column, "chunks", [column]):
                piece = out[done : done + len(array)]
                self._columns.write(place, array, piece, start + done)
                done += len(array)

    def close(self) -> None:
        pass


def dataset_rows(
    dataset: ds.Dataset, columns: str | Sequence[str], *, codes: bool = False
) -> RowSource:
    """Give columns of a `pyarrow.dataset.Dataset`, its files one after another.

    Parquet files on this machine are read as `ParquetRows` reads them, a page at a time, where
    their columns are in them as in the dataset. Of what else there is, the memory is up to the
    format: of Parquet that of a row group, of others that of what pyarrow reads ahead.

    Parameters
    ----------
    dataset : pyarrow.dataset.Dataset
    columns : str or sequence of str
        As for `ParquetRows`.
    codes : bool
        As for `ParquetRows`.

    Raises
    ------
    RowsError
        As for `ParquetRows`; and if the dataset has a filter.

    Examples
    --------
    >>> import pyarrow as pa
    >>> import pyarrow.dataset as ds
    >>> dataset_rows(ds.dataset(pa.table({"x": [1.0, 2.0]})), "x").rows
    2
    """
    require_arrow()
    paths = _paths(dataset)
    _fragments(dataset, _said(paths))  # refuses a filter
    if paths and dataset.format.default_extname == "parquet":
        import pyarrow.parquet as pq

        names = [columns] if isinstance(columns, str) else list(columns)
        with damaged(paths[0]):
            schema = pq.read_schema(paths[0])
        known = (set(names) <= set(one.names) for one in (schema, dataset.schema))
        if all(known) and all(schema.field(n).type == dataset.schema.field(n).type for n in names):
            return ParquetRows(paths, columns, codes=codes)
    return DatasetRows(dataset, columns, codes=codes)


class DatasetRows(ColumnRows):
    """Columns of a dataset of files, as pyarrow scans them: see `dataset_rows`.

    A read that does not follow the last one scans a file from its beginning.

    Parameters
    ----------
    dataset : pyarrow.dataset.Dataset
    columns : str or sequence of str
    codes : bool

    Raises
    ------
    RowsError
        As for `dataset_rows`.
    """

    def __init__(
        self, dataset: ds.Dataset, columns: str | Sequence[str], *, codes: bool = False
    ) -> None:
        require_arrow()
        paths = _paths(dataset)
        self._stamps = Stamps(paths)
        self.dataset = dataset
        where = _said(paths)
        self.columns = ArrowColumns(dataset.schema, columns, where, codes)
        with damaged(where):
            counts = [fragment.count_rows() for fragment in _fragments(dataset, where)]
        self.begins = [0, *accumulate(counts)]
        self._look(self.begins[-1])

    def open(self) -> Cursor:
        return _DatasetCursor(self)


class _DatasetCursor(BatchCursor):
    def __init__(self, source: DatasetRows) -> None:
        super().__init__(source, source.columns, source.begins)
        self._schema = source.dataset.schema
        self._fragments = list(source.dataset.get_fragments())
        self._batch_rows = max(1, NUMBERS // prod(source.tail))

    def _called(self, at: int) -> str:
        fragment = self._fragments[at]
        return getattr(fragment, "path", None) or self._columns.where

    def _begin(self, at: int, row: int) -> tuple[Iterator[pa.RecordBatch], int]:
        fragment = self._fragments[at]
        # Of Parquet, a scan of a file has several row groups in memory: each is scanned alone.
        split = getattr(fragment, "split_by_row_group", None)
        parts = split() if split else [fragment]
        while split and parts and (rows := parts[0].count_rows()) <= row:
            row -= rows
            del parts[0]
        return self._scanned(parts), row

    def _scanned(self, parts: list[ds.Fragment]) -> Iterator[pa.RecordBatch]:
        for part in parts:
            scanner = part.scanner(
                schema=self._schema,
                columns=list(self._columns.names),
                batch_size=self._batch_rows,
                batch_readahead=1,
                fragment_readahead=1,
                use_threads=False,
            )
            yield from scanner.to_batches()


def _paths(dataset: ds.Dataset) -> list[Path]:
    """Give the files of a dataset on this machine; of others none."""
    import pyarrow.fs as fs

    if not isinstance(getattr(dataset, "filesystem", None), fs.LocalFileSystem):
        return []
    return [Path(path).absolute() for path in dataset.files]


def _said(paths: list[Path]) -> str:
    if len(paths) == 1:
        return paths[0].name
    return f"a dataset of {count(len(paths), 'file')}" if paths else "a dataset"


def _fragments(dataset: ds.Dataset, where: str) -> list[ds.Fragment]:
    try:
        return list(dataset.get_fragments())
    except ValueError as error:
        raise RowsError(
            f"{where} has a filter, or columns of its own making, which would be worked out anew "
            "in every pass: write what is left to files, as with pyarrow.dataset.write_dataset"
        ) from error
