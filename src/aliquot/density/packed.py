"""The values that a model is given, as arguments of its functions: many small ones as one array."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from aliquot.expression import leaves
from aliquot.model.variables import Data
from aliquot.stacking import Packing

PACKED = "(data of {})"


class Leaves:
    """A model's data by name, and how they are handed to its functions.

    `leaves` are nodes with a ``value``, whose shape and dtype stay. Those that are to be `apart`
    are not put together with others.
    """

    def __init__(self, leaves: Mapping[str, Any], apart: Collection[str] = ()) -> None:
        self._leaves = dict(leaves)
        packed = {name: leaf for name, leaf in self._leaves.items() if name not in apart}
        self._packing = Packing([(leaf.shape, leaf.dtype) for leaf in packed.values()])
        self._names = self._packing.names(list(packed), PACKED)
        self._packed = list(packed.values())
        self._apart = {name: self._leaves[name] for name in apart if name in self._leaves}

    @staticmethod
    def of(model: Any) -> Leaves:
        """Collect a model's data, and those that observed variables have of their own."""
        own = [leaf for leaf in map(_source, model.observed) if leaf is not None]
        counted = [getattr(v, "counted", None) for v in model.variables.values()]
        own += [leaf for leaf in counted if leaf is not None]
        own += model.arrays
        by_name = {leaf.name: leaf for leaf in [*model.data, *own]}
        return Leaves(by_name, apart=list(model.rows.sources))

    def arrays(self) -> dict[str, np.ndarray]:
        """Give the present values, as arguments."""
        values = [np.asarray(leaf.value) for leaf in self._packed]
        packed = dict(zip(self._names, self._packing.pack(values), strict=True))
        return packed | {name: np.asarray(leaf.value) for name, leaf in self._apart.items()}

    def values(self, arrays: Mapping[str, Any]) -> dict[Any, Any]:
        """Give the value of each node, read from arguments like those that `arrays` gives."""
        values = self._packing.unpack([arrays[name] for name in self._names])
        found = dict(zip(self._packed, values, strict=True))
        return found | {leaf: arrays[name] for name, leaf in self._apart.items()}

    def types(self) -> list[tuple[Any, Any]]:
        """Give the shape and dtype of each."""
        return [(leaf.shape, leaf.dtype) for leaf in self._leaves.values()]


def _source(variable: Any) -> Data | None:
    """Give the observed variable's own data leaf, where it has one that is not in the model."""
    return next(
        (
            leaf
            for leaf in leaves(variable.value)
            if isinstance(leaf, Data) and leaf.name == variable.name
        ),
        None,
    )
