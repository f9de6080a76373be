"""The part of the unconstrained space that an evidence is integrated over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from aliquot.inference.folding import Folding
from aliquot.symmetry import Symmetries
from aliquot.variational.heights import log_densities

# The centre of a cell is the highest of so many points.
LOOKED_AT = 1000


@dataclass(frozen=True, eq=False)
class OneCell:
    """A cell of which a density's symmetries make `images`; without symmetries the whole space."""

    folding: Folding | None

    @classmethod
    def around(cls, density: Any, symmetries: Symmetries, points: np.ndarray) -> Self:
        """Return the cell around the highest of some points (n, d) that are where the density is.

        Symmetries that do not hold there are left out, with a warning.
        """
        if not symmetries.coupled:
            return cls(None)
        few = points[np.unique(np.linspace(0, len(points) - 1, LOOKED_AT).astype(int))]
        heights = log_densities(density, few)
        few, heights = few[np.isfinite(heights)], heights[np.isfinite(heights)]
        if not len(few):
            return cls(None)
        return cls(Folding(density, symmetries, few[np.argsort(-heights, kind="stable")]))

    @property
    def images(self) -> int:
        """How many images of the cell fill the space."""
        return 1 if self.folding is None else self.folding.images

    def inside(self, points: np.ndarray) -> np.ndarray:
        """Say which of some points (n, d) are in the cell, (n,)."""
        return np.ones(len(points), bool) if self.folding is None else self.folding.inside(points)

    def folded(self, points: np.ndarray) -> np.ndarray:
        """Give of each point (n, d) its image in the cell."""
        return points if self.folding is None else self.folding.folded(points)
