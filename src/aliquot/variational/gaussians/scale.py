"""Square roots of covariances: diagonal, dense, and of low rank besides a diagonal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np


class Scale(Protocol):
    """A linear map S of standard noise (n, d) to deviations with the covariance S S'."""

    @property
    def log_det(self) -> float: ...  # log |det S|

    def apply(self, noise: np.ndarray) -> np.ndarray: ...  # (n, d) to (n, d)

    def solve(self, deviations: np.ndarray) -> np.ndarray: ...  # back: (n, d) to (n, d)

    def variance(self) -> np.ndarray: ...  # (d,)

    def covariance(self) -> np.ndarray: ...  # (d, d)


@dataclass(frozen=True, eq=False)
class Diagonal:
    """Independent coordinates with standard deviations (d,).

    >>> Diagonal(np.array([1.0, 2.0])).covariance()
    array([[1., 0.],
           [0., 4.]])
    """

    std: np.ndarray

    @property
    def log_det(self) -> float:
        return float(np.log(self.std).sum())

    def apply(self, noise: np.ndarray) -> np.ndarray:
        return np.asarray(self.std * noise)

    def solve(self, deviations: np.ndarray) -> np.ndarray:
        return np.asarray(deviations / self.std)

    def variance(self) -> np.ndarray:
        return np.asarray(self.std**2)

    def covariance(self) -> np.ndarray:
        return np.diag(self.std**2)


@dataclass(frozen=True, eq=False)
class Dense:
    """Any covariance, by its lower Cholesky factor (d, d).

    >>> Dense(np.array([[1.0, 0.0], [1.0, 1.0]])).covariance()
    array([[1., 1.],
           [1., 2.]])
    """

    factor: np.ndarray

    @property
    def log_det(self) -> float:
        return float(np.log(np.diag(self.factor)).sum())

    def apply(self, noise: np.ndarray) -> np.ndarray:
        return np.asarray(noise @ self.factor.T)

    @cached_property
    def _inverse(self) -> np.ndarray:
        return np.linalg.inv(self.factor)

    def solve(self, deviations: np.ndarray) -> np.ndarray:
        # Products with the inverse cost a fraction of as many small triangular systems.
        return np.asarray(deviations @ self._inverse.T)

    def precision(self) -> np.ndarray:
        """Return the inverse of the covariance, (d, d)."""
        return np.asarray(self._inverse.T @ self._inverse)

    def variance(self) -> np.ndarray:
        return np.asarray((self.factor**2).sum(axis=1))

    def covariance(self) -> np.ndarray:
        return np.asarray(self.factor @ self.factor.T)


@dataclass(frozen=True, eq=False)
class LowRank:
    """Independent coordinates (d,), stretched along r orthonormal `directions` (d, r).

    The covariance is ``D (I + V (diag(stretch**2) - I) V') D`` with D the diagonal of `std`.

    >>> scale = LowRank(np.ones(2), np.array([[1.0], [0.0]]), np.array([3.0]))
    >>> scale.variance(), round(scale.log_det, 4)
    (array([9., 1.]), 1.0986)
    """

    std: np.ndarray
    directions: np.ndarray
    stretch: np.ndarray  # (r,)

    @property
    def log_det(self) -> float:
        return float(np.log(self.std).sum() + np.log(self.stretch).sum())

    def apply(self, noise: np.ndarray) -> np.ndarray:
        return np.asarray(self.std * self._stretched(noise, self.stretch))

    def solve(self, deviations: np.ndarray) -> np.ndarray:
        return self._stretched(deviations / self.std, 1.0 / self.stretch)

    def _stretched(self, vectors: np.ndarray, by: np.ndarray) -> np.ndarray:
        along = vectors @ self.directions
        return np.asarray(vectors + (along * (by - 1.0)) @ self.directions.T)

    def variance(self) -> np.ndarray:
        more = (self.directions**2) @ (self.stretch**2 - 1.0)
        return np.asarray(self.std**2 * (1.0 + more))

    def covariance(self) -> np.ndarray:
        d = self.std.size
        inner = np.eye(d) + (self.directions * (self.stretch**2 - 1.0)) @ self.directions.T
        return np.asarray(self.std[:, None] * inner * self.std)


def dense(covariance: np.ndarray) -> Dense:
    """Return the factor of a positive definite matrix; raises ``LinAlgError`` where it is not."""
    return Dense(np.linalg.cholesky(0.5 * (covariance + covariance.T)))
