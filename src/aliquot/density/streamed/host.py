"""The log density as the host computes it: one pass through all rows for points side by side."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import jax
import numpy as np

from aliquot.density.streamed.passes import joined, sums_over
from aliquot.density.streamed.programs import BlockProgram, Programs
from aliquot.density.streamed.shared import TeamPasses
from aliquot.distributed import team
from aliquot.precision import float64
from aliquot.rows import Feed


class PassesOverRows:
    """What `differentiable` asks for, of a log density's programs and a feed of its rows."""

    def __init__(self, programs: Programs, feed: Feed, size: int) -> None:
        self.programs, self.feed, self.size = programs, feed, size
        # So many passes were made, of which each reads all rows.
        self.passes = 0

    def values(self, points: np.ndarray) -> np.ndarray:
        """Give the log density at points (n, d), shape (n,)."""
        points, back = _distinct(points)
        with float64():
            read = [self.programs.before(point) for point in points]
            totals = self._sums("rows_value", read)
            after = self.programs.value_after
            found = [float(after(p, t[0])) for p, t in zip(points, totals, strict=True)]
        return np.array(found)[back]

    def gradients(self, points: np.ndarray) -> np.ndarray:
        """Give it with its gradient, shape (n, 1 + d)."""
        points, back = _distinct(points)
        with float64():
            read = [self.programs.before(point) for point in points]
            sums = self._sums("rows_gradient", read)
            result = np.empty((len(points), 1 + self.size))
            for row, point, (free, _), numbers in zip(result, points, read, sums, strict=True):
                total, slopes = _like((np.zeros(()), free), numbers)
                value, gradient = self.programs.after(point, total, slopes)
                row[0], row[1:] = value, gradient
            return result[back]

    def products(self, points: np.ndarray, along: np.ndarray) -> np.ndarray:
        """Give besides the derivative of both in directions (n, d), shape (n, 2 (1 + d))."""
        with float64():
            read = [self.programs.before_moved(*both) for both in zip(points, along, strict=True)]
            sums = self._sums("rows_product", read)
            result = np.empty((len(points), 2, 1 + self.size))
            for row, point, way, ((free, _), _), numbers in zip(
                result, points, along, read, sums, strict=True
            ):
                one = np.zeros(()), free
                (total, slopes), (moved, slopes_moved) = _like((one, one), numbers)
                both = self.programs.after_moved((point, total, slopes), (way, moved, slopes_moved))
                for part, (value, gradient) in zip(row, both, strict=True):
                    part[0], part[1:] = value, gradient
            return result.reshape(len(points), -1)

    def _sums(self, name: str, read: Sequence[Any]) -> np.ndarray:
        """Add up over all rows, for each point; shape (points, numbers)."""
        if not self.programs.parts.totals:  # nothing is read
            return np.zeros((len(read), 2 if name == "rows_product" else 1))
        self.passes += 1
        program: BlockProgram = getattr(self.programs, name)
        width = _width(name, read[0])
        if self._team is not None:
            return joined(self._team.sums(name, program, read, width))
        return joined(sums_over(self.feed, program, read, width))

    @cached_property
    def _team(self) -> TeamPasses | None:
        together = team()
        return TeamPasses(together, self.feed) if together.size > 1 else None


def _width(name: str, point: Any) -> int:
    """Count the numbers that a block gives for a point."""
    if name == "rows_value":
        return 1
    (free, _), *_ = (point,) if name == "rows_gradient" else point
    numbers = sum(int(np.size(leaf)) for leaf in free)
    return 1 + numbers if name == "rows_gradient" else 2 * (1 + numbers)


def _distinct(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the distinct points, and which of them each is."""
    if len(points) == 1:
        return points, np.zeros(1, int)
    found, back = np.unique(points, axis=0, return_inverse=True)
    return found, np.ravel(back)


def _like(tree: Any, numbers: np.ndarray) -> Any:
    """Put numbers in a row back into a tree like a given one."""
    leaves, structure = jax.tree.flatten(tree)
    found, begin = [], 0
    for leaf in leaves:
        shape = np.shape(leaf)
        end = begin + int(np.prod(shape, dtype=int))
        found.append(numbers[begin:end].reshape(shape))
        begin = end
    return jax.tree.unflatten(structure, found)
