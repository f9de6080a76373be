"""The log density at many points: one compiled loop, on as many threads as there are cores."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from aliquot.compilation import compiled, kept, loop
from aliquot.kernel import rewritten
from aliquot.precision import float64
from aliquot.variational.target import Target

# Points in one call on a CPU, where they are taken one after another: a loop compiled into one
# function, which needs the memory of one point.
ON_CPU = 1024
# Points times numbers in the data that are worth the waiting.
WORTH = 250_000_000
# On an accelerator they are taken together.
TOGETHER = 128


def affordable(density: Target, most: int, least: int) -> int:
    """Return how many points to evaluate where more are better but fewer will do.

    All of them while points times numbers in the data are below a quarter of a billion: about a
    second.
    """
    numbers = sum(np.size(leaf) for leaf in jax.tree.leaves(density.data))
    return int(np.clip(WORTH // max(numbers, 1), least, most))


def log_densities(density: Target, points: np.ndarray) -> np.ndarray:
    """Return the log density at each of some points (n, d), shape (n,)."""
    alone = jax.default_backend() == "cpu"
    length = ON_CPU if alone else TOGETHER
    count = len(points)
    blank = np.zeros((length, points.shape[1]))
    arguments = (blank, np.int32(0), density.data)
    program, _ = kept(
        density,
        "log densities",
        arguments,
        lambda: compiled(_program(density, alone), *arguments, options=loop()).call,
    )

    def of_part(part: tuple[int, int]) -> np.ndarray:
        first, last = part
        rows = blank.copy()
        rows[: last - first] = points[first:last]
        with float64():
            return np.asarray(program(rows, np.int32(last - first), density.data))[: last - first]

    workers = (os.cpu_count() or 1) if alone else 1
    # Equal shares for the threads.
    calls = max(-(-count // length), min(workers, count))
    ends = np.linspace(0, count, calls + 1).astype(int)
    parts = [(int(a), int(b)) for a, b in pairwise(ends)]
    if workers == 1 or len(parts) < 2:
        return np.concatenate([np.empty(0), *map(of_part, parts)])
    with ThreadPoolExecutor(workers) as pool:
        return np.concatenate(list(pool.map(of_part, parts)))


def _program(density: Target, alone: bool) -> Any:
    if not alone:
        batch = jax.vmap(density.log_density, in_axes=(0, None))
        return lambda points, count, data: batch(points, data)
    one = rewritten(density.log_density)

    def run(points: jax.Array, count: jax.Array, data: Any) -> jax.Array:
        def evaluate(carry: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            i, heights = carry
            point = lax.dynamic_index_in_dim(points, i, keepdims=False)
            return i + 1, lax.dynamic_update_index_in_dim(heights, one(point, data), i, 0)

        first = jnp.zeros_like(count), jnp.zeros(points.shape[0])
        return lax.while_loop(lambda carry: carry[0] < count, evaluate, first)[1]

    return run
