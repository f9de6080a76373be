"""Cursors over files that come as batches of Arrow columns, one after another."""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aliquot.errors import RowsError
from aliquot.rows.columns import ArrowColumns
from aliquot.rows.source import Cursor, RowSource

if TYPE_CHECKING:
    import pyarrow as pa


class BatchCursor(Cursor):
    """A cursor over files, of which one is read at a time, batch by batch.

    Parameters
    ----------
    source : RowSource
    columns : ArrowColumns
    begins : list of int
        Which row the first of each file is, and, last, how many rows there are.
    """

    def __init__(self, source: RowSource, columns: ArrowColumns, begins: list[int]) -> None:
        super().__init__(source)
        self._columns, self._begins = columns, begins
        self._forget()

    @abstractmethod
    def _begin(self, at: int, row: int) -> tuple[Iterator[pa.RecordBatch], int]:
        """Give the batches of a file from one on that a row of it is in, or that is before it.

        Besides, how many rows there are from where these begin to that row.
        """

    @abstractmethod
    def _called(self, at: int) -> Path | str:
        """Say which file it is."""

    def _forget(self) -> None:
        """Be nowhere: the next read looks for its place anew."""
        self._row = -1  # which row comes next
        self._at = -1  # the file that it is in
        self._batches: Iterator[pa.RecordBatch] = iter(())
        self._batch: pa.RecordBatch | None = None
        self._used = 0

    def _fill(self, start: int, out: np.ndarray) -> None:
        try:
            if start != self._row:
                self._seek(start)
            done = 0
            while done < len(out):
                batch = self._next()
                take = min(batch.num_rows - self._used, len(out) - done)
                piece = batch.slice(self._used, take)
                for place, name in enumerate(self._columns.names):
                    part = out[done : done + take]
                    self._columns.write(place, piece.column(name), part, start + done)
                self._used, done = self._used + take, done + take
            self._row = start + len(out)
        except BaseException:
            self._forget()
            raise

    def _next(self) -> pa.RecordBatch:
        """Give the batch that the next row is in, of the next file where one is at its end."""
        while self._batch is None or self._used == self._batch.num_rows:
            self._batch, self._used = None, 0
            with damaged(self._called(self._at)):
                self._batch = next(self._batches, None)
            if self._batch is None:
                if self._at + 2 == len(self._begins):
                    raise RowsError(fewer(self._called(self._at)))
                self._at += 1
                with damaged(self._called(self._at)):
                    self._batches, _ = self._begin(self._at, 0)
        return self._batch

    def _seek(self, start: int) -> None:
        self._forget()
        self._at = bisect_right(self._begins, start) - 1
        with damaged(self._called(self._at)):
            self._batches, skip = self._begin(self._at, start - self._begins[self._at])
        while skip:
            batch = self._next()
            self._used = min(batch.num_rows, skip)
            skip -= self._used

    def close(self) -> None:
        self._forget()


@contextmanager
def damaged(path: Path | str) -> Iterator[None]:
    """Say which file it is that pyarrow cannot read, and why that may be."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        said = str(error).strip().partition("\n")[0].rstrip(".")
        raise RowsError(
            f"{path} cannot be read ({said}). It is damaged, or was cut off, as by a copy or a "
            "program that did not finish: copy it anew, or write it again"
        ) from error


def fewer(path: Path | str) -> str:
    """Say that a file does not have the rows that it had."""
    return (
        f"{path} has another number of rows than when they were first read. Let nothing write to "
        "it meanwhile, and begin again with the file as it is now"
    )
