"""How a diagonal changes a Gaussian of low rank besides it: Fisher's metric and its solution."""

from __future__ import annotations

import numpy as np

SOLVES = 30


def stretched(vectors: np.ndarray, directions: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Return vectors (n, d) stretched along orthonormal directions (d, r)."""
    return np.asarray(vectors + ((vectors @ directions) * (by - 1.0)) @ directions.T)


class Metric:
    """Fisher's metric of the log of the diagonal D, in ``D (I + V (diag(stretch**2) - I) V') D``.

    It is the identity plus, entry by entry, the inner matrix times its inverse.

    >>> rng = np.random.default_rng(1)
    >>> V, stretch = np.linalg.qr(rng.normal(size=(4, 2)))[0], np.array([3.0, 0.5])
    >>> inner = np.eye(4) + (V * (stretch**2 - 1)) @ V.T
    >>> metric = Metric(V, stretch)
    >>> exact = np.eye(4) + inner * np.linalg.inv(inner)
    >>> np.allclose(metric.times(np.ones(4)), exact.sum(axis=1))
    True
    """

    def __init__(self, directions: np.ndarray, stretch: np.ndarray) -> None:
        self._directions = directions
        self._narrow = directions * (stretch**-2 - 1.0)
        self._wide = directions * (stretch**2 - 1.0)
        precision = 1.0 + (self._narrow * directions).sum(axis=1)
        variance = 1.0 + (self._wide * directions).sum(axis=1)
        self._own = precision + variance
        self.diagonal = 1.0 + precision * variance

    def times(self, vector: np.ndarray) -> np.ndarray:
        """Return the metric's product with a vector (d,)."""
        vector = vector.ravel()
        between = self._directions.T @ (vector[:, None] * self._directions)
        return np.asarray(self._own * vector + ((self._narrow @ between) * self._wide).sum(axis=1))

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """Return the Newton step for a gradient (d,), by conjugate gradients to a thousandth."""
        from scipy.sparse.linalg import LinearOperator, cg

        shape = (gradient.size, gradient.size)
        step, _ = cg(
            LinearOperator(shape, self.times, dtype=float),
            gradient,
            rtol=1e-3,
            maxiter=SOLVES,
            M=LinearOperator(shape, lambda vector: vector.ravel() / self.diagonal, dtype=float),
        )
        return np.asarray(step)
