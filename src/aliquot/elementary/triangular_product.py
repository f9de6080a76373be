"""Products of a lower-triangular matrix and a vector, in blocks of rows without most of the zeros.

A product takes as long as reading the matrix does. Half of it is zeros, and what is left of one of
100 rows fits a core's nearest cache: two products of that size took 3 times as long at full width
(processor time, in turns). Blocks are arrays of their own: cut within a loop, XLA would copy them
each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

# Rows of a block are a multiple of these, which fill the processor's vectors, in so many blocks.
ROWS, BLOCKS = 16, 8
# Smaller matrices stay whole.
LEAST = 32


def row_blocks(lower: Any) -> tuple[Any, ...]:
    """Cut a lower-triangular matrix (k, k) into blocks of rows, each up to its last diagonal entry.

    Of small matrices, of several (..., k, k), and on an accelerator, where each product would be a
    launch of its own, there is one block.

    >>> import numpy as np
    >>> [block.shape for block in row_blocks(np.eye(40))]
    [(16, 16), (16, 32), (8, 40)]
    """
    size = lower.shape[-1]
    if lower.ndim > 2 or size < LEAST or jax.default_backend() != "cpu":
        return (lower,)
    rows = ROWS * -(-size // (ROWS * BLOCKS))
    return tuple(lower[start : start + rows, : start + rows] for start in range(0, size, rows))


def product(blocks: Sequence[Any], right: Any) -> Any:
    """Multiply a matrix in blocks and a vector (k,), or a matrix (k, m).

    >>> import numpy as np
    >>> product(row_blocks(np.tril(np.ones((40, 40)))), np.ones(40)).tolist()[14:17]
    [15.0, 16.0, 17.0]
    """
    if len(blocks) == 1:
        return blocks[0] @ right
    return jnp.concatenate([block @ right[: block.shape[1]] for block in blocks])


def transposed_product(blocks: Sequence[Any], right: Any) -> Any:
    """Multiply the transpose of a matrix in blocks and a vector (k,), or a matrix (k, m).

    >>> import numpy as np
    >>> blocks = row_blocks(np.tril(np.ones((40, 40))))
    >>> transposed_product(blocks, np.ones(40)).tolist()[14:17]
    [26.0, 25.0, 24.0]
    """
    if len(blocks) == 1 and blocks[0].ndim > 2:
        return jnp.swapaxes(blocks[0], -1, -2) @ right
    size = blocks[-1].shape[1]
    total: Any = 0.0
    for block in blocks:
        rows, width = block.shape
        part = jnp.tensordot(right[width - rows : width], block, (0, 0)).T
        total = total + jnp.pad(part, [(0, size - width), *[(0, 0)] * (right.ndim - 1)])
    return total
