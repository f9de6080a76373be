"""Where in an array the vectors lie that are kept in order."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.errors import ShapeError


@dataclass(frozen=True)
class OrderAxes:
    """The axis that increases, and the place on the other axes that decides the order."""

    axis: int  # counted from the last, so negative: a batch in front does not move it
    # Other axes, counted likewise, each with an index, counted from the first. Empty where each
    # vector along the axis is ordered by itself.
    at: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, name: str, axis: int, at: tuple[int, ...], shape: tuple[int, ...]) -> OrderAxes:
        """Read an axis and indices against a shape, or say by `name` what it lacks."""
        n = len(shape)
        which = "the last axis" if axis == -1 else f"axis {axis}"
        if n == 0 or not -n <= axis < n:
            has = "none" if n == 0 else f"{n} axes" if n > 1 else "one axis"
            raise ShapeError(
                f"transform {name} orders {which}, and shape {shape} has {has}: give the variable "
                "a shape such as shape=2, or another axis to the transform"
            )
        own = axis - n if axis >= 0 else axis
        if shape[own] < 1:
            raise ShapeError(
                f"transform {name} orders {which}, and shape {shape} has no elements along it"
            )
        if not at:
            return cls(own, ())
        event = len(at) + 1
        if not -own <= event <= n:
            least = max(-own - 1, 1)
            counts = f"{least}" if least >= n - 1 else f"{least} to {n - 1}"
            raise ShapeError(
                f"transform {name}: at needs an index for each axis other than axis {own + n}: "
                f"{counts} of them for shape {shape}; got {len(at)}"
                + ("" if n > 1 else ". A vector has no other axis: leave at out")
            )
        others = [-event + i for i in range(event) if -event + i != own]
        for other, i in zip(others, at, strict=True):
            if not -shape[other] <= i < shape[other]:
                raise ShapeError(
                    f"transform {name}: index {i} of at is for axis {other + n}, which has length "
                    f"{shape[other]} in shape {shape}"
                )
        return cls(own, tuple((o, i % shape[o]) for o, i in zip(others, at, strict=True)))

    @property
    def event(self) -> int:
        """How many of the last axes one order takes together."""
        return max(-self.axis, len(self.at) + 1)

    def slices(self, x: Any) -> Any:
        """Take the entries that decide the order, with all axes kept."""
        places = [slice(None)] * x.ndim
        for axis, i in self.at:
            places[axis] = slice(i, i + 1)
        return x[tuple(places)]

    def pick(self, x: Any) -> Any:
        """Take the vectors that are ordered, along the last axis."""
        return jnp.moveaxis(self.slices(x), self.axis, -1)

    def back(self, vectors: Any) -> Any:
        """Put the axis of the vectors where it was."""
        return jnp.moveaxis(vectors, -1, self.axis)

    def mask(self, shape: tuple[int, ...], without: int = 0) -> np.ndarray:
        """Say which entries decide the order, in an array without so many of its last axes."""
        mask = np.ones((1,) * (self.event - without), bool)
        for axis, i in self.at:
            along = np.arange(shape[axis]) == i
            mask = mask & along.reshape(-1, *(1,) * (-axis - 1 - without))
        return mask

    def total(self, values: Any, without: int) -> Any:
        """Sum over the axes that one order takes together, of which some are gone already."""
        return jnp.sum(values, axis=tuple(range(-(self.event - without), 0)))

    def count(self, shape: tuple[int, ...]) -> int:
        """Count the vectors that are ordered, each by itself."""
        fixed = {axis for axis, _ in self.at} | {self.axis}
        return prod(shape[i] for i in range(-len(shape), 0) if i not in fixed)

    def increases(self, x: Any) -> Any:
        """Say where x is in order, an array that broadcasts against x."""
        vectors = self.slices(x)
        upper: list[Any] = [slice(None)] * vectors.ndim
        lower = list(upper)
        upper[self.axis], lower[self.axis] = slice(1, None), slice(-1)
        return (vectors[tuple(upper)] > vectors[tuple(lower)]).all(axis=self.axis, keepdims=True)
