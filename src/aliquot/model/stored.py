"""A variable's values as a result stores them, read by the names of dims and by their labels.

xarray goes by names: dims come back in any order, and labels along them may have been sorted or
chosen from. Whatever is read by position would take one row for another without a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.errors import ModelError, ShapeError
from aliquot.model.dims import RESERVED

if TYPE_CHECKING:
    import xarray


class OtherLabelsError(ModelError):
    """The labels along a dim are not those of the model: these are values of something else."""


def values_of(
    array: xarray.DataArray,
    variable: Any,
    coords: Mapping[str, np.ndarray],
    *,
    sample: Sequence[str] = RESERVED,
) -> np.ndarray:
    """Give the values of a variable, shape (*sample, *own), with its axes in the model's order.

    The dims of `array` may be in any order: `sample`, which come first, and the variable's own. An
    axis without a name in the model is called ``{name}_dim_{axis}``; so may be one that has a name
    there. Lengths are those of `array`, which may not be those of the variable. A dim that is
    missing or not known is refused (`ShapeError`), and so are other labels than `coords` has along
    a dim (`OtherLabelsError`).
    """
    lacking = [dim for dim in sample if dim not in array.dims]
    if lacking:
        raise ShapeError(
            f"{variable.name}: the dim {lacking[0]!r} is missing; it has dims "
            f"{tuple(map(str, array.dims))}, and needs {', '.join(sample)} before its own. Keep "
            "it where draws are chosen, as in isel(chain=[0]), and unstack dims that were stacked"
        )
    own = dims_of(array, variable, sample=sample)
    array = array.transpose(*sample, *own)
    for stored, dim in zip(own, variable.dims or (), strict=False):
        if dim in coords and stored in array.coords:
            order = positions(variable.name, dim, np.asarray(array[stored].values), coords[dim])
            if order is not None:
                array = array.isel({stored: order})
    return np.asarray(array.values)


def dims_of(
    array: xarray.DataArray, variable: Any, *, sample: Sequence[str] = RESERVED
) -> list[str]:
    """Give the stored dims besides `sample` in the order of the variable's axes."""
    given = [str(dim) for dim in array.dims if dim not in sample]
    names = list(variable.dims or [None] * len(variable.shape))
    plain = [f"{variable.name}_dim_{axis}" for axis in range(len(names))]
    found: list[str | None] = [
        name if name in given else default if default in given else None
        for name, default in zip(names, plain, strict=True)
    ]
    rest = [dim for dim in given if dim not in found]
    lost = [axis for axis, dim in enumerate(found) if dim is None]
    # One axis that the model has no name for and one dim that is left: there is nothing to confuse.
    if len(rest) == len(lost) == 1 and names[lost[0]] is None:
        found[lost[0]], rest, lost = rest[0], [], []
    if rest or lost:
        expected = tuple(name or default for name, default in zip(names, plain, strict=True))
        wrong = [f"{dim!r} is not known" for dim in rest]
        wrong += [f"{expected[axis]!r} is missing" for axis in lost]
        raise ShapeError(
            f"{variable.name}: its dims are {tuple(map(str, array.dims))}, but the model's are "
            f"{expected} ({', '.join(wrong)}): rename or unstack them, or is it of another model?"
        )
    return [str(dim) for dim in found]


def positions(name: str, dim: str, have: np.ndarray, want: np.ndarray) -> np.ndarray | None:
    """Say where the model's labels stand among those stored; ``None`` where in the same places.

    Labels that are only numbers from 0 name nothing: then places count.
    """
    if len(have) != len(want) or np.array_equal(have, want):
        return None
    stored, wanted = _as_text(have), _as_text(want)
    if stored == wanted:
        return None
    places = {label: at for at, label in enumerate(stored)}
    if len(places) == len(stored) and places.keys() == set(wanted):
        return np.array([places[label] for label in wanted])
    counted = [str(i) for i in range(len(want))]
    if counted in (stored, wanted):
        return None
    other = next(label for label in wanted if label not in places)
    raise OtherLabelsError(
        f"{name}: the model's dim {dim!r} has a label {other!r}, which is not among those that "
        f"were stored ({', '.join(stored[:5])}{', ...' if len(stored) > 5 else ''}). Draws of "
        "some labels say nothing of others: is it of another model, or were new coords set?"
    )


def _as_text(labels: np.ndarray) -> list[str]:
    if labels.dtype.kind == "M":
        labels = labels.astype("datetime64[ns]")
    return [str(label) for label in labels.tolist()]
