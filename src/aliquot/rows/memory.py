"""Arrays that begin where a cache line does, which JAX can use on a CPU without a copy."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import DTypeLike

ALIGNED = 64


def aligned(shape: tuple[int, ...], dtype: DTypeLike) -> np.ndarray:
    """Give an array of a shape with nothing in it yet, C-contiguous, aligned to 64 bytes.

    >>> aligned((3, 2), float).ctypes.data % 64
    0
    """
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + ALIGNED, np.uint8)
    skip = -memory.ctypes.data % ALIGNED
    return memory[skip : skip + size].view(dtype).reshape(shape)
