"""Where values are while lines that are alike are computed together: alone, or in a stack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from aliquot.primitives.internals import is_literal


class Piece(NamedTuple):
    """Neighbours among operands: equally far apart in one stack, or one value again and again."""

    source: int  # the number of a stack; -1 of a single value
    first: Any  # the place of the first; the atom of a single value
    step: int
    number: int


class Places:
    """The values of a jaxpr's variables as far as they are known."""

    def __init__(self) -> None:
        self._alone: dict[Any, Any] = {}
        self._stacks: list[Any] = []
        self._where: dict[Any, tuple[int, int]] = {}
        self._first: dict[Any, Any] = {}  # of variables with one value

    def put(self, atom: Any, value: Any) -> None:
        """Give a variable its value."""
        self._alone[atom] = value

    def put_one(self, atoms: Sequence[Any], value: Any) -> None:
        """Give several variables one value."""
        self.put(atoms[0], value)
        self._first.update((atom, atoms[0]) for atom in atoms)

    def put_stack(self, atoms: Sequence[Any], values: Any) -> None:
        """Give variables their values, along the first axis of an array."""
        number = len(self._stacks)
        self._stacks.append(values)
        self._where.update((atom, (number, place)) for place, atom in enumerate(atoms))

    def alone(self, atom: Any) -> Any:
        """Give one value."""
        if is_literal(atom):
            return atom.val
        atom = self._first.get(atom, atom)
        if atom not in self._alone:
            number, place = self._where[atom]
            self._alone[atom] = lax.index_in_dim(self._stacks[number], place, keepdims=False)
        return self._alone[atom]

    def together(self, atoms: Sequence[Any]) -> tuple[Any, bool]:
        """Give several values along a first axis; or one, and False, where all are the same."""
        atoms = self._without_copies(atoms)
        first = atoms[0]
        if all(is_literal(atom) or self._is_constant(atom) for atom in atoms):
            values = [np.asarray(self.alone(atom)) for atom in atoms]
            if all(np.array_equal(value, values[0], equal_nan=True) for value in values):
                return self.alone(first), False
            return np.stack(values), True
        pieces = self.pieces(atoms)
        if len(pieces) == 1 and pieces[0].source < 0:
            return self.alone(first), False
        if len(pieces) > max(4, len(atoms) // 8):
            return self._gathered(atoms), True
        parts = [self.part(piece) for piece in pieces]
        return (parts[0] if len(parts) == 1 else jnp.concatenate(parts)), True

    def by_stack(self, atoms: Sequence[Any]) -> list[list[Any]]:
        """Sort variables by the stack that they are in, and by place there; others are alone."""
        found: dict[Any, list[Any]] = {}
        for atom in self._without_copies(atoms):
            number, _ = self._where.get(atom, (atom, 0))
            found.setdefault(number, []).append(atom)
        return [
            sorted(own, key=lambda atom: self._where.get(atom, (0, 0))[1]) for own in found.values()
        ]

    def pieces(self, atoms: Sequence[Any]) -> list[Piece]:
        """Cut operands into as few pieces as a look at each and its neighbour finds."""
        found: list[Piece] = []
        for atom in atoms:
            source, place = (-1, atom) if is_literal(atom) else self._where.get(atom, (-1, atom))
            if found and found[-1].source == source:
                last = found[-1]
                if source < 0:
                    if last.first is place:
                        found[-1] = last._replace(number=last.number + 1)
                        continue
                elif last.number == 1 and place > last.first:
                    found[-1] = last._replace(number=2, step=place - last.first)
                    continue
                elif place == last.first + last.number * last.step:
                    found[-1] = last._replace(number=last.number + 1)
                    continue
            found.append(Piece(source, place, 1, 1))
        return found

    def part(self, piece: Piece) -> Any:
        """Give the values of a piece along a first axis."""
        if piece.source < 0:
            value = jnp.asarray(self.alone(piece.first))
            return jnp.broadcast_to(value, (piece.number, *value.shape))
        stack = self._stacks[piece.source]
        end = piece.first + (piece.number - 1) * piece.step + 1
        if piece.first == 0 and end == len(stack) and piece.step == 1:
            return stack
        return lax.slice_in_dim(stack, piece.first, end, piece.step)

    def _without_copies(self, atoms: Sequence[Any]) -> list[Any]:
        return [atom if is_literal(atom) else self._first.get(atom, atom) for atom in atoms]

    def _is_constant(self, atom: Any) -> bool:
        return isinstance(self._alone.get(atom), np.ndarray)

    def _gathered(self, atoms: Sequence[Any]) -> Any:
        """Give values from all over the place."""
        sources: dict[Any, int] = {}  # where each stack, and value that is alone, begins
        parts, length, places = [], 0, []
        for atom in atoms:
            number, place = self._where.get(atom, (atom, 0))
            if number not in sources:
                sources[number] = length
                inside = atom in self._where
                parts.append(self._stacks[number] if inside else self.alone(atom)[None])
                length += len(parts[-1])
            places.append(sources[number] + place)
        whole = parts[0] if len(parts) == 1 else jnp.concatenate(parts)
        if places == [*range(length)]:
            return whole
        return jnp.take(whole, np.array(places), axis=0, mode="clip")


def cut(array: Any, starts: np.ndarray, shape: tuple[int, ...]) -> Any:
    """Give slices of one array (n, *shape), from where each begins (n, ndim)."""
    moving = np.flatnonzero(np.ptp(starts, axis=0))
    if moving.size == 1:
        axis = int(moving[0])
        length = shape[axis]
        steps = np.diff(starts[:, axis])
        if np.all(steps == steps[0]) and steps[0] >= length:
            return _even(array, starts[0], shape, axis, int(steps[0]), len(starts))
    numbers = np.arange(array.size).reshape(array.shape)
    places = np.stack(
        [numbers[tuple(map(slice, start, start + np.array(shape)))] for start in starts]
    )
    return jnp.take(jnp.reshape(array, -1), places, mode="clip")


def _even(
    array: Any, start: np.ndarray, shape: tuple[int, ...], axis: int, step: int, count: int
) -> Any:
    """Give slices that are equally far apart along one axis: a reshape, with nothing gathered."""
    sizes = list(shape)
    sizes[axis] = (count - 1) * step + shape[axis]
    begin = start.tolist()
    whole = lax.slice(array, begin, [a + size for a, size in zip(begin, sizes, strict=True)])
    if step > shape[axis]:
        widths = [(0, 0, 0)] * len(shape)
        widths[axis] = (0, step - shape[axis], 0)
        whole = lax.pad(whole, jnp.zeros((), array.dtype), widths)
    apart = jnp.reshape(whole, (*shape[:axis], count, step, *shape[axis + 1 :]))
    if step > shape[axis]:
        apart = lax.slice_in_dim(apart, 0, shape[axis], axis=axis + 1)
    return jnp.moveaxis(apart, axis, 0)
