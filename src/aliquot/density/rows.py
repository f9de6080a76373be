"""Running a compiled function over many draws in pieces, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

# Draws are worked on in pieces of about this many numbers.
NUMBERS = 4_000_000


def over_rows(
    program: Callable[..., Mapping[str, Any]],
    shapes: Mapping[str, jax.ShapeDtypeStruct],
    rows: Any,
    *rest: Any,
) -> dict[str, np.ndarray]:
    """Call a vectorised program on a tree of arrays with one leading axis, piece by piece.

    Parameters
    ----------
    program : callable
        ``program(rows, *rest)``: a dict of arrays with the same leading axis.
    shapes : mapping from str to jax.ShapeDtypeStruct
        Shape and dtype of one row of each result.
    rows : pytree of array
        Each with the leading axis of rows. All pieces have one length, so that one program serves.
    *rest
        Passed on as it is.

    Returns
    -------
    dict from str to numpy.ndarray, shape (rows, ...)
    """
    arrays = jax.tree.leaves(rows)
    count = len(arrays[0])
    result = {name: np.empty((count, *s.shape), s.dtype) for name, s in shapes.items()}
    if count == 0:
        return result
    width = sum(int(np.prod(s.shape)) for s in shapes.values())
    width = max(width, sum(int(np.prod(np.shape(a)[1:])) for a in arrays), 1)
    step = max(1, min(count, NUMBERS // width))
    for begin in range(0, count, step):
        index = np.minimum(np.arange(begin, begin + step), count - 1)
        piece = rows if step == count else jax.tree.map(lambda a, i=index: a[i], rows)
        size = min(step, count - begin)
        for name, value in program(piece, *rest).items():
            result[name][begin : begin + size] = np.asarray(value)[:size]
    return result
