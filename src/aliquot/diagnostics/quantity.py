"""The draws of one variable, or of what was made of some, and what its elements are called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class Quantity:
    """Draws of several scalars under one name."""

    name: str  # of the variable, or of what was made of variables, such as "sorted means"
    draws: np.ndarray  # (elements, chain, draw)
    shape: tuple[int, ...]  # the variable's own, whose product is the number of elements
    label: Callable[[int], str]  # names an element by its position
    # Which elements depend on the labels of components, (elements,); None where there are no
    # components that could trade places, or where that is not known.
    depends: np.ndarray | None = None
    derived: bool = False  # whether it was made of variables so that it does not depend on labels
    # Whether it is known for some of the draws only: then only an R-hat above 1.05 counts.
    thinned: bool = False

    @property
    def label_free(self) -> np.ndarray:
        """Which elements are known not to depend on labels, (elements,)."""
        if self.derived:
            return np.ones(len(self.draws), bool)
        if self.depends is None:
            return np.zeros(len(self.draws), bool)
        return ~self.depends


def quantity_of(
    array: xarray.DataArray, *, depends: np.ndarray | None = None, derived: bool = False
) -> Quantity:
    """Make a quantity of a variable with the dims ``chain`` and ``draw``."""
    dims = [str(dim) for dim in array.dims if dim not in ("chain", "draw")]
    values = array.transpose(*dims, "chain", "draw").values
    draws = values.reshape(-1, *values.shape[-2:]).astype(float, copy=False)
    label = partial(label_of, array, dims)
    return Quantity(str(array.name), draws, values.shape[:-2], label, depends, derived)


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
