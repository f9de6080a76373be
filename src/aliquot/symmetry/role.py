"""Where components stand in one variable: slices along an axis, or variables of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Role:
    """What moves together when components trade places, in one variable or one set of variables.

    Attributes
    ----------
    variables : tuple of str
        One variable, whose slices along `axis` are the components; or one variable for each
        component, where they were written apart (``mu_1``, ``mu_2``).
    axis : int or None
        Counted from 0 in the variable's own shape, without chains and draws; ``None`` where the
        components are variables.
    positions : tuple of int
        Where the components stand along the axis. Empty where the components are variables.
    within : tuple of (int, int)
        Other axes of the variable, each with the only index on it that moves: of means by group and
        component, those of one group.

    Examples
    --------
    >>> import numpy as np
    >>> role = Role(("means",), 0, (0, 1, 2))
    >>> role.permute({"means": np.array([[5.0, 6.0, 7.0]])}, np.array([[2, 0, 1]]))
    {'means': array([[7., 5., 6.]])}
    """

    variables: tuple[str, ...]
    axis: int | None = None
    positions: tuple[int, ...] = ()
    within: tuple[tuple[int, int], ...] = ()

    @property
    def components(self) -> int:
        """How many components there are."""
        return len(self.variables) if self.axis is None else len(self.positions)

    def slices(self, values: Mapping[str, np.ndarray], batch: int) -> np.ndarray:
        """Give each component's values.

        Parameters
        ----------
        values : mapping from str to array, shape (*batch, *shape)
            By variable.
        batch : int
            Number of leading axes that are not the variables' own.

        Returns
        -------
        numpy.ndarray, shape (*batch, components, *rest)
            The axis of components first, then what is left of the variable's own shape.
        """
        if self.axis is None:
            return np.stack([values[name] for name in self.variables], axis=batch)
        array = values[self.variables[0]]
        index: list[Any] = [slice(None)] * array.ndim
        for axis, at in self.within:
            index[batch + axis] = slice(at, at + 1)
        chosen = np.take(array[tuple(index)], self.positions, axis=batch + self.axis)
        return np.moveaxis(chosen, batch + self.axis, batch)

    def permute(
        self, values: Mapping[str, np.ndarray], permutations: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Let the components trade places: component k gets the values of ``permutations[k]``.

        Parameters
        ----------
        values : mapping from str to array, shape (*batch, *shape)
        permutations : numpy.ndarray of int, shape (*batch, components)

        Returns
        -------
        dict from str to numpy.ndarray
            New arrays of this role's variables only.
        """
        batch = permutations.ndim - 1
        parts = self.slices(values, batch)
        rest = parts.ndim - permutations.ndim
        index = permutations.reshape(permutations.shape + (1,) * rest)
        moved = np.take_along_axis(parts, index, axis=batch)
        if self.axis is None:
            return {name: np.take(moved, k, axis=batch) for k, name in enumerate(self.variables)}
        name = self.variables[0]
        array = np.array(values[name])
        place: list[Any] = [slice(None)] * array.ndim
        for axis, at in self.within:
            place[batch + axis] = slice(at, at + 1)
        view = np.moveaxis(array[tuple(place)], batch + self.axis, batch)
        view[(slice(None),) * batch + (list(self.positions),)] = moved
        return {name: array}

    @property
    def text(self) -> str:
        """The role in words: ``means``, ``P (axis 1)`` or ``mu_1 and mu_2``."""
        if self.axis is None:
            return listed(self.variables)
        where = "".join(f", {at} on axis {axis}" for axis, at in self.within)
        return f"{self.variables[0]} (axis {self.axis}{where})"


def listed(names: tuple[str, ...] | list[str]) -> str:
    """Join words as a sentence does: ``a``, ``a and b``, ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
