"""`Feed`: several sources side by side, in blocks of rows, again and again."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from aliquot.errors import RowsError
from aliquot.rows.ahead import ahead
from aliquot.rows.memory import aligned
from aliquot.rows.source import Cursor, RowSource

# As many blocks are kept, rather than read in each walk: what is in memory in a walk anyhow.
KEPT = 2


@dataclass(frozen=True, eq=False)
class RowBlock:
    """Rows that follow one another, of each source. Its name in `aliquot.rows` is `Block`.

    Attributes
    ----------
    number : int
        Which block of the whole it is: its first row is ``number * size``.
    arrays : dict from str to array (size, ...)
        Not to be written to. They are this block's own: they stay as they are as long as somebody
        holds them.
    counted : int
        How many rows there are. What follows in the last block are copies of its last row.
    """

    number: int
    arrays: dict[str, np.ndarray]
    counted: int


class Feed:
    """Several sources of as many rows, read side by side in blocks.

    The next block is read in a thread while one is used, so that two are in memory. Where there are
    two at most, they are kept, and not read again.

    Parameters
    ----------
    sources : mapping from str to RowSource
    size : int
        Rows of a block.
    first, stop : int
        Which blocks are walked over, as a share of the whole: `first` to ``stop - 1``. If not
        given, all.

    Raises
    ------
    RowsError
        If sources differ in length; in a walk, if a file has changed or cannot be read.

    Attributes
    ----------
    rows : int
        Of the whole.
    blocks : int
        Of the whole.

    Examples
    --------
    >>> from aliquot.rows.arrays import ArrayRows
    >>> with Feed({"y": ArrayRows(np.array([1.0, 2, 3]))}, size=2) as feed:
    ...     for block in feed:
    ...         print(block.number, block.arrays["y"], block.counted)
    0 [1. 2.] 2
    1 [3. 3.] 1
    """

    def __init__(
        self,
        sources: Mapping[str, RowSource],
        size: int,
        first: int = 0,
        stop: int | None = None,
    ) -> None:
        self.sources = dict(sources)
        self.size = int(size)
        self.rows = same_length(self.sources)
        if self.size < 1:
            raise ValueError(f"size is the number of rows of a block, at least 1; got {size}")
        self.blocks = -(-self.rows // self.size)
        self.first, self.stop = int(first), self.blocks if stop is None else int(stop)
        if not 0 <= self.first <= self.stop <= self.blocks:
            raise ValueError(
                f"first={first} and stop={stop} are no share of {self.blocks} blocks: expected "
                "0 <= first <= stop <= blocks"
            )
        self._lock = threading.Lock()
        self._kept: list[RowBlock] | None = None
        self._idle: list[dict[str, Cursor]] = []
        self._closed = False

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.sources, self.size, self.first, self.stop)

    def __iter__(self) -> Iterator[RowBlock]:
        return self.walk()

    def walk(self) -> Iterator[RowBlock]:
        """Go over the blocks, in their order. Several threads may do so at once.

        An iterator that is not gone through ends its thread and closes its files when it is closed
        or thrown away.

        Yields
        ------
        RowBlock

        Raises
        ------
        RowsError
            If a file has changed since it was surveyed, or cannot be read.
        """
        for source in self.sources.values():
            source.unchanged()
        if self.stop - self.first <= KEPT:
            yield from self._all()
            return
        cursors = self._cursors()

        def ended(well: bool) -> None:
            self._give_back(cursors, well)

        yield from ahead(
            range(self.first, self.stop), lambda number: self._read(cursors, number), ended
        )

    def close(self) -> None:
        """Close files that are open between walks. Walks that go on close theirs at their end."""
        with self._lock:
            idle, self._idle, self._closed = self._idle, [], True
        for cursors in idle:
            _close(cursors)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        for cursors in getattr(self, "_idle", []):
            _close(cursors)

    def _all(self) -> list[RowBlock]:
        """Give all blocks, which the first that asks reads."""
        if self._kept is None:
            with self._lock:
                if self._kept is None:
                    cursors = opened(self.sources)
                    try:
                        numbers = range(self.first, self.stop)
                        self._kept = [self._read(cursors, number) for number in numbers]
                    finally:
                        _close(cursors)
        return self._kept

    def _read(self, cursors: dict[str, Cursor], number: int) -> RowBlock:
        start = number * self.size
        counted = min(self.size, self.rows - start)
        arrays = {}
        for name, cursor in cursors.items():
            array = cursor.read(start, start + counted)
            if counted < self.size:
                array = _padded(array, self.size)
            array.flags.writeable = False
            arrays[name] = array
        return RowBlock(number, arrays, counted)

    def _cursors(self) -> dict[str, Cursor]:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return opened(self.sources)

    def _give_back(self, cursors: dict[str, Cursor], well: bool) -> None:
        """Keep cursors for the next walk, unless one may be in the middle of something."""
        with self._lock:
            if well and not self._closed:
                self._idle.append(cursors)
                return
        _close(cursors)


def opened(sources: Mapping[str, RowSource]) -> dict[str, Cursor]:
    """Give a cursor for each source, or none is open."""
    cursors: dict[str, Cursor] = {}
    try:
        for name, source in sources.items():
            cursors[name] = source.open()
    except BaseException:
        _close(cursors)
        raise
    return cursors


def _close(cursors: dict[str, Cursor]) -> None:
    for cursor in cursors.values():
        cursor.close()


def _padded(array: np.ndarray, size: int) -> np.ndarray:
    out = aligned((size, *array.shape[1:]), array.dtype)
    out[: len(array)] = array
    out[len(array) :] = array[-1]
    return out


def same_length(sources: dict[str, RowSource]) -> int:
    """Give the number of rows of sources side by side; refuse those that differ."""
    if not sources:
        raise RowsError("a feed needs one source of rows at least")
    (name, source), *others = sources.items()
    for other, rows in others:
        if rows.rows != source.rows:
            raise RowsError(
                f"{name!r} has {source.rows:,} rows ({source.name}), but {other!r} {rows.rows:,} "
                f"({rows.name}): what is read side by side has as many rows. Were rows left out "
                "of one of them?"
            )
    return source.rows
