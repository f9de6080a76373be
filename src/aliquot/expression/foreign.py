"""Arrays of other libraries as operands: pandas, xarray, masked arrays, matrices."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from aliquot.errors import DTypeError


def as_array(leaf: Any) -> Any:
    """Let an array of another library be NumPy's, or the expression that is in it.

    An xarray object that was multiplied by an expression holds the product: it is taken out.
    Refused are masked entries, and a matrix, whose ``*`` is another.
    """
    if isinstance(leaf, np.ma.MaskedArray):
        if np.ma.is_masked(leaf):
            raise DTypeError(
                f"an array with {int(np.ma.count_masked(leaf))} masked entries cannot be used in a "
                "model: fill them with .filled(...), or give the array as observed="
            )
        return leaf.data
    if isinstance(leaf, np.matrix):
        raise DTypeError(
            "a np.matrix multiplies otherwise than arrays do: use np.asarray(matrix), and @ for "
            "the matrix product"
        )
    if isinstance(leaf, np.ndarray | np.generic | jax.Array) or not hasattr(leaf, "__array__"):
        return leaf
    held = held_by(leaf)
    return np.asarray(leaf) if held is None else held


def held_by(value: Any) -> Any:
    """Give the expression that an xarray object holds, ``None`` where it holds none."""
    if type(value).__module__.partition(".")[0] != "xarray":
        return None
    data = getattr(value, "data", None)
    # An array of NumPy's has no inputs: this is asked without importing the node, which uses this.
    return data if hasattr(type(data), "inputs") else None


def unwrapped(value: Any) -> Any:
    """Take the expression out of an xarray object that holds one; anything else as it is."""
    held = held_by(value)
    return value if held is None else held
