"""A function at many points: one compiled loop, on as many threads as there are cores."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from aliquot.compilation import compiled, kept, loop, owner_of
from aliquot.kernel import rewritten
from aliquot.precision import float64
from aliquot.variational.target import Target

# Points in one call on a CPU, where they are taken one after another: a loop compiled into one
# function, which needs the memory of one point. On an accelerator they are taken together.
ON_CPU, TOGETHER = 1024, 128
# Numbers in them at most.
MOST_NUMBERS = 2**18
# What takes less time than this is not worth a second thread.
WORTH_THREADS_SECONDS = 0.002

type Function = Callable[[Any, Any], Any]


@dataclass
class _Program:
    call: Callable[..., Any]
    seconds: float = 0.0  # for one point, at best: at times others have the processor


def at_points(density: Target, key: str, function: Function, points: np.ndarray) -> Any:
    """Return ``function(point, data)`` at each of some points (n, d), with the data of a density.

    It gives a pytree of arrays, as does this, with an axis of points before theirs. It is compiled
    once for each `key`, and kept with its log density.
    """
    count, size = points.shape
    # A density of rows on a disk reads them once for points that come together.
    read = getattr(density, "reads_rows", False)
    alone = jax.default_backend() == "cpu" and not read
    length = max(1, min(ON_CPU if alone else TOGETHER, MOST_NUMBERS // max(size, 1)))
    if read:
        length = min(length, 1 << max(count - 1, 0).bit_length())
    arguments = (np.zeros((length, size)), np.int32(0), density.data)

    def make() -> _Program:
        batch = _one_by_one(function) if alone else _together(function)
        return _Program(compiled(batch, *arguments, options=loop()).call)

    program, _ = kept(owner_of(density.log_density), key, arguments, make)

    def of_part(part: np.ndarray) -> Any:
        rows = np.zeros((length, size))
        rows[: len(part)] = part
        if read:
            rows[len(part) :] = part[-1:]  # a point that is there already is not computed again
        began = time.perf_counter()
        with float64():
            found = program.call(rows, np.int32(len(part)), density.data)
        found = jax.tree.map(lambda leaf: np.asarray(leaf)[: len(part)], found)
        seconds = (time.perf_counter() - began) / max(len(part), 1)
        program.seconds = min(program.seconds or seconds, seconds)
        return found

    cores = (os.cpu_count() or 1) if alone else 1
    threads = max(1, min(cores, count))
    if count * program.seconds < WORTH_THREADS_SECONDS:
        threads = 1
    # Equal shares for the threads.
    calls = max(-(-count // length), threads)
    parts = [points[a:b] for a, b in pairwise(np.linspace(0, count, calls + 1).astype(int))]
    if threads == 1:
        found = [of_part(part) for part in parts]
    else:
        with ThreadPoolExecutor(cores) as pool:
            found = list(pool.map(of_part, parts))
    return jax.tree.map(lambda *leaves: np.concatenate(leaves), *found)


def _together(function: Function) -> Callable[..., Any]:
    batch = jax.vmap(function, in_axes=(0, None))
    return lambda points, count, data: batch(points, data)


def _one_by_one(function: Function) -> Callable[..., Any]:
    one = rewritten(function)

    def run(points: jax.Array, count: jax.Array, data: Any) -> Any:
        def evaluate(carry: tuple[jax.Array, Any]) -> tuple[jax.Array, Any]:
            i, found = carry
            value = one(lax.dynamic_index_in_dim(points, i, keepdims=False), data)
            return i + 1, jax.tree.map(
                lambda rows, row: lax.dynamic_update_index_in_dim(rows, row, i, 0), found, value
            )

        shapes = jax.eval_shape(one, points[0], data)
        blank = jax.tree.map(lambda s: jnp.zeros((len(points), *s.shape), s.dtype), shapes)
        first = jnp.zeros_like(count), blank
        return lax.while_loop(lambda carry: carry[0] < count, evaluate, first)[1]

    return run
