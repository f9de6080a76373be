"""Names for the elements of a variable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

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
    parts = []
    for dim, position in zip(dims, index, strict=True):
        label = array.coords[dim].values[position] if dim in array.coords else position
        parts.append(str(label))
    return f"{name}[{', '.join(parts)}]"
