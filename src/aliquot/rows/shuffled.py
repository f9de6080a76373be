"""`ShuffledBatches`: all rows again and again, in batches, in an order that changes.

A file is not gone to row by row: it is read in blocks, and rows are shuffled among the blocks that
are in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from aliquot.rows.ahead import ahead
from aliquot.rows.feed import opened, same_length
from aliquot.rows.memory import aligned
from aliquot.rows.source import Cursor, RowSource

# How many blocks are shuffled together, and about how many numbers one has.
TOGETHER, NUMBERS = 8, 2**18
# What the random numbers of a seed are for: the order of blocks, and that of rows.
_BLOCKS, _ROWS = 0x626C6F63, 0x726F7773
_ENDLESS = 2**62


class Pool(NamedTuple):
    """Rows in memory, shuffled, and where they stand in the order of their epoch."""

    number: int  # among all pools of all epochs
    begin: int
    arrays: dict[str, np.ndarray]

    @property
    def end(self) -> int:
        """Where the next pool begins."""
        return self.begin + len(next(iter(self.arrays.values())))


class ShuffledBatches:
    """Batches of rows of several sources, each row once in an epoch, in another order in each.

    In each epoch the blocks of the file come in a random order, a few of them at a time, and the
    rows of these few are shuffled with each other. With more rows than that, this is not a
    uniformly random order: rows of a block come near each other, among rows of as many others as
    are shuffled together. A file of so many blocks at most, and what is in memory, is shuffled
    uniformly. The order is a function of the seed and of the epoch, whatever is asked for first.

    An epoch is cut into the fewest batches that hold at most `size` rows, of equal numbers give or
    take one, so that none is a small rest. Then the sum over a batch times the number of batches is
    an unbiased estimate of that over all rows, and its mean over an epoch is exact.

    Blocks to come are read in a thread meanwhile: the rows of twice as many are in memory as are
    shuffled together.

    Parameters
    ----------
    sources : mapping from str to RowSource
        Of as many rows.
    size : int
        Rows of a batch at most.
    seed : int
    block : int, optional
        Rows of a block; by default, about 2**18 numbers.
    together : int
        Blocks whose rows are shuffled with each other.

    Attributes
    ----------
    rows : int
    batches : int
        Of an epoch.

    Examples
    --------
    >>> from aliquot.rows.arrays import ArrayRows
    >>> source = ArrayRows(np.arange(10.0))
    >>> batches = ShuffledBatches({"y": source}, 4, seed=1)
    >>> arrays, counted = batches.take(0, 3)
    >>> arrays["y"].shape, counted
    ((3, 4), array([3, 3, 4]))
    >>> seen = [row for rows, n in zip(arrays["y"], counted) for row in rows[:n]]
    >>> sorted(seen) == list(range(10))
    True
    """

    def __init__(
        self,
        sources: Mapping[str, RowSource],
        size: int,
        seed: int,
        *,
        block: int | None = None,
        together: int = TOGETHER,
    ) -> None:
        self.sources, self.seed = dict(sources), seed
        self.rows = same_length(self.sources)
        width = sum(source.width for source in self.sources.values())
        self.block = max(NUMBERS // width, 1) if block is None else block
        self.together = together
        self.batches = -(-self.rows // size)
        self.size = -(-self.rows // self.batches)
        self._blocks = -(-self.rows // self.block)
        self._pools = -(-self._blocks // together)
        # All rows, in their order, where they are shuffled as a whole.
        self._kept: dict[str, np.ndarray] | None = None
        self._coming: Iterator[Pool] | None = None
        self._pool: Pool | None = None

    @property
    def described(self) -> dict[str, int]:
        """What the order of rows depends on besides the seed, as JSON knows it."""
        return {"batches": self.batches, "block": self.block, "together": self.together}

    def take(self, first: int, count: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Give some batches that follow one another, counted from 0 over all epochs.

        Cheap where they follow those that were given before.

        Returns
        -------
        arrays : dict from str to array (count, size, ...)
            Where a batch has one row fewer, the last is a copy of the one before.
        counted : array (count,) of int64
            How many rows each batch has.

        Raises
        ------
        RowsError
            If a file has changed, or cannot be read.
        """
        arrays = {
            name: aligned((count, self.size, *source.tail), source.dtype)
            for name, source in self.sources.items()
        }
        counted = np.empty(count, np.int64)
        for i in range(count):
            epoch, batch = divmod(first + i, self.batches)
            begin, end = (self.rows * k // self.batches for k in (batch, batch + 1))
            counted[i] = end - begin
            self._fill(epoch, begin, end, {name: array[i] for name, array in arrays.items()})
        return arrays, counted

    def close(self) -> None:
        """End the thread that reads, and close files; what is asked for next opens them again."""
        coming, self._coming, self._pool = self._coming, None, None
        if coming is not None:
            coming.close()  # type: ignore[attr-defined]

    def _fill(self, epoch: int, begin: int, end: int, out: Mapping[str, np.ndarray]) -> None:
        at = begin
        while at < end:
            pool = self._at(epoch, at)
            some = slice(at - pool.begin, min(end, pool.end) - pool.begin)
            done = slice(at - begin, min(end, pool.end) - begin)
            for name, array in pool.arrays.items():
                out[name][done] = array[some]
            at = min(end, pool.end)
        for array in out.values():
            array[end - begin :] = array[end - begin - 1]

    def _at(self, epoch: int, row: int) -> Pool:
        """Give the pool that has a place in the order of an epoch."""
        now = self._pool
        if now is not None and now.number // self._pools == epoch and now.begin <= row < now.end:
            return now
        number = epoch * self._pools + int(np.searchsorted(self._begins(epoch), row, "right")) - 1
        follows = now is not None and now.number + 1 == number
        now = self._pool = None  # its memory is for the one that is read meanwhile
        if not follows or self._coming is None:
            self.close()
            self._coming = self._from(number)
        self._pool = next(self._coming)
        return self._pool

    def _order(self, epoch: int) -> np.ndarray:
        """Give the blocks of an epoch in their order."""
        return _rng(self.seed, _BLOCKS, epoch).permutation(self._blocks)

    def _begins(self, epoch: int) -> np.ndarray:
        """Say where in the order of rows each pool begins: one block may be shorter."""
        begins = np.arange(self._pools) * self.together * self.block
        last = int(np.flatnonzero(self._order(epoch) == self._blocks - 1)[0])
        begins[last // self.together + 1 :] -= self._blocks * self.block - self.rows
        return begins

    def _from(self, number: int) -> Iterator[Pool]:
        cursors = {} if self._pools == 1 else opened(self.sources)

        def ended(well: bool) -> None:
            for cursor in cursors.values():
                cursor.close()

        return ahead(range(number, _ENDLESS), lambda n: self._read(n, cursors), ended)

    def _read(self, number: int, cursors: Mapping[str, Cursor]) -> Pool:
        epoch, pool = divmod(number, self._pools)
        for source in self.sources.values():
            source.unchanged()
        rng = _rng(self.seed, _ROWS, epoch, pool)
        if self._pools == 1:
            order = rng.permutation(self.rows)
            whole = self._whole()
            return Pool(number, 0, {name: array[order] for name, array in whole.items()})
        blocks = self._order(epoch)[pool * self.together : (pool + 1) * self.together]
        bounds = [(b * self.block, min((b + 1) * self.block, self.rows)) for b in sorted(blocks)]
        size = sum(stop - start for start, stop in bounds)
        places = rng.permutation(size)
        arrays = {
            name: aligned((size, *source.tail), source.dtype)
            for name, source in self.sources.items()
        }
        done = 0
        for start, stop in bounds:
            here = places[done : done + stop - start]
            for name, cursor in cursors.items():
                arrays[name][here] = cursor.read(start, stop)
            done += stop - start
        return Pool(number, int(self._begins(epoch)[pool]), arrays)

    def _whole(self) -> dict[str, np.ndarray]:
        if self._kept is None:
            kept = {}
            for name, source in self.sources.items():
                with source.open() as cursor:
                    kept[name] = cursor.read(0, self.rows)
            self._kept = kept
        return self._kept


def _rng(seed: int, *what: int) -> Any:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=what))
