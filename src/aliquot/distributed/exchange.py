"""What goes between the processes of a team in one call, the same on either side.

Three kinds of sums. What rank 0 *tells*: its bytes, to which the others add zeros. What all *agree*
on before a result of unknown length is summed: whether each was able, and how long it is. The
*total* of results, with a place that counts those who were not able.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aliquot.distributed.collective import SHORTEST, ProcessSums, padded

_WORD = 8


class Agreed(NamedTuple):
    """Whether each process was able, and the length of its result; shape (size,) each."""

    able: np.ndarray
    lengths: np.ndarray


class Exchange:
    """The sums of a team, in the order in which every process of it asks for them."""

    def __init__(self, sums: ProcessSums, rank: int) -> None:
        self._sums, self._rank = sums, rank
        self._capacity = SHORTEST

    def tell(self, content: bytes | None) -> bytes:
        """Return what rank 0 gives; the others give None.

        It takes one sum where the content is about as long as the one before, else two.
        """
        words = np.zeros(0, np.int64)
        if content is not None:
            words = np.zeros(1 + -(-len(content) // _WORD), np.int64)
            words[0] = len(content)
            words[1:].view(np.uint8)[: len(content)] = np.frombuffer(content, np.uint8)
        capacity = self._capacity
        heard = self._sums(_filled(words[:capacity], capacity))
        length = int(heard[0])
        needed = 1 + -(-length // _WORD)
        if needed > capacity:
            rest = padded(needed - capacity)
            heard = np.concatenate([heard, self._sums(_filled(words[capacity:], rest))])
        self._capacity = padded(needed)
        return heard[1:].tobytes()[:length]

    def agree(self, length: int | None) -> Agreed:
        """Return how all fared; `length` is that of this process's result, None without one."""
        size = self._sums.size
        state = np.zeros(padded(2 * size), np.int64)
        if length is not None:
            state[self._rank], state[size + self._rank] = 1, length
        state = self._sums(state)
        return Agreed(state[:size] == 1, state[size : 2 * size])

    def total(self, result: np.ndarray | None, length: int) -> tuple[np.ndarray, int]:
        """Return the sum of all results, and how many processes have none."""
        numbers = np.zeros(padded(length + 1))
        if result is None:
            numbers[length] = 1.0
        else:
            numbers[:length] = result
        numbers = self._sums(numbers)
        return numbers[:length], int(numbers[length])


def _filled(words: np.ndarray, length: int) -> np.ndarray:
    block = np.zeros(length, np.int64)
    block[: len(words)] = words
    return block
