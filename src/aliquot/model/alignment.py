"""Copies of data that programs can read where they lie."""

from __future__ import annotations

from typing import Any

import numpy as np

# What XLA asks of memory that it reads without copying it first.
BYTES = 64


def aligned(values: np.ndarray, dtype: Any) -> np.ndarray:
    """Copy an array, as another dtype, to where every program can use it as it is.

    XLA copies an array that does not begin at a multiple of 64 bytes, once for each program that
    is given it.

    Examples
    --------
    >>> import numpy as np
    >>> copy = aligned(np.arange(3), float)
    >>> copy.tolist(), copy.ctypes.data % 64
    ([0.0, 1.0, 2.0], 0)
    """
    dtype = np.dtype(dtype)
    size = values.size * dtype.itemsize
    memory = np.empty(size + BYTES, np.uint8)
    start = -memory.ctypes.data % BYTES
    result = memory[start : start + size].view(dtype).reshape(values.shape)
    np.copyto(result, values, casting="unsafe")
    return result
