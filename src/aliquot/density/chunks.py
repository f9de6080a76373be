"""Running a compiled function over many draws in chunks, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from aliquot.compilation import kept
from aliquot.primitives.internals import every_equation, size_of

# No array that a chunk needs holds many more numbers than this.
NUMBERS = 4_000_000
# Lengths of chunks, each a program of its own: where memory allows it, only some of them are used.
LENGTHS = (1, 4, 16, 64, 256, 1024)
USUAL = (1, 1024)

Function = Callable[..., Mapping[str, Any]]


def in_chunks(program: Function, one: Function, rows: Any, *rest: Any) -> dict[str, np.ndarray]:
    """Call a vectorised program on a tree of arrays with one leading axis, chunk by chunk.

    ``program(rows, *rest)`` gives a dict of arrays with the same leading axis, as does the result;
    `one` gives the same for one row.
    """
    count = len(jax.tree.leaves(rows)[0])
    length, shapes = chunk_length(one, rows, *rest, program=program)
    result = {name: np.empty((count, *s.shape), s.dtype) for name, s in shapes.items()}
    rest = jax.device_put(rest)
    for begin in range(0, count, length):
        index = np.minimum(np.arange(begin, begin + length), count - 1)
        size = min(length, count - begin)
        chunk = jax.tree.map(lambda array, i=index: array[i], rows)
        for name, value in program(chunk, *rest).items():
            result[name][begin : begin + size] = np.asarray(value)[:size]
    return result


def chunk_length(
    one: Function, rows: Any, *rest: Any, program: Function | None = None
) -> tuple[int, Mapping[str, jax.ShapeDtypeStruct]]:
    """Choose how many rows a chunk has; say the shape and dtype of one row of each result.

    To know, `one` is traced; with the `program` that it belongs to, once for rows of a shape.
    """
    count = len(jax.tree.leaves(rows)[0])
    row = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape[1:], a.dtype), rows)

    def trace() -> tuple[int, Any]:
        traced, shapes = jax.make_jaxpr(one, return_shape=True)(row, *rest)
        made = (size_of(var) for equation in every_equation(traced) for var in equation.outvars)
        return max(made, default=1), shapes

    owner, name = getattr(program, "kept_with", (program or trace, ""))
    (widest, shapes), _ = kept(owner, ("chunks", name), (row, *rest), trace)
    most = [n for n in LENGTHS if n * widest <= NUMBERS] or [1]
    return next((n for n in most if n >= count and n in USUAL), most[-1]), shapes
