"""Standard normal noise from the host, a pure function of the seed and of what it is for.

Random numbers are the most expensive thing to compile into a loop, and NumPy makes a normal in
about 10 ns: the host makes them, block by block, and the compiled loop reads them from an array.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

MAX_ITERATIONS = 1000
MAX_NORMALS = 2**20  # 8 MiB of float64: bounds the memory whatever the size of the model


class Stream(IntEnum):
    """What a sequence of random numbers is for: one seed gives a different sequence to each."""

    GRADIENT = 0
    IMPORTANCE = 1
    FIXED = 2
    WEIGHTS = 3
    FULL_RANK = 4
    PATHS = 5
    MODES = 6


def generator(seed: int, stream: Stream, block: int = 0) -> np.random.Generator:
    """Return the generator of one block of one stream."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream, block)))


def block_length(n_samples: int, size: int) -> int:
    """Return how many iterations one block of gradient noise serves.

    It depends on the shapes alone, so that a seed means the same noise however a fit is cut up.

    >>> block_length(n_samples=1, size=2), block_length(n_samples=10, size=5000)
    (1000, 20)
    """
    return max(1, min(MAX_ITERATIONS, MAX_NORMALS // (n_samples * size)))
