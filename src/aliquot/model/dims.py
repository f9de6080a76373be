"""Named axes: what dims a model knows, how long they are, and the labels along them."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable, Iterator, KeysView, Mapping, Sequence, ValuesView
from types import FrameType
from typing import Any

import numpy as np

from aliquot.errors import ModelError, ShapeError
from aliquot.expression.lengths import Read, is_user_code, place
from aliquot.model.result_names import refuse_unstorable, refuse_unstorable_labels

RESERVED = ("chain", "draw")


def as_labels(name: Any, labels: Any) -> np.ndarray:
    """Read the labels along a dim, or its length, and its name.

    Numbers, dates and strings stay what they are; other objects, tuples among them, become strings.
    """
    if not isinstance(name, str):
        raise ModelError(f"a dim's name must be a string; got {name!r}")
    refuse_unstorable("dim", name)
    if name in RESERVED:
        raise ModelError(
            f"{name!r} is the name of a dim of every result, so a dim of a model cannot have "
            "it: use another name"
        )
    if isinstance(labels, int | np.integer):
        if isinstance(labels, bool) or labels < 0:
            raise ShapeError(f"dim {name!r} cannot have length {labels}")
        return np.arange(labels)
    array = _as_array(name, labels)
    if array.ndim == 0:
        raise ShapeError(
            f"the coords of dim {name!r} must be a sequence of labels, such as a list, or their "
            f"number; got {labels!r:.60}"
        )
    if array.ndim != 1:
        raise ShapeError(
            f"the coords of dim {name!r} must be one-dimensional; got shape {array.shape}"
        )
    if array.dtype.kind in "fcmM":
        _check_present(name, list(array))
    refuse_unstorable_labels(name, array)
    values, counts = np.unique(array, return_counts=True)
    if len(values) != len(array):
        twice = values[counts > 1][0]
        raise ModelError(
            f"the coords of dim {name!r} hold the same label twice: {str(twice)!r}. Labels must "
            "differ, also as strings where they are of several kinds"
        )
    return array


def _as_array(name: Any, labels: Any) -> np.ndarray:
    if isinstance(labels, str | bytes):
        return np.array(labels)
    ordered = isinstance(labels, Sequence | KeysView | ValuesView)
    if not ordered and not hasattr(labels, "__array__"):
        return np.array(None)
    if hasattr(labels, "__array__"):
        array = np.array(labels)
        if array.dtype != object or array.ndim != 1:
            return array
    items = list(labels)
    _check_present(name, items)
    if items and all(isinstance(item, datetime.date) for item in items):
        if not any(getattr(item, "tzinfo", None) for item in items):
            return np.array(items, dtype="datetime64[us]")
    elif not any(isinstance(item, tuple) for item in items):
        array = np.array(items)
        if array.dtype != object:
            return array
    return np.array([str(item) for item in items], dtype=str)


def _check_present(name: Any, items: list[Any]) -> None:
    """Refuse labels that stand for nothing: nobody could select them in a result."""
    for at, item in enumerate(items):
        if _absent(item):
            raise ModelError(
                f"the coords of dim {name!r} hold a missing label: {item} at position {at}. "
                "Give it a name of its own, such as 'unknown'"
            )


def _absent(item: Any) -> bool:
    # pandas' NA is neither equal to itself nor unequal.
    if item is None or type(item).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(item, float | np.inexact | np.datetime64 | np.timedelta64) and bool(
        item != item
    )


class Coords:
    """The dims of a model, with their lengths and labels.

    In `coords` a whole number stands for that many labels, counted from 0. `on_read` is called
    where whoever writes a model reads the labels of a dim, or their number. `rows` are the model's
    that lie on a disk.
    """

    def __init__(
        self,
        coords: Mapping[str, Any] | None = None,
        on_read: Callable[[Read], None] | None = None,
        rows: Any = None,
    ) -> None:
        self._labels: dict[str, np.ndarray] = {}
        self._on_read = on_read
        self._rows = rows
        for name, labels in as_mapping("coords", coords, "{'group': labels}").items():
            self.add(name, labels)

    def add(self, name: str, labels: Any) -> None:
        """Add a dim, or give a dim that is there new labels."""
        self._labels[name] = as_labels(name, labels)

    def __contains__(self, name: object) -> bool:
        return name in self._labels

    def __getitem__(self, name: str) -> np.ndarray:
        self._note(name, sys._getframe(1))
        return self._labels[name].copy()

    def __iter__(self) -> Iterator[str]:
        return iter(self._labels)

    def __len__(self) -> int:
        return len(self._labels)

    def keys(self) -> KeysView[str]:
        """Give the names of the dims, so that ``dict(model.coords)`` holds the labels by name."""
        return self._labels.keys()

    def __repr__(self) -> str:
        inside = ", ".join(f"{name} ({len(labels)})" for name, labels in self._labels.items())
        return f"<coords: {inside or 'none'}>"

    def length(self, name: str) -> int:
        """Give the length of a dim."""
        frame = sys._getframe(1)
        self._note(name, frame)
        length = len(self._labels[name])
        if not self._rows or is_user_code(frame):
            return length
        shown: int = self._rows.lengths((length,))[0]
        return shown

    def _note(self, name: str, frame: FrameType) -> None:
        if self._on_read is None or name not in self._labels or not is_user_code(frame):
            return
        what = f"the coords of dim {name!r}"
        now = lambda coords: coords._labels.get(name)  # noqa: E731
        self._on_read(Read(what, self, self._labels[name], now, place(frame)))

    def restore(self, labels: Mapping[str, np.ndarray]) -> None:
        """Put back what `as_dict` gave."""
        self._labels = dict(labels)

    def as_dict(self) -> dict[str, np.ndarray]:
        """Give the labels by dim."""
        for name in self._labels:
            self._note(name, sys._getframe(1))
        return dict(self._labels)

    def shape(self, variable: str, dims: tuple[str, ...]) -> tuple[int, ...]:
        """Give the shape that dims stand for; one that is not known is refused."""
        for dim in dims:
            if dim not in self:
                known = ", ".join(map(repr, self._labels)) or "none"
                raise ModelError(
                    f"{variable}: dim {dim!r} is not known to the model (known: {known}). "
                    f"Add it: aq.Model(coords={{{dim!r}: labels}})"
                )
        return tuple(self.length(dim) for dim in dims)

    def told(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Give a shape as whoever writes the model sees it: with all rows of those on a disk."""
        return tuple(self._rows.told(shape)) if self._rows else shape


def as_mapping(what: str, given: Any, example: str) -> Mapping[str, Any]:
    """Read a mapping, or ``None`` for an empty one."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ModelError(f"{what} must be a mapping such as {example}; got {given!r:.60}")
    return given


def as_dims(variable: str, dims: Any) -> tuple[str, ...] | None:
    """Read dims given as one name or several."""
    if dims is None:
        return None
    try:
        names = (dims,) if isinstance(dims, str) else tuple(dims)
    except TypeError:
        names = (dims,)
    if not all(isinstance(name, str) for name in names):
        raise ModelError(f"{variable}: dims must be names; got {dims!r}")
    if len(set(names)) != len(names):
        raise ModelError(f"{variable}: dims {names} name the same dim twice")
    return names


def check_dims(
    variable: str, dims: tuple[str, ...], shape: tuple[int, ...], coords: Coords
) -> None:
    """Refuse dims that do not fit a shape."""
    named = coords.shape(variable, dims)
    if named != shape:
        named, shape = coords.told(named), coords.told(shape)
        lengths = ", ".join(f"{dim!r}: {size}" for dim, size in zip(dims, named, strict=True))
        raise ShapeError(
            f"{variable}: its shape is {shape}, but dims {dims} say {named} ({lengths})"
        )
