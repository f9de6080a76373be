"""Rows of NumPy arrays: in memory, or in .npy files, of which only the rows asked for are read."""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import Any

import numpy as np

from aliquot.errors import RowsError
from aliquot.rows.kinds import read_as, refuse_beyond
from aliquot.rows.paths import Located, file
from aliquot.rows.source import Cursor, RowSource
from aliquot.rows.stamps import Stamps
from aliquot.rows.survey import survey

# How many bytes of a file in another type, or another order, are in memory besides the block.
PIECE = 1 << 20


class ArrayRows(RowSource):
    """Rows of an array in memory, axis 0. It is not copied, and may not change meanwhile.

    Parameters
    ----------
    array : array (rows, ...)
        Numbers of any type, in any order of bytes and of axes.
    name : str
        What messages call it.

    Raises
    ------
    RowsError
        If it has no rows, holds no numbers, or a number is NaN or infinite.

    Examples
    --------
    >>> source = ArrayRows(np.array([3.0, 1.0, 2.0]))
    >>> with source.open() as cursor:
    ...     cursor.read(1, 3)
    array([1., 2.])
    >>> source.summary.least, source.summary.least_at
    (array(1.), array(1))
    """

    def __init__(self, array: np.ndarray, name: str = "an array") -> None:
        self.array = np.asarray(array)
        _refuse_scalar(self.array.shape, name)
        self.name = name
        self.rows, self.tail = len(self.array), self.array.shape[1:]
        self.dtype = read_as(self.array.dtype, name)
        self.summary = survey(self)

    def open(self) -> Cursor:
        return _ArrayCursor(self)


class _ArrayCursor(Cursor):
    def __init__(self, source: ArrayRows) -> None:
        super().__init__(source)
        self._array, self._name = source.array, source.name

    def _fill(self, start: int, out: np.ndarray) -> None:
        values = self._array[start : start + len(out)]
        refuse_beyond(values, self._name, start)
        out[...] = values

    def close(self) -> None:
        pass


class NpyRows(RowSource):
    """Rows of a .npy file, axis 0, or of a part of one that is mapped into memory.

    It is read with the system's calls for reading: pages of a mapping, once touched, would count as
    memory of the process.

    Parameters
    ----------
    path : path, or numpy.memmap of consecutive rows

    Raises
    ------
    RowsError
        If there is no such file, it is damaged, has no rows, holds no numbers, or a number is NaN
        or infinite.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/x.npy", np.arange(6).reshape(3, 2))
    ...     source = NpyRows(f"{folder}/x.npy")
    ...     with source.open() as cursor:
    ...         cursor.read(2, 3)
    array([[4, 5]])
    """

    def __init__(self, path: Located | np.memmap) -> None:
        if isinstance(path, np.memmap):
            mapped, self.path, self.offset = path, *_place(path)
        else:
            self.path = file(path)
            mapped = _mapped(self.path)
            self.offset = mapped.offset
        self._stamps = Stamps([self.path])
        self.name = self.path.name
        _refuse_scalar(mapped.shape, self.name)
        self.rows, self.tail = mapped.shape[0], mapped.shape[1:]
        self.kept_as = mapped.dtype
        self.by_columns = not mapped.flags.c_contiguous
        self.dtype = read_as(self.kept_as, self.name)
        self.summary = survey(self)
        self._stamps.check(now=True)

    def open(self) -> Cursor:
        return _NpyCursor(self)

    def unchanged(self) -> None:
        self._stamps.check()


def array_rows(array: np.ndarray, name: str = "an array") -> RowSource:
    """Give the rows of an array: from its file where it is a mapping of consecutive rows."""
    if isinstance(array, np.memmap) and array.ndim and array.size and array.flags.c_contiguous:
        root = _root(array)
        # What is written to a mapping of mode "c" is not in the file.
        if root is not None and root.filename is not None and root.mode != "c":
            return NpyRows(array)
    return ArrayRows(array, name)


class _NpyCursor(Cursor):
    def __init__(self, source: NpyRows) -> None:
        super().__init__(source)
        self._source = source
        try:
            self._file = os.open(source.path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        except OSError as error:
            raise RowsError(f"{source.path} cannot be read: {error.strerror}") from None

    def _fill(self, start: int, out: np.ndarray) -> None:
        source = self._source
        if not source.by_columns:
            each = int(np.prod(source.tail, dtype=int))
            self._numbers(start * each, out.reshape(-1), start, each)
            return
        # Each place of a row is a run of its own, the first axis of the row the fastest.
        places = np.ndindex(*source.tail[::-1])
        for run, place in enumerate(places):
            column = out[(slice(None), *place[::-1])]
            self._numbers(run * source.rows + start, column, start, 1)

    def _numbers(self, at: int, out: np.ndarray, row: int, each: int) -> None:
        """Read numbers from a place in the file on, counted in numbers."""
        source = self._source
        size = source.kept_as.itemsize
        if out.dtype == source.kept_as and out.flags.c_contiguous:
            self._bytes(at * size, out)
            return
        piece = max(1, PIECE // size)
        buffer = np.empty(min(piece, len(out)), source.kept_as)
        for start in range(0, len(out), piece):
            part = buffer[: min(piece, len(out) - start)]
            self._bytes((at + start) * size, part)
            refuse_beyond(part, source.name, row, start, each)
            out[start : start + len(part)] = part

    def _bytes(self, at: int, out: np.ndarray) -> None:
        left = memoryview(out.view(np.uint8)).cast("B")
        at += self._source.offset
        while left:
            try:
                done = os.preadv(self._file, [left], at)
            except OSError as error:
                raise RowsError(
                    f"{self._source.path} cannot be read: {error.strerror or error}"
                ) from None
            if not done:
                raise RowsError(
                    f"{self._source.path} ends before its last row: it was cut off since its rows "
                    "were first read. Write it again, and begin again"
                )
            left, at = left[done:], at + done

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __del__(self) -> None:
        if getattr(self, "_file", -1) >= 0:
            self.close()


def _refuse_scalar(shape: tuple[int, ...], name: str) -> None:
    if not shape:
        raise RowsError(f"{name} is a single number: an array with rows along axis 0 was expected")


def _mapped(path: Path) -> np.memmap:
    """Read the head of a .npy file; none of its numbers."""
    if path.is_dir() or not path.stat().st_size:
        what = "is a folder" if path.is_dir() else "is empty"
        raise RowsError(f"{path} {what}: a file that numpy.save wrote was expected")
    try:
        loaded = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise RowsError(
            f"{path} cannot be read as a .npy file of numbers: {error}. It may have been cut off, "
            "as by a copy that did not finish: copy it anew, or write it again with numpy.save"
        ) from None
    if not isinstance(loaded, np.memmap):
        names = getattr(loaded, "files", [])
        loaded.close()
        raise RowsError(
            f"{path} holds several arrays ({', '.join(map(repr, names))}), packed: save the one "
            "that is meant with numpy.save"
        )
    return loaded


def _root(array: np.memmap) -> np.memmap | None:
    """Give the mapping that an array is a part of."""
    node: Any = array
    while isinstance(node, np.ndarray):
        base: Any = node.base
        if isinstance(node, np.memmap) and isinstance(base, mmap.mmap):
            return node
        node = base
    return None


def _place(array: np.memmap) -> tuple[Path, int]:
    """Give the file of a mapping, and where in it the array begins."""
    root = _root(array)
    if root is None or root.filename is None or not array.flags.c_contiguous:
        raise RowsError("a numpy.memmap of a file was expected, of consecutive rows as a whole")
    begins = array.ctypes.data - root.ctypes.data
    return Path(root.filename).absolute(), int(root.offset) + begins
