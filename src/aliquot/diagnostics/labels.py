"""Names for the elements of a variable, and for sets of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray


def element_label(array: xarray.DataArray, dims: Sequence[str], element: int) -> str:
    """Name one element of `array` by its coordinates, such as ``means[low]`` or ``corr[0, 1]``.

    Parameters
    ----------
    array
        The variable.
    dims
        Its dims without ``chain`` and ``draw``, in order.
    element
        The position of the element in the flattened array of these dims.
    """
    name = str(array.name)
    if not dims:
        return name
    index = np.unravel_index(element, [array.sizes[dim] for dim in dims])
    places = [_place(array, dim, at) for dim, at in zip(dims, index, strict=True)]
    return f"{name}[{', '.join(places)}]"


def set_label(array: xarray.DataArray, dims: Sequence[str], elements: np.ndarray) -> str:
    """Name a set of elements of `array` by what they have in common.

    Such as ``means`` (all along its only axis), ``centres[:, north]``, ``diagonal of P`` and
    ``off-diagonal of P``. `elements` are positions in the flattened array of `dims`.
    """
    name = str(array.name)
    if not dims:
        return name
    index = np.unravel_index(elements, [array.sizes[dim] for dim in dims])
    varies = [bool((at != at[0]).any()) for at in index]
    places = [
        ":" if many else _place(array, dim, at[0])
        for dim, at, many in zip(dims, index, varies, strict=True)
    ]
    text = name if all(varies) else f"{name}[{', '.join(places)}]"
    moving = [at for at, many in zip(index, varies, strict=True) if many]
    if len(moving) == 2:
        same = moving[0] == moving[1]
        if same.all():
            return f"diagonal of {text}"
        if not same.any():
            return f"off-diagonal of {text}"
    return text


def _place(array: xarray.DataArray, dim: str, at: Any) -> str:
    return str(array.coords[dim].values[at] if dim in array.coords else at)
