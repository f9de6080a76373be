"""The draws of all fits side by side, as they come in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.many.methods import FitArray
from aliquot.many.record import FitRow, columns
from aliquot.many.survey import Axis
from aliquot.results import tree_of
from aliquot.results.attributes import encode_attributes, standard_attributes

if TYPE_CHECKING:
    import xarray

DATASET = "dataset"
SAMPLED = ("chain", "draw")


@dataclass(frozen=True)
class PlacedArray:
    """One array of one fit, and where it belongs among those of all fits."""

    group: str
    name: str
    dims: tuple[str, ...]  # without that of the data sets
    shape: tuple[int, ...]  # of all fits' arrays, likewise
    places: tuple[np.ndarray, ...]
    values: np.ndarray
    attrs: Mapping[str, Any]

    @property
    def whole(self) -> np.ndarray:
        """The array in all its length: NaN where this data set has nothing, False of truths."""
        if self.shape == self.values.shape:
            return self.values.astype(self.dtype, copy=False)
        whole = np.full(self.shape, False if self.dtype == bool else np.nan, self.dtype)
        whole[np.ix_(*self.places)] = self.values
        return whole

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of all fits' arrays: whole numbers are floats where some may be missing."""
        kept = self.values.dtype
        return kept if kept.kind in "bf" else np.dtype(np.float64)


def pieces_of(
    arrays: Sequence[FitArray], axes: Mapping[str, Axis], rows: Mapping[str, tuple[int, int]]
) -> Iterator[PlacedArray]:
    """Say of the arrays of a fit where each belongs among those of all fits.

    `rows` says of variables that have padded rows along which axis that is, and how many are real.
    """
    for array in arrays:
        sampled = sum(dim in SAMPLED for dim in array.dims)
        values = array.values
        if array.name in rows:
            axis, count = rows[array.name]
            values = np.take(values, np.arange(count), axis=axis + sampled)
        shape, places = [], []
        for dim, length, labels in zip(array.dims, values.shape, array.labels, strict=True):
            along = None if dim in SAMPLED else axes.get(dim)
            shape.append(length if along is None else along.length)
            places.append(
                np.arange(length) if along is None else along.places(length, labels[:length])
            )
        yield PlacedArray(
            array.group, array.name, array.dims, tuple(shape), tuple(places), values, array.attrs
        )


class InMemory:
    """Draws in memory."""

    def __init__(self, labels: Sequence[Any], axes: Mapping[str, Axis]) -> None:
        self._labels, self._axes = labels, axes
        self._arrays: dict[tuple[str, str], np.ndarray] = {}
        self._first: dict[tuple[str, str], PlacedArray] = {}
        self._whole: dict[tuple[str, str], bool] = {}
        self._count: dict[tuple[str, str], int] = {}

    def put(self, number: int, pieces: Sequence[PlacedArray]) -> None:
        """Take the arrays of a fit."""
        for piece in pieces:
            at = piece.group, piece.name
            if at not in self._arrays:
                blank: Any = False if piece.dtype == bool else np.nan
                shape = (len(self._labels), *piece.shape)
                self._arrays[at] = np.full(shape, blank, piece.dtype)
                self._first[at], self._whole[at], self._count[at] = piece, True, 0
            self._arrays[at][number] = piece.whole
            self._whole[at] &= piece.shape == piece.values.shape
            self._count[at] += 1

    def tree(self, records: Sequence[FitRow], attrs: Mapping[str, Any]) -> xarray.DataTree:
        """Give all of it; whole numbers are whole again where none is missing."""
        import xarray

        said = standard_attributes() | encode_attributes(attrs)
        groups: dict[str, Any] = {}
        for at, array in self._arrays.items():
            first = self._first[at]
            if self._whole[at] and self._count[at] == len(self._labels):
                array = array.astype(first.values.dtype, copy=False)
            groups.setdefault(at[0], {})[at[1]] = ((DATASET, *first.dims), array, first.attrs)
        made = {}
        for group in groups:
            coords = coords_of([v[0] for v in groups[group].values()], groups[group], self._axes)
            made[group] = xarray.Dataset(
                groups[group], coords={DATASET: list(self._labels), **coords}, attrs=said
            )
        made["fits"] = table(records, self._labels, said)
        return tree_of(made, said)


def labels_along(dim: str, length: int, axes: Mapping[str, Axis]) -> np.ndarray:
    """Give the labels along a dim of all fits' arrays: numbers where there are no others."""
    axis = None if dim in SAMPLED else axes.get(dim)
    return np.arange(length) if axis is None or axis.labels is None else axis.labels


def coords_of(
    all_dims: Sequence[Sequence[str]], arrays: Mapping[str, Any], axes: Mapping[str, Axis]
) -> dict[str, Any]:
    """Give the labels along each dim of a group's arrays, whose shapes say how many there are."""
    result: dict[str, Any] = {}
    for dims, held in zip(all_dims, arrays.values(), strict=True):
        for dim, length in zip(dims, held[1].shape, strict=True):
            if dim == DATASET or dim in result:
                continue
            result[dim] = labels_along(dim, length, axes)
    return result


def table(
    records: Sequence[FitRow], labels: Sequence[Any], attrs: Mapping[str, Any]
) -> xarray.Dataset:
    """Make the group of what there is to say of each fit."""
    import xarray

    found = {name: (DATASET, values) for name, values in columns(records).items()}
    return xarray.Dataset(found, coords={DATASET: list(labels)}, attrs=dict(attrs))
