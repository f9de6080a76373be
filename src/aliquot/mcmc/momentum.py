"""The random numbers that the host makes for each draw: a momentum and a key.

They are a function of (seed, chain, draw) alone. Philox is counter-based: the seed gives its key,
and the chain and a block of draws give the upper words of its counter, so that every block of every
chain is a stream of its own that can be made at any time, in any thread, in any order. Salmon et
al. (2011), "Parallel random numbers: as easy as 1, 2, 3", SC11.
"""

from __future__ import annotations

import numpy as np

_DRAWS, _STEP_SIZE_SEARCH = 0, 1


class Momenta:
    """Standard normal momenta and 64-bit keys of one chain, for d = `size` coordinates.

    Chains of other numbers and other seeds (any non-negative integer) are independent.

    >>> normals, keys = Momenta(seed=1, chain=0, size=3).draws(10, 14)
    >>> normals.shape, keys.dtype
    ((4, 3), dtype('uint64'))
    """

    def __init__(self, seed: int, chain: int, size: int) -> None:
        self._key = np.random.SeedSequence(seed).generate_state(2, np.uint64)
        self._chain = chain
        self._size = size
        # A function of the size alone, so that no choice of chunks can change the numbers.
        self._block = min(max(65536 // max(size, 1), 16), 1024)
        self._cache: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def draws(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """Return momenta (stop - start, d) and keys (stop - start,) of draws `start` to `stop`."""
        first, last = start // self._block, max(start, stop - 1) // self._block
        # A chunk begins where the one before ended: older blocks are done with.
        self._cache = {block: made for block, made in self._cache.items() if block >= first}
        for block in range(first, last + 1):
            if block not in self._cache:
                self._cache[block] = self._make(_DRAWS, block, self._block)
        normals, keys = [], []
        for block in range(first, last + 1):
            begin = block * self._block
            inside = slice(max(start - begin, 0), stop - begin)
            normals.append(self._cache[block][0][inside])
            keys.append(self._cache[block][1][inside])
        return np.concatenate(normals), np.concatenate(keys)

    def searches(self, block: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return `count` momenta and keys for the search of a first step size."""
        return self._make(_STEP_SIZE_SEARCH, block, count)

    def _make(self, purpose: int, block: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        counter = np.array([0, purpose, block, self._chain], np.uint64)
        generator = np.random.Generator(np.random.Philox(key=self._key, counter=counter))
        normals = generator.standard_normal((count, self._size))
        return normals, generator.integers(0, 2**64, count, dtype=np.uint64)
