"""Points on the unconstrained scale, seen from one of a model's mirror modes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aliquot.inference.permute import that_hold
from aliquot.symmetry import Symmetries
from aliquot.symmetry.relabelling.cell import Cell
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.noise import Stream, generator

# Points that tell how wide the mode is.
POINTS = 200


class Folding:
    """The cell of the space around one mirror mode, for points of unconstrained coordinates.

    `points` (n, d) are some in and around the mode, the first of which is its centre. Symmetries
    that do not hold at them are left out, with a warning. Without any it is the whole space.

    Attributes
    ----------
    origin : GaussianMixture or None
        The distribution that it was made around, if it was.
    """

    origin: GaussianMixture | None = None

    def __init__(self, density: Any, symmetries: Symmetries, points: np.ndarray) -> None:
        self._density = density
        self._cell: Cell | None = None
        if symmetries:
            values, _ = self._values(points)
            held = that_hold(density, symmetries, {name: v[None] for name, v in values.items()})
            self._cell = Cell.around(held.coupled, values, 0)

    @property
    def images(self) -> int:
        """How many images of the cell fill the space."""
        return 1 if self._cell is None else self._cell.images

    @classmethod
    def around(cls, density: Any, symmetries: Symmetries, q: GaussianMixture, seed: int) -> Folding:
        """Give the cell around the first centre of a distribution over the coordinates."""
        rng = generator(seed, Stream.WEIGHTS)
        points = np.concatenate([q.centers[:1], q.first.draw(POINTS, rng)[0]])
        made = cls(density, symmetries, points)
        made.origin = q
        return made

    def inside(self, points: np.ndarray) -> np.ndarray:
        """Say of points (n, d) which are in the cell, shape (n,)."""
        if self._cell is None:
            return np.ones(len(points), bool)
        values, finite = self._values(points)
        result = np.zeros(len(points), bool)
        if finite.any():
            result[finite] = self._cell.inside(values)
        return result

    def folded(self, points: np.ndarray) -> np.ndarray:
        """Give of each point (n, d) its image in the cell."""
        if self._cell is None:
            return points
        values, finite = self._values(points)
        result = np.array(points, float)
        if finite.any():
            home = self._cell.inside(values)
            moved = np.flatnonzero(finite)[~home]
            if moved.size:
                away = {name: value[~home] for name, value in values.items()}
                images = self._density.unconstrain_draws(self._cell.folded(away))
                result[moved] = images
        return result

    def located(
        self, point: np.ndarray
    ) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]] | None:
        """Give the image in the cell of a point (d,), and the way back for points (n, d) of it.

        None where the point is in the cell, or not finite on its own scale.
        """
        if self._cell is None:
            return None
        values, finite = self._values(point[None])
        if not finite.all():
            return None
        placed = self._cell.placed(values)
        if placed is None:
            return None
        home, back = placed

        def away(points: np.ndarray) -> np.ndarray:
            return np.asarray(self._density.unconstrain_draws(back(self._values(points)[0])))

        return self._density.unconstrain_draws(home)[0], away

    def _values(self, points: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Give the values of free variables at those points where they are finite."""
        constrained = self._density.constrain_draws(points)
        values = {s.variable.name: constrained[s.variable.name] for s in self._density.slots}
        finite = np.ones(len(points), bool)
        for value in values.values():
            finite &= np.isfinite(value).reshape(len(points), -1).all(axis=1)
        return {name: value[finite] for name, value in values.items()}, finite
