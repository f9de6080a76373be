"""Which of many things are alike: numbers for the distinct ones, and which of these each one is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.intp]

# Of so many numbers a sample says first whether any come twice at all.
_SAMPLED = 4096
_FEW = 512
_NARROW = 32
_HASHES = 2


@dataclass(frozen=True)
class Partition:
    """Things put into classes of what is alike."""

    first: Index  # of each class, a thing that is in it (any)
    of: Index  # of each thing, its class

    @property
    def count(self) -> int:
        """The number of classes."""
        return len(self.first)


def by_code(codes: Index, room: int) -> Partition:
    """Put what has the same code into one class; codes are whole numbers from 0 to `room` - 1.

    >>> by_code(np.array([7, 2, 7]), 8)
    Partition(first=array([1, 2]), of=array([1, 0, 1]))
    """
    if room > 4 * codes.size + 1024:
        _, first, of = np.unique(codes, return_index=True, return_inverse=True)
        return Partition(first, of.reshape(-1))
    present = np.zeros(room, bool)
    present[codes] = True
    values = np.flatnonzero(present)
    if values.size == room:
        of = codes
    else:
        rank = np.zeros(room, np.intp)
        rank[values] = np.arange(values.size)
        of = rank[codes]
    first = np.empty(values.size, np.intp)
    first[of] = count(codes.size)
    return Partition(first, of)


def together(codes: Sequence[Index], rooms: Sequence[int]) -> Partition:
    """Put what agrees in several codes into one class."""
    code, room = codes[0].astype(np.int64, copy=False), int(rooms[0])
    for other, size in zip(codes[1:], rooms[1:], strict=True):
        if room * int(size) > 2**62:
            found = by_code(code, room)
            code, room = found.of, found.count
        code, room = code * size + other, room * int(size)
    return by_code(code, room)


def by_value(values: NDArray[Any]) -> Partition | None:
    """Put equal numbers into one class; None where a sample of very many holds no two that are.

    Zeros of both signs differ, as their inverses do; NaNs are alike.
    """
    flat = values.reshape(-1)
    if flat.dtype == bool:
        return by_code(flat.astype(np.intp), 2)
    if flat.dtype.kind == "f":
        bits = np.ascontiguousarray(flat).view(f"i{flat.dtype.itemsize}")
    elif flat.dtype.kind in "iu":
        bits = flat
    else:
        return None
    if bits.size > 10 * _SAMPLED:
        places = np.unique(np.random.default_rng(0).integers(bits.size, size=_SAMPLED))
        if np.unique(bits[places]).size == places.size:
            return None
        found = _among(bits, np.unique(bits[places]))
        if found is not None:
            return found
    low = int(bits.min(initial=0))
    span = int(bits.max(initial=0)) - low
    if flat.dtype.kind in "iu" and span < 4 * bits.size:
        return by_code((bits.astype(np.int64) - low).astype(np.intp), span + 1)
    _, first, of = np.unique(bits, return_index=True, return_inverse=True)
    return Partition(first, of.reshape(-1))


def _among(values: NDArray[Any], few: NDArray[Any]) -> Partition | None:
    """Put equal numbers into one class where all are among a few, in ascending order."""
    if few.size > _FEW:
        return None
    place = np.minimum(np.searchsorted(few, values), few.size - 1)
    return by_code(place, few.size) if np.array_equal(few[place], values) else None


@lru_cache(maxsize=4)
def count(size: int) -> Index:
    """Give the numbers from 0 to `size` - 1, the same array each time."""
    result = np.arange(size)
    result.flags.writeable = False
    return result


def by_members(members: Index, room: int) -> Partition:
    """Put rows that hold the same numbers into one class, in whatever order; shape (rows, length).

    Rows are told apart by two sums of 64 random bits for each number: they agree by chance once in
    10^38 pairs.
    """
    found = _by_one_column(members, room)
    if found is not None:
        return found
    codes = [np.sum(_table(room, k)[members], axis=1, dtype=np.uint64) for k in range(_HASHES)]
    return _by_hashes(codes)


def by_segment(members: Index, target: Index, targets: int, room: int) -> Partition:
    """Do the same where ``target[i]`` is the row that holds the number ``members[i]``."""
    codes = []
    for k in range(_HASHES):
        total = np.zeros(targets, np.uint64)
        np.add.at(total, target, _table(room, k)[members])
        codes.append(total)
    return _by_hashes(codes)


def by_order(members: Index, room: int) -> Partition:
    """Put rows that hold the same numbers in the same order into one class."""
    found = _by_one_column(members, room)
    if found is not None:
        return found
    codes = []
    for k in range(_HASHES):
        place = _table(members.shape[1], _HASHES + k) | np.uint64(1)
        codes.append(np.sum(_table(room, k)[members] * place, axis=1, dtype=np.uint64))
    return _by_hashes(codes)


def _by_one_column(members: Index, room: int) -> Partition | None:
    """Go by the first number of each row, where that says what the few others are."""
    if len(members) == 1:
        return Partition(np.zeros(1, np.intp), np.zeros(1, np.intp))
    if members.shape[1] > _NARROW:
        return None
    first = members[:, 0]
    place = np.zeros(room, np.intp)
    for other in members.T[1:]:
        place[first] = other
        if not np.array_equal(place[first], other):
            return None
    return by_code(first, room)


def _by_hashes(codes: Sequence[NDArray[np.uint64]]) -> Partition:
    _, _, of = np.unique(codes[0], return_index=True, return_inverse=True)
    _, _, other = np.unique(codes[1], return_index=True, return_inverse=True)
    of, other = of.reshape(-1), other.reshape(-1)
    found = together([of, other], [int(each.max(initial=0)) + 1 for each in (of, other)])
    # In the order in which they come, so that what is all different stays where it is.
    order = np.argsort(found.first)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    return Partition(found.first[order], rank[found.of])


@lru_cache(maxsize=8)
def _drawn(k: int, power: int) -> NDArray[np.uint64]:
    return np.random.default_rng([k, 64]).integers(2**64, size=2**power, dtype=np.uint64)


def _table(room: int, k: int) -> NDArray[np.uint64]:
    """Give 64 random bits for each of so many numbers, always the same."""
    return _drawn(k, max(int(room - 1).bit_length(), 10))[:room]
