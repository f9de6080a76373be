"""Rows of a Zarr array, chunk by chunk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.errors import RowsError
from aliquot.rows.kinds import read_as, refuse_beyond
from aliquot.rows.paths import Located, file
from aliquot.rows.source import Cursor, RowSource
from aliquot.rows.stamps import Stamps
from aliquot.rows.survey import survey
from aliquot.tables.words import quoted

if TYPE_CHECKING:
    import zarr


class ZarrRows(RowSource):
    """Rows of a Zarr array, axis 0. Needs zarr: ``aliquot[zarr]``.

    A chunk that a block ends in is kept for the next: the memory is that of a block and a chunk of
    rows.

    Parameters
    ----------
    array : path or zarr.Array
        Of a path, the array at it. Only one whose store is a folder is looked at for changes.

    Raises
    ------
    RowsError
        If there is no such array, it is damaged, has no rows, holds no numbers, or a number is NaN
        or infinite; or if zarr is not installed.

    Examples
    --------
    >>> import tempfile, zarr
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     kept = zarr.create_array(f"{folder}/x.zarr", shape=6, chunks=4, dtype="f4")
    ...     kept[:] = range(6)
    ...     with ZarrRows(f"{folder}/x.zarr").open() as cursor:
    ...         cursor.read(2, 5)
    array([2., 3., 4.])
    """

    def __init__(self, array: Located | zarr.Array[Any]) -> None:
        _require()
        self.array = _array(array) if isinstance(array, str | os.PathLike) else array
        folder = _folder(self.array)
        self.name = folder.name if folder else self.array.name or "a Zarr array"
        self._stamps = Stamps([folder] if folder else [])
        if not self.array.shape:
            raise RowsError(f"{self.name} is a single number: rows along axis 0 were expected")
        self.rows, self.tail = self.array.shape[0], tuple(self.array.shape[1:])
        self.dtype = read_as(np.dtype(self.array.dtype), self.name)
        self.summary = survey(self)
        self._stamps.check(now=True)

    def open(self) -> Cursor:
        return _ZarrCursor(self)

    def unchanged(self) -> None:
        self._stamps.check()


class _ZarrCursor(Cursor):
    def __init__(self, source: ZarrRows) -> None:
        super().__init__(source)
        self._array, self._name = source.array, source.name
        self._rows_of_chunk = int(source.array.chunks[0])
        # The chunk that was begun last: where it begins, and its rows.
        self._begun: tuple[int, np.ndarray] | None = None

    def _fill(self, start: int, out: np.ndarray) -> None:
        size, stop = self._rows_of_chunk, start + len(out)
        at = start
        while at < stop:
            begins = at // size * size
            if begins == at and (whole := (stop - at) // size * size):
                out[at - start : at - start + whole] = self._read(at, at + whole)
                at += whole
                continue
            if self._begun is None or self._begun[0] != begins:
                self._begun = None
                self._begun = begins, self._read(begins, min(begins + size, self._rows))
            rows = self._begun[1][at - begins : stop - begins]
            out[at - start : at - start + len(rows)] = rows
            at += len(rows)

    def _read(self, start: int, stop: int) -> np.ndarray:
        try:
            values = np.asarray(self._array[start:stop])
        except Exception as error:  # codecs raise what they like
            raise RowsError(
                f"{self._name}: rows {start:,} to {stop - 1:,} cannot be read ({error}). A chunk "
                "may be damaged or cut off, as by a copy that did not finish: copy it anew, or "
                "write it again"
            ) from error
        refuse_beyond(values, self._name, start)
        return values

    def close(self) -> None:
        self._begun = None


def _require() -> None:
    try:
        import zarr  # noqa: F401
    except ModuleNotFoundError as error:
        raise RowsError(
            "reading Zarr arrays needs zarr. Install it: pip install 'aliquot[zarr]'"
        ) from error


def _array(path: Located) -> zarr.Array[Any]:
    import zarr

    there = file(path)
    try:
        found = zarr.open(there, mode="r")
    except Exception as error:
        raise RowsError(f"{path} cannot be read as a Zarr array: {error}") from error
    if isinstance(found, zarr.Group):
        names = sorted(found.array_keys())
        inside = f": {quoted(names)}. Give the path of one" if names else ", and it is empty"
        example = f", as in {os.fspath(path)}/{names[0]}" if names else ""
        raise RowsError(f"{path} is a group of Zarr arrays{inside}{example}")
    return found


def _folder(array: zarr.Array[Any]) -> Path | None:
    from zarr.storage import LocalStore

    store = array.store
    return Path(store.root).absolute() / array.path if isinstance(store, LocalStore) else None
