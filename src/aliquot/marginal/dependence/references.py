"""Which elements of which discrete variables each element of a value depends on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int64]

LIMIT = 64
"""The largest number of references that are listed; beyond it a value is :class:`Mixed`."""


class Reference(NamedTuple):
    """One element of a discrete variable for each element of a value.

    `index` has as many axes as the value; each axis has the value's length, or 1 where the index is
    the same all along it. It holds the flat position of the variable's element that this element of
    the value depends on, and -1 where it depends on none through this reference.
    """

    variable: int
    index: Index  # type: ignore[assignment]  # hides tuple.index, which a reference has no use for


@dataclass(frozen=True)
class Mixed:
    """A value that may depend on all elements of some variables: too many references to list."""

    variables: frozenset[int]  # their numbers
    reason: str  # the operation that mixes them, in a user's words: "np.sort of 200 values"


Dependence = tuple[Reference, ...] | Mixed
"""What a value depends on; the empty tuple is: on no discrete variable."""


def variables_of(dependence: Dependence) -> frozenset[int]:
    """Return the numbers of the variables that occur in a dependence."""
    if isinstance(dependence, Mixed):
        return dependence.variables
    return frozenset(reference.variable for reference in dependence)


def reference_count(dependence: Dependence) -> float:
    """Return how many elements one element may depend on at most; infinity if that is not known."""
    return np.inf if isinstance(dependence, Mixed) else len(dependence)


def compact[Kind: np.generic](array: NDArray[Kind]) -> NDArray[Kind]:
    """Cut each axis along which an array is constant down to length 1."""
    for axis, length in enumerate(array.shape):
        if length > 1:
            before = (slice(None),) * axis
            first = array[(*before, slice(0, 1))]
            # Most arrays that vary do so at once.
            if np.array_equal(first, array[(*before, slice(1, 2))]) and np.all(array == first):
                array = first
    return array


def reference(variable: int, index: NDArray[Any]) -> tuple[Reference, ...]:
    """Return a reference in its shortest form: no reference at all where it lists nothing."""
    short = compact(index.astype(np.int64, copy=False))
    return (Reference(variable, short),) if short.size and short.max() >= 0 else ()


def same(first: Dependence, second: Dependence) -> bool:
    """Tell whether two dependences have the same references in the same order."""
    if first is second:
        return True
    if isinstance(first, Mixed) or isinstance(second, Mixed):
        return first == second
    return len(first) == len(second) and all(
        a.variable == b.variable and (a.index is b.index or np.array_equal(a.index, b.index))
        for a, b in zip(first, second, strict=True)
    )


def lift(dependence: Dependence, ndim: int) -> Dependence:
    """Return the dependence of a scalar as that of a value with `ndim` axes."""
    if isinstance(dependence, Mixed):
        return dependence
    return tuple(
        s if s.index.ndim == ndim else Reference(s.variable, s.index.reshape((1,) * ndim))
        for s in dependence
    )


def union(parts: Sequence[Dependence], reason: str) -> Dependence:
    """Return what a value depends on that depends, element by element, on several values.

    Each element of a variable is listed once for each element of the value, and references of which
    no two list anything at the same place become one. The parts are of values that all have the
    same number of axes. `reason` names the operation, for a result that cannot be listed.
    """
    parts = [part for part in parts if part != ()]
    if not parts:
        return ()
    if all(same(part, parts[0]) for part in parts[1:]):
        return parts[0]
    every = frozenset[int]().union(*map(variables_of, parts))
    kept: list[Reference] = []
    for part in parts:
        if isinstance(part, Mixed):
            return Mixed(every, part.reason)
        for each in part:
            kept = _add(kept, each)
            if len(kept) > 2 * LIMIT:
                return Mixed(every, reason)
    return Mixed(every, reason) if len(kept) > LIMIT else tuple(kept)


def _add(kept: list[Reference], new: Reference) -> list[Reference]:
    """Add a reference to a list: each element once at each place, in as few references as can be.

    ::

        in the list   new         afterwards
        [0  1  2]     [0  3  2]   [0  1  2], [-1  3 -1]     0 and 2 were listed there already
        [-1 5 -1]     [3 -1  4]   [3  5  4]                 no two at one place: they become one
    """
    kept, rest = _without_what_is_listed(kept, new)
    if rest is None:
        return kept
    for position, (variable, index) in enumerate(kept):
        if variable != new.variable:
            continue
        shape = np.broadcast_shapes(index.shape, rest.shape)
        free = index < 0
        if shape in (index.shape, rest.shape) and free.any() and np.all(free | (rest < 0)):
            filled = reference(variable, np.where(free, rest, index))
            return [*kept[:position], *filled, *kept[position + 1 :]]
    return [*kept, Reference(new.variable, rest)]


def _without_what_is_listed(
    kept: list[Reference], new: Reference
) -> tuple[list[Reference], Index | None]:
    """Take out what both a list and a new reference list at the same place.

    It goes from whichever of the two is as long along every axis: the other one stands for several
    places there, at which it may not be listed twice. The second result is what is left of the new
    reference, None if nothing is.
    """
    variable, rest = new
    result: list[Reference] = []
    for position, other in enumerate(kept):
        if other.variable != variable:
            result.append(other)
            continue
        if other.index is rest:
            return [*result, *kept[position:]], None
        twice = (rest == other.index) & (rest >= 0)
        if twice.shape == rest.shape and twice.any():
            left = reference(variable, np.where(twice, -1, rest))
            if not left:
                return [*result, *kept[position:]], None
            rest = left[0].index
        elif twice.shape == other.index.shape and twice.any():
            result += reference(variable, np.where(twice, -1, other.index))
            continue
        result.append(other)
    return result, rest


def elements_of(references: Iterable[Reference]) -> dict[int, Index]:
    """Return the elements that occur in some references, sorted, by variable."""
    found: dict[int, list[Index]] = {}
    for variable, index in references:
        found.setdefault(variable, []).append(np.unique(index))
    merged = {variable: np.unique(np.concatenate(parts)) for variable, parts in found.items()}
    return {variable: elements[elements >= 0] for variable, elements in merged.items()}


def everything(parts: Sequence[Dependence], ndim: int, reason: str) -> Dependence:
    """Return the dependence of a value each of whose elements may depend on all of some values."""
    parts = [part for part in parts if part != ()]
    every = frozenset[int]().union(*map(variables_of, parts))
    references: list[Reference] = []
    for part in parts:
        if isinstance(part, Mixed):
            return Mixed(every, part.reason)
        references += part
    elements = elements_of(references)
    if sum(each.size for each in elements.values()) > LIMIT:
        return Mixed(every, reason)
    return tuple(
        Reference(variable, np.full((1,) * ndim, element, np.int64))
        for variable, each in elements.items()
        for element in each
    )
