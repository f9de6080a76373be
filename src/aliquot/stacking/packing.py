"""Many small arrays as a few flat ones.

Each argument and each result of a program costs time in every call and in compiling, and what is
computed from arguments of its own is not alike: it cannot be computed together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.stacking.evaluate import in_stacks

# So many arrays of one dtype, each of so few numbers, are put together.
MANY, SMALL = 16, 4096

Type = tuple[tuple[int, ...], Any]


def type_of(value: Any) -> Type:
    """Give the shape and dtype of an array or a number."""
    if not hasattr(value, "dtype"):
        value = jax.typeof(value)
    return value.shape, np.dtype(value.dtype)


class Packing:
    """Where arrays of known shapes and dtypes lie, many small ones of one dtype in one.

    >>> packing = Packing([((2,), float)] * 20)
    >>> (whole,) = packing.pack([np.full(2, float(i)) for i in range(20)])
    >>> whole.shape, packing.unpack([whole])[3].tolist()
    ((40,), [3.0, 3.0])
    """

    def __init__(self, types: Sequence[Type]) -> None:
        self._types = list(types)
        small: dict[Any, list[int]] = {}
        for number, (shape, dtype) in enumerate(self._types):
            if prod(shape) <= SMALL:
                small.setdefault(dtype, []).append(number)
        # Those of one shape next to each other.
        self._packed = [
            sorted(numbers, key=lambda number: self._types[number][0])
            for numbers in small.values()
            if len(numbers) >= MANY
        ]
        packed = {number for numbers in self._packed for number in numbers}
        self._apart = [number for number in range(len(self._types)) if number not in packed]

    @property
    def is_packed(self) -> bool:
        """Whether any are put together."""
        return bool(self._packed)

    def names(self, given: Sequence[str], together: str) -> list[str]:
        """Name the few arrays: as given, and what is put together by its dtype."""
        whole = [together.format(self._types[numbers[0]][1]) for numbers in self._packed]
        return [given[number] for number in self._apart] + whole

    def pack(self, leaves: Sequence[Any]) -> list[Any]:
        """Give the few arrays, those that are put together last."""
        inside = any(isinstance(leaf, jax.core.Tracer) for leaf in leaves)
        ravel, join = (jnp.ravel, jnp.concatenate) if inside else (np.ravel, np.concatenate)
        together = [join([ravel(leaves[i]) for i in numbers]) for numbers in self._packed]
        return [leaves[number] for number in self._apart] + together

    def unpack(self, arrays: Sequence[Any]) -> list[Any]:
        """Give what was packed, each array in its own shape."""
        leaves: list[Any] = [None] * len(self._types)
        for number, array in zip(self._apart, arrays[: len(self._apart)], strict=True):
            leaves[number] = array
        for numbers, whole in zip(self._packed, arrays[len(self._apart) :], strict=True):
            begin = 0
            for number in numbers:
                shape, _ = self._types[number]
                end = begin + prod(shape)
                leaves[number] = _part(whole, begin, end).reshape(shape)
                begin = end
        return leaves


def _part(whole: Any, begin: int, end: int) -> Any:
    if isinstance(whole, jax.core.Tracer):
        return jax.lax.slice(whole, (begin,), (end,))
    return whole[begin:end]


# How a result lies in a few arrays, by what it is a result of.
Layouts = dict[Any, tuple[Any, Packing]]


def packed(
    function: Callable[..., Any],
    compiled: Callable[[Callable[..., Any], Any], Callable[..., Any]],
    layouts: Layouts,
) -> Callable[..., Any]:
    """Return a function that is compiled of a few arrays, whatever arrays it is called with.

    ``compiled(function, key)`` makes a program of a function, as
    :func:`aliquot.compilation.lazily` does, or gives the one that there is for that key: then
    `layouts`, which is added to, is what was given when it was made. Lines that are alike are put
    together.
    """
    programs: dict[Any, _Few] = {}

    def call(*arguments: Any) -> Any:
        leaves, structure = jax.tree.flatten(arguments)
        if any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
            return function(*arguments)  # part of a larger program
        key = structure, tuple(map(type_of, leaves))
        if key not in programs:
            programs.setdefault(key, _Few(function, key, compiled, layouts))
        return programs[key](leaves)

    return call


class _Few:
    """A function of a few arrays in the place of one of many."""

    def __init__(self, function: Any, key: Any, compiled: Any, layouts: Layouts) -> None:
        structure, types = key
        self._inputs = Packing(types)
        self._key, self._layouts = key, layouts

        def whole(*arrays: Any) -> list[Any]:
            arguments = jax.tree.unflatten(structure, self._inputs.unpack(arrays))
            results, tree = jax.tree.flatten(function(*arguments))
            outputs = Packing(list(map(type_of, results)))
            layouts[key] = tree, outputs
            return outputs.pack(results)

        self._call = compiled(in_stacks(whole), key)

    def __call__(self, leaves: Sequence[Any]) -> Any:
        found = self._call(*self._inputs.pack(leaves))
        structure, outputs = self._layouts[self._key]
        if outputs.is_packed:
            found = list(map(np.asarray, found))
        return jax.tree.unflatten(structure, outputs.unpack(found))
