"""The chunks of an array that grows: rows of one chain after another, in files of some rows each.

The format is Zarr's, version 3 (https://zarr-specs.readthedocs.io/en/latest/v3/core/), with the
codecs "bytes" and "crc32c": what NumPy holds, and a checksum. A chunk is always whole; rows that
are still to come are zero. Each file is replaced as a whole, so that no reader ever finds half of
one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from aliquot.errors import StorageError
from aliquot.storage.documents import text_content
from aliquot.storage.writing import settle, write

# Numbers in a chunk, at most, and the fewest rows that a chunk of single numbers has.
NUMBERS, FEWEST_ROWS = 2**15, 1024
_CHECKSUM = 4


def rows_for(elements: int, draws: int) -> int:
    """Choose how many rows a chunk has, a power of two, where a row has so many elements.

    Of a run that is to have many `draws` it is larger, so that there are not very many files.

    >>> rows_for(1, 1_000), rows_for(1, 10**6), rows_for(1000, 1_000), rows_for(10**6, 1_000)
    (1024, 32768, 32, 1)
    """
    usual = max(draws // 8, FEWEST_ROWS)
    most = max(min(NUMBERS // max(elements, 1), usual), 1)
    return int(1 << (most.bit_length() - 1))


class GrowingArray:
    """An array ``(chain, draw, *shape)`` or ``(draw,)`` in a store, of which rows are written."""

    def __init__(self, folder: Path, document: Mapping[str, Any]) -> None:
        self._folder = folder
        chunk = document["chunk_grid"]["configuration"]["chunk_shape"]
        self.axis = document["dimension_names"].index("draw")
        self.rows = int(chunk[self.axis])
        self._shape = tuple(chunk[self.axis :])
        # Of an axis that has no element a chunk has one.
        self._own = tuple(slice(0, length) for length in document["shape"][self.axis + 1 :])
        self._dtype = np.dtype(document["data_type"]).newbyteorder("<")
        self._bytes = prod(self._shape) * self._dtype.itemsize + _CHECKSUM
        self._later = ["0"] * (len(chunk) - self.axis - 1)
        self._unsettled: set[Path] = set()

    def put(self, chain: int, begin: int, values: np.ndarray) -> None:
        """Write rows (n, *shape) of a chain from `begin` on, with those before in their chunk."""
        end = begin + len(values)
        for block in range(begin // self.rows, -(-end // self.rows)):
            first = block * self.rows
            at = slice(max(begin - first, 0), min(end - first, self.rows))
            if at == slice(0, self.rows):
                chunk = np.empty(self._shape, self._dtype)
            elif at.start == 0:
                chunk = np.zeros(self._shape, self._dtype)
            else:
                chunk = self._read(chain, block)
            rows = values[first + at.start - begin : first + at.stop - begin]
            chunk[(at, *self._own)] = rows
            file = self._file(chain, block)
            write(file, content_of(chunk), settled=False)
            self._unsettled.add(file)

    def settle(self) -> None:
        """Wait until all rows that were written are on the disk: together, which takes less."""
        while self._unsettled:
            settle(self._unsettled.pop())

    def take(self, chain: int, begin: int, end: int) -> np.ndarray:
        """Read rows (end - begin, *shape) of a chain."""
        shape = (end - begin, *(own.stop for own in self._own))
        result = np.empty(shape, self._dtype.newbyteorder("="))
        for block in range(begin // self.rows, -(-end // self.rows)):
            first = block * self.rows
            at = slice(max(begin - first, 0), min(end - first, self.rows))
            into = slice(first + at.start - begin, first + at.stop - begin)
            result[into] = self._read(chain, block)[(at, *self._own)]
        return result

    def sound(self, chain: int, begin: int, end: int) -> int:
        """Say how many of the first `end` rows of a chain can be read.

        Of all chunks the length is looked at, and of those with rows from `begin` on the checksum.
        """
        for block, first in self._blocks(end):
            file = self._file(chain, block)
            try:
                whole = file.stat().st_size == self._bytes
                if whole and first + self.rows > begin:
                    self._read(chain, block)
            except (OSError, StorageError):
                whole = False
            if not whole:
                return first
        return end

    def _blocks(self, end: int) -> Iterator[tuple[int, int]]:
        for block in range(-(-end // self.rows)):
            yield block, block * self.rows

    def _read(self, chain: int, block: int) -> np.ndarray:
        file = self._file(chain, block)
        content = file.read_bytes()
        body, checksum = content[:-_CHECKSUM], content[-_CHECKSUM:]
        if len(content) != self._bytes or _checksum(body) != checksum:
            raise StorageError(
                f"{file}: this chunk of the draws is damaged ({len(content)} of {self._bytes} "
                "bytes, or another checksum). aq.resume on the store drops what is damaged and "
                "draws it again"
            )
        return np.frombuffer(body, self._dtype).reshape(self._shape).copy()

    def _file(self, chain: int, block: int) -> Path:
        before = [str(chain)] if self.axis else []
        return self._folder / ".".join(["c", *before, str(block), *self._later])


def content_of(chunk: np.ndarray) -> bytes:
    """Give what a chunk's file holds."""
    if chunk.dtype.kind in "UO":
        content = text_content(chunk.tolist())
        return content + _checksum(content)
    content = chunk.astype(chunk.dtype.newbyteorder("<"), copy=False).tobytes()
    return content + _checksum(content)


def is_sound(file: Path) -> bool:
    """Say whether a chunk's file is there, with the content that its checksum is of."""
    try:
        content = file.read_bytes()
    except OSError:
        return False
    return len(content) >= _CHECKSUM and _checksum(content[:-_CHECKSUM]) == content[-_CHECKSUM:]


def _checksum(content: bytes) -> bytes:
    import google_crc32c

    return int(google_crc32c.value(content)).to_bytes(_CHECKSUM, "little")
