"""Uniform numbers from a counter, cheap enough for the inner loop of a compiled program.

JAX's generators are the most expensive part of a small loop to compile. A trajectory needs one
uniform number a leaf, and needs them to be a function of the draw's key and the number of the leaf.
The finaliser of SplitMix64 gives that in eight integer operations: the ``i``-th output of a
SplitMix64 generator seeded with ``key`` is ``mix(key + (i + 1) * GAMMA)``, and that generator
passes BigCrush: Steele, Lea and Flood (2014), "Fast splittable pseudorandom number generators",
OOPSLA.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

_GAMMA = 0x9E3779B97F4A7C15
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB


def hashed_bits(key: Array, counter: ArrayLike) -> Array:
    """Return 64 random bits for each pair of a key and a counter, all uint64; shapes broadcast."""
    bits = key + (jnp.asarray(counter, jnp.uint64) + np.uint64(1)) * np.uint64(_GAMMA)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(_FIRST)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(_SECOND)
    return bits ^ (bits >> np.uint64(31))


def uniform_from_bits(bits: Array) -> Array:
    """Return float64 numbers in [0, 1) from the upper 53 bits of each uint64."""
    return (bits >> np.uint64(11)).astype(jnp.float64) * 2.0**-53
