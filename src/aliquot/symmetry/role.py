"""Where components stand in one variable: slices along an axis, variables, or what is mirrored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Role:
    """What moves together when components trade places, in one variable or one set of variables.

    Attributes
    ----------
    variables : tuple of str
        One variable, whose slices along `axis` are the components; or one variable for each
        component, where they were written apart (``mu_1``, ``mu_2``); or one variable that is
        mirrored.
    axis : int or None
        Counted from 0 in the variable's own shape, without chains and draws; ``None`` where the
        components are variables.
    positions : tuple of int
        Where the components stand along the axis. Empty where the components are variables.
    within : tuple of (int, int)
        Other axes of the variable, each with the only index on it that moves: of means by group and
        component, those of one group.
    mirror : float or None
        Of two components: what a value and its mirror image add up to, twice the centre. Where the
        two trade places, x becomes ``mirror - x``: 1 for a probability of one of them, 0 for the
        difference of their logits. A single variable without an axis (or, with `within`, a part of
        it) stays where it is and is mirrored; values that trade places may be mirrored besides.

    Examples
    --------
    >>> import numpy as np
    >>> role = Role(("means",), 0, (0, 1, 2))
    >>> role.permute({"means": np.array([[5.0, 6.0, 7.0]])}, np.array([[2, 0, 1]]))
    {'means': array([[7., 5., 6.]])}
    >>> Role(("p",), mirror=1.0).permute({"p": np.array([0.25, 0.25])}, np.array([[0, 1], [1, 0]]))
    {'p': array([0.25, 0.75])}
    """

    variables: tuple[str, ...]
    axis: int | None = None
    positions: tuple[int, ...] = ()
    within: tuple[tuple[int, int], ...] = ()
    mirror: float | None = None

    @property
    def stays(self) -> bool:
        """Whether a variable, or a part of it, is mirrored where it is."""
        return self.axis is None and len(self.variables) == 1 and self.mirror is not None

    @property
    def components(self) -> int:
        """How many components there are."""
        if self.stays:
            return 2
        return len(self.variables) if self.axis is None else len(self.positions)

    def variable_of(self, component: int) -> str:
        """Name the variable in which a component stands."""
        return self.variables[0 if self.axis is not None or self.stays else component]

    def index(self, ndim: int, component: int | None = None) -> tuple[Any, ...]:
        """Give the index of what moves in an array of a variable, or of one component's values."""
        index: list[Any] = [*part(self.within, ndim)]
        if self.axis is not None:
            places = self.positions
            index[self.axis] = list(places) if component is None else places[component]
        return (*index, ...)  # of a number, too, a view

    def slices(self, values: Mapping[str, np.ndarray], batch: int) -> np.ndarray:
        """Give each component's values, of variables that begin with so many axes of a batch.

        The axis of components comes after the batch, then what is left of the variable's own shape.
        What is mirrored is so for the second component, so that the slices trade places as the
        components do: of p with the mirror 1, p and 1 - p.
        """
        parts = self._parts(values, batch)
        if self.mirror is None:
            return parts
        first = np.take(parts, 0, axis=batch)
        other = first if self.stays else np.take(parts, 1, axis=batch)
        return np.stack([first, self.mirror - other], axis=batch)

    def permute(
        self, values: Mapping[str, np.ndarray], permutations: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Let the components trade places: component k gets the values of ``permutations[k]``.

        Permutations have the batch's axes first. Gives new arrays of this role's variables only.
        """
        batch = permutations.ndim - 1
        moved = self._parts(values, batch)
        rest = (1,) * (moved.ndim - permutations.ndim)
        if not self.stays:
            index = permutations.reshape(permutations.shape + rest)
            moved = np.take_along_axis(moved, index, axis=batch)
        if self.mirror is not None:
            # Computed only where it is needed: what is close to a bound would be rounded to it.
            trade = permutations[..., :1] != 0
            moved = np.where(trade.reshape(trade.shape + rest), self.mirror - moved, moved)
        if self.axis is None and not self.stays:
            return {name: np.take(moved, k, axis=batch) for k, name in enumerate(self.variables)}
        name = self.variables[0]
        array = np.array(values[name], np.result_type(values[name], moved))
        view = self._part(array, batch)
        if self.axis is None:
            view[...] = np.take(moved, 0, axis=batch)
        else:
            view = np.moveaxis(view, batch + self.axis, batch)
            view[(slice(None),) * batch + (list(self.positions),)] = moved
        return {name: array}

    def _parts(self, values: Mapping[str, np.ndarray], batch: int) -> np.ndarray:
        """Give each component's values as they stand; of what stays where it is a single one."""
        if self.axis is None and not self.stays:
            return np.stack([values[name] for name in self.variables], axis=batch)
        part = self._part(np.asarray(values[self.variables[0]]), batch)
        if self.axis is None:
            return np.expand_dims(part, batch)
        chosen = np.take(part, self.positions, axis=batch + self.axis)
        return np.moveaxis(chosen, batch + self.axis, batch)

    def only(self, components: Sequence[int]) -> Role:
        """Give the role of some of the components; what stays where it is stays."""
        if self.stays:
            return self
        if self.axis is None:
            return replace(self, variables=tuple(self.variables[k] for k in components))
        return replace(self, positions=tuple(self.positions[k] for k in components))

    def _part(self, array: np.ndarray, batch: int) -> np.ndarray:
        """Give a view of what moves, of the only index on an axis an axis of length one."""
        index: Any = (*part(self.within, array.ndim, batch), ...)
        view: np.ndarray = array[index]
        return view

    def image(self, name: str) -> str:
        """Write the mirror image of what is called `name`: ``1 - p``."""
        return f"{self.mirror:g} - {name}" if self.mirror else f"-{name}"

    @property
    def text(self) -> str:
        """The role in words: ``means``, ``P (axis 1)``, ``mu_1 and mu_2`` or ``p (mirrored)``."""
        if self.axis is None:
            return listed(self.variables) + (" (mirrored)" if self.stays else "")
        where = "".join(f", {at} on axis {axis}" for axis, at in self.within)
        return f"{self.variables[0]} (axis {self.axis}{where})"


def part(within: Sequence[tuple[int, int]], ndim: int, batch: int = 0) -> tuple[slice, ...]:
    """Give the index of a part of a variable; the axis of an only place has length one then."""
    index = [slice(None)] * ndim
    for axis, at in within:
        index[batch + axis] = slice(at, at + 1)
    return tuple(index)


def listed(names: Sequence[str]) -> str:
    """Join words as a sentence does: ``a``, ``a and b``, ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
