"""Standard normal noise from the host, a pure function of the seed and of what it is for.

Random numbers are the most expensive thing to compile into a loop, and NumPy makes a normal in
about 10 ns: the host makes them, block by block, and the compiled loop reads them from an array.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np

type Seed = int | Sequence[int] | np.random.Generator | None

MAX_ITERATIONS = 1000
MAX_NORMALS = 2**20  # 8 MiB of float64: bounds the memory whatever the size of the model


class Stream(IntEnum):
    """What a sequence of random numbers is for; one seed gives each its own."""

    GRADIENT = 0
    IMPORTANCE = 1


def as_entropy(random_seed: Seed) -> int:
    """Return the non-negative integer that all of a fit's random numbers derive from.

    None draws a fresh one from the operating system, and a generator gives its next integer.

    Raises
    ------
    ValueError
        If a number is negative.
    TypeError
        If the seed is of another kind.

    Examples
    --------
    >>> as_entropy(42)
    42
    """
    if isinstance(random_seed, np.random.Generator):
        return int(random_seed.integers(2**63))
    if random_seed is not None and not isinstance(random_seed, int | np.integer):
        words = np.random.SeedSequence([int(word) for word in random_seed])
        return int.from_bytes(words.generate_state(4, np.uint32).tobytes(), "little")
    if random_seed is not None and random_seed < 0:
        raise ValueError(f"random_seed={random_seed}: expected a non-negative integer or None.")
    entropy = np.random.SeedSequence(None if random_seed is None else int(random_seed)).entropy
    assert isinstance(entropy, int)
    return entropy


def generator(entropy: int, stream: Stream, block: int = 0) -> np.random.Generator:
    """Return the generator of one block of one stream."""
    return np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=(stream, block)))


def block_length(n_samples: int, size: int) -> int:
    """Return how many iterations one block of gradient noise serves.

    It depends on the shapes alone, so that a seed means the same noise however a fit is cut up.

    Examples
    --------
    >>> block_length(n_samples=1, size=2), block_length(n_samples=10, size=5000)
    (1000, 20)
    """
    return max(1, min(MAX_ITERATIONS, MAX_NORMALS // (n_samples * size)))
