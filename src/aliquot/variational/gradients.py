"""The log density and its gradient at many points: one compiled loop, on all cores."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
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

# Points in one call on a CPU, where they are taken one after another, and on an accelerator; and
# numbers in them at most.
ON_CPU, TOGETHER = 1024, 128
MOST_NUMBERS = 2**18
# What takes less time than this is not worth a second thread.
WORTH_THREADS_SECONDS = 0.002


class Gradients:
    """The log density of a target and its gradient, at as many points as are asked for.

    On a CPU points are gone through one after another, which is compiled into one function; on an
    accelerator they are taken together. `evaluations` counts them.

    >>> import aliquot as aq
    >>> with aq.Model() as model:
    ...     x = aq.Normal("x", 0, 1, shape=2)
    >>> at = Gradients(model.density())
    >>> heights, gradients = at(np.array([[1.0, 2.0], [3.0, 0.5]]))
    >>> gradients.tolist(), at.evaluations
    ([[-1.0, -2.0], [-3.0, -0.5]], 2)
    """

    def __init__(self, density: Target) -> None:
        self.evaluations = 0
        self._density = density
        alone = jax.default_backend() == "cpu"
        self._workers = (os.cpu_count() or 1) if alone else 1
        most = ON_CPU if alone else TOGETHER
        length = max(1, min(most, MOST_NUMBERS // max(density.size, 1)))
        self._blank = np.zeros((length, density.size))
        arguments = (self._blank, np.int32(0), density.data)
        self._program, _ = kept(
            density,
            "heights and gradients",
            arguments,
            lambda: compiled(_program(density, alone), *arguments, options=loop()).call,
        )
        self._seconds = 0.0  # for one point

    @property
    def labels(self) -> Sequence[str]:
        """A name for each coordinate."""
        return self._density.labels

    def __call__(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the log density (n,) and its gradient (n, d) at points (n, d)."""
        count, length = len(points), len(self._blank)
        self.evaluations += count
        threads = min(self._workers, count)
        if count * self._seconds < WORTH_THREADS_SECONDS:
            threads = 1
        calls = max(-(-count // length), threads)
        ends = np.linspace(0, count, calls + 1).astype(int)
        parts = [points[a:b] for a, b in pairwise(ends)]
        began = time.perf_counter()
        if threads < 2:
            found = [self._of(part) for part in parts]
        else:
            with ThreadPoolExecutor(threads) as pool:
                found = list(pool.map(self._of, parts))
        self._seconds = (time.perf_counter() - began) * threads / max(count, 1)
        heights, gradients = zip(*found, strict=True)
        return np.concatenate(heights), np.concatenate(gradients)

    def _of(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        count = len(points)
        rows = np.empty_like(self._blank)
        rows[:count], rows[count:] = points, 0.0
        with float64():
            heights, gradients = self._program(rows, np.int32(count), self._density.data)
            return np.asarray(heights)[:count], np.asarray(gradients)[:count]


def _program(density: Target, alone: bool) -> Any:
    if not alone:
        batch = jax.vmap(jax.value_and_grad(density.log_density), in_axes=(0, None))
        return lambda points, count, data: batch(points, data)
    one = rewritten(jax.value_and_grad(density.log_density))

    def run(points: jax.Array, count: jax.Array, data: Any) -> tuple[jax.Array, jax.Array]:
        def evaluate(carry: Any) -> Any:
            i, heights, gradients = carry
            point = lax.dynamic_index_in_dim(points, i, keepdims=False)
            height, gradient = one(point, data)
            heights = lax.dynamic_update_index_in_dim(heights, height, i, 0)
            return i + 1, heights, lax.dynamic_update_index_in_dim(gradients, gradient, i, 0)

        first = jnp.zeros_like(count), jnp.zeros(points.shape[0]), jnp.zeros_like(points)
        _, heights, gradients = lax.while_loop(lambda carry: carry[0] < count, evaluate, first)
        return heights, gradients

    return run
