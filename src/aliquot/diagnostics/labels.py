"""Names for the elements of a variable, and for sets of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    import xarray


def label_of(array: xarray.DataArray, dims: Sequence[str], elements: ArrayLike) -> str:
    """Name an element of `array` by its coordinates, or a set of elements by what they share.

    Such as ``means[low]``, ``means`` (all along its only axis), ``centres[:, north]``, ``diagonal
    of P`` and ``off-diagonal of P``. `elements` are positions in the flattened array of `dims`,
    which are all but ``chain`` and ``draw``.
    """
    name = str(array.name)
    if not dims:
        return name
    index = np.unravel_index(np.atleast_1d(elements), [array.sizes[dim] for dim in dims])
    varies = [bool((at != at[0]).any()) for at in index]
    places = [
        ":" if many else str(array.coords[dim].values[at[0]] if dim in array.coords else at[0])
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
