"""One group of the tree: arrays by name, made into a dataset with a coordinate on every dim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.errors import ModelError, ShapeError
from aliquot.results.axes import SAMPLE_DIMS, recorded

if TYPE_CHECKING:
    import xarray


def build_dataset(
    group: str,
    arrays: Mapping[str, Any],
    *,
    dims: Mapping[str, Sequence[str | None] | None],
    coords: Mapping[str, Any],
    attrs: Mapping[str, Any],
    sampled: bool,
    lenient: bool = False,
) -> xarray.Dataset:
    """Build the dataset of one group, with attributes that are encoded already.

    Each array is ``(chain, draw, *shape)`` if `sampled`, and ``(*shape)`` if not. `dims` names the
    axes of the shape, ``{variable}_dim_{axis}`` where it does not; `coords` has labels for dims,
    and for ``chain`` and ``draw``. A dim without any is numbered from 0. `lenient` ignores names
    that do not fit a shape instead of refusing them: an unconstrained variable can be shorter than
    the variable that it belongs to. A variable with the name of a dim is refused. `group` is for
    error messages.
    """
    import pandas
    import xarray

    labels = {name: label_array(name, values) for name, values in coords.items()}
    lengths: dict[str, tuple[int, str]] = {}
    variables: dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, str]]] = {}
    for name, values in arrays.items():
        array = _storable(values)
        shape = array.shape
        if sampled:
            if array.ndim < 2:
                raise ShapeError(
                    f"{name!r} in {group} has shape {shape}; it must begin with (chain, draw)."
                )
            shape = shape[2:]
        names = _dim_names(group, name, shape, dims.get(name), labels, lenient)
        if sampled:
            names = (*SAMPLE_DIMS, *names)
        for dim, length in zip(names, array.shape, strict=True):
            known, owner = lengths.setdefault(dim, (length, name))
            if known != length:
                raise ShapeError(
                    f"In {group}, dim {dim!r} has length {length} in {name!r} but {known} "
                    f"in {owner!r}."
                )
        variables[name] = (names, array, recorded(names))

    index: dict[str, tuple[str, Any]] = {}
    for dim, (length, owner) in lengths.items():
        if dim in variables:
            raise ModelError(
                f"{dim!r} is the name of a variable and of a dim of {owner!r}. ArviZ's schema "
                "needs them to differ: rename one of the two."
            )
        values = labels.get(dim)
        if values is None or (dim in SAMPLE_DIMS and len(values) != length):
            values = pandas.RangeIndex(length)  # counts, and stores nothing
        elif len(values) != length:
            raise ShapeError(
                f"{owner!r} in {group} has length {length} along dim {dim!r}, whose coordinate "
                f"has {len(values)} labels."
            )
        index[dim] = (dim, values)
    return xarray.Dataset(variables, coords=index, attrs=dict(attrs))


def label_array(dim: str, values: Any) -> np.ndarray:
    """Return coordinate labels as a one-dimensional array that can be stored.

    Labels that are neither numbers, dates nor strings (tuples, enumerations) become strings.
    """
    array = values
    if not isinstance(values, np.ndarray) or values.dtype == object:
        items = list(values)
        texts = any(isinstance(item, str | tuple | list) for item in items)
        array = np.array([str(item) for item in items], dtype=str) if texts else np.asarray(items)
        if array.dtype == object:
            array = np.array([str(item) for item in items], dtype=str)
    if array.ndim != 1:
        raise ShapeError(
            f"The coordinate of dim {dim!r} has shape {array.shape}; it must be one-dimensional."
        )
    return array


def _storable(values: Any) -> np.ndarray:
    """Return `values` as an array; missing values of a masked array become NaN."""
    if isinstance(values, np.ma.MaskedArray):
        if not np.ma.is_masked(values):
            return np.asarray(values.data)
        return np.ma.filled(values.astype(float), np.nan)
    return np.asarray(values)


def _dim_names(
    group: str,
    name: str,
    shape: tuple[int, ...],
    given: Sequence[str | None] | None,
    labels: Mapping[str, np.ndarray],
    lenient: bool,
) -> tuple[str, ...]:
    defaults = tuple(f"{name}_dim_{axis}" for axis in range(len(shape)))
    if given is None:
        return defaults
    names = tuple(
        default if dim is None else dim for dim, default in zip(given, defaults, strict=False)
    )
    fits = len(given) == len(shape) and len(set(names)) == len(names)
    if lenient:
        fits = fits and all(
            dim not in labels or len(labels[dim]) == length
            for dim, length in zip(names, shape, strict=True)
        )
        return names if fits else defaults
    if not fits:
        raise ShapeError(
            f"{name!r} in {group} has shape {shape} but dims {tuple(given)}; it needs one dim, "
            "each of another name, for every axis."
        )
    return names
