"""Named axes: what dims a model knows, how long they are, and the labels along them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, KeysView, Mapping
from types import FrameType
from typing import Any

import numpy as np

from aliquot.errors import ModelError, ShapeError
from aliquot.expression.lengths import Read, is_user_code, place
from aliquot.model.labels import as_labels


class Coords:
    """The dims of a model, with their lengths and labels.

    Parameters
    ----------
    coords : mapping from str to sequence, optional
        The labels along each dim; a whole number stands for that many, counted from 0.
    on_read : callable, optional
        Called where whoever writes a model reads the labels of a dim, or their number.
    """

    def __init__(
        self,
        coords: Mapping[str, Any] | None = None,
        on_read: Callable[[Read], None] | None = None,
    ) -> None:
        self._labels: dict[str, np.ndarray] = {}
        self._on_read = on_read
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
        self._note(name, sys._getframe(1))
        return len(self._labels[name])

    def _note(self, name: str, frame: FrameType) -> None:
        if self._on_read is None or name not in self._labels or not is_user_code(frame):
            return
        what = f"the coords of dim {name!r}"
        self._on_read(Read(what, self._labels[name], lambda: self._labels.get(name), place(frame)))

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
        lengths = ", ".join(f"{dim!r}: {size}" for dim, size in zip(dims, named, strict=True))
        raise ShapeError(
            f"{variable}: its shape is {shape}, but dims {dims} say {named} ({lengths})"
        )
