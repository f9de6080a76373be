"""The log density at many points, alone or with its gradient."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import numpy as np

from aliquot.variational.points import at_points
from aliquot.variational.target import Target

# Points times numbers of the data that are worth the waiting: about a second.
WORTH = 250_000_000


def affordable(density: Target, most: int, least: int, worth: int = WORTH) -> int:
    """Return how many points to evaluate where more are better but fewer will do.

    All of them while points times numbers read are within what it is worth.
    """
    return int(np.clip(worth // max(density.numbers_read, 1), least, most))


def log_densities(density: Target, points: np.ndarray) -> np.ndarray:
    """Return the log density at each of some points (n, d), shape (n,)."""
    return np.asarray(at_points(density, "log densities", density.log_density, points))


class Gradients:
    """The log density of a target and its gradient, at as many points as are asked for.

    `evaluations` counts them.

    >>> import aliquot as aq
    >>> with aq.Model() as model:
    ...     x = aq.Normal("x", 0, 1, shape=2)
    >>> at = Gradients(model.density())
    >>> heights, gradients = at(np.array([[1.0, 2.0], [3.0, 0.5]]))
    >>> gradients.tolist(), at.evaluations
    ([[-1.0, -2.0], [-3.0, -0.5]], 2)
    """

    def __init__(self, density: Target) -> None:
        self.evaluations = 0
        self._density = density

    @property
    def labels(self) -> Sequence[str]:
        """A name for each coordinate."""
        return self._density.labels

    def __call__(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the log density (n,) and its gradient (n, d) at points (n, d)."""
        self.evaluations += len(points)
        both = jax.value_and_grad(self._density.log_density)
        heights, gradients = at_points(self._density, "heights and gradients", both, points)
        return heights, gradients
