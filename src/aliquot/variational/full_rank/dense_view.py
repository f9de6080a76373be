"""The full-rank ELBO over fixed draws, seen from one Gaussian with a dense covariance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aliquot.variational.gaussians.scale import Dense, Scale
from aliquot.variational.heights import Gradients

# A precision changes by at most this factor in one step, in any direction.
MOST_CHANGE = 16.0


@dataclass(frozen=True, eq=False)
class DenseView:
    """A Gaussian with mean m and covariance L L', L lower triangular, and gradients at its draws.

    Up to the entropy's constant the ELBO is the mean of ``log p(m + L e)`` over the draws e, plus
    ``log |L|``; where p is log-concave, it is concave in (m, L). In the coordinates e its gradient
    is the mean of ``L' g`` for the mean, and the lower triangle of ``E[L' g e'] + I`` for the
    factor. By Stein's identity the latter is the identity minus the mean curvature: Opper and
    Archambeau (2009), The variational Gaussian approximation revisited, Neural Computation 21(3),
    section 2. A step of the natural gradient puts that curvature in the place of the precision:
    Khan and Rue (2023), The Bayesian learning rule, JMLR 24, section 3. With draws of second moment
    I all of it is exact for a Gaussian p.
    """

    center: np.ndarray
    scale: Dense
    elbo: float
    noise: np.ndarray  # (n, d), its second half the negative of the first
    whitened: np.ndarray  # (n, d), L' g at each draw

    @classmethod
    def at(
        cls, gradients: Gradients, noise: np.ndarray, center: np.ndarray, scale: Scale
    ) -> DenseView:
        """Evaluate the log density and its gradient at the draws."""
        assert isinstance(scale, Dense)
        heights, slopes = gradients(center + scale.apply(noise))
        finite = np.isfinite(heights).all() and np.isfinite(slopes).all()
        constant = 0.5 * center.size * (1.0 + np.log(2 * np.pi))
        elbo = float(heights.mean()) + scale.log_det + constant if finite else -np.inf
        return cls(center, scale, elbo, noise, slopes @ scale.factor)

    @property
    def finest(self) -> float:
        """Below this share of a step there is only rounding."""
        return 1e-6

    @property
    def draws(self) -> int:
        """The number of draws."""
        return len(self.noise)

    @property
    def doubt(self) -> float:
        """Rounding: over the same draws the ELBO is a function without noise."""
        return 1e-10 * (1.0 + abs(self.elbo))

    @cached_property
    def _pull(self) -> np.ndarray:
        return np.asarray(self.whitened.mean(axis=0))

    @cached_property
    def _twist(self) -> np.ndarray:
        """Lower triangle of the gradient for the factor, mirrored."""
        lower = np.tril(self.whitened.T @ self.noise / len(self.noise))
        return np.asarray(lower + np.tril(lower, -1).T + np.eye(self.center.size))

    @cached_property
    def slope(self) -> np.ndarray:
        """The gradient by the mean, and by the entries of the factor."""
        rows, columns = np.tril_indices(self.center.size, -1)
        return np.concatenate(
            [self._pull, self._twist[rows, columns], np.diag(self._twist) / np.sqrt(2.0)]
        )

    @property
    def left(self) -> float:
        """Half the squared length of the slope."""
        return 0.5 * float(self.slope @ self.slope)

    @cached_property
    def _curvature(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues and eigenvectors of the mean curvature, the former not too low."""
        values, vectors = np.linalg.eigh(np.eye(self.center.size) - self._twist)
        return np.maximum(values, 1.0 / MOST_CHANGE), vectors

    def moved(self, share: float) -> tuple[np.ndarray, Dense]:
        """Return the mean and the scale after a share of a step."""
        values, vectors = self._curvature
        direction = vectors @ ((vectors.T @ self._pull) / values)
        center = self.center + share * (self.scale.factor @ direction)
        values = np.minimum(values, MOST_CHANGE)
        inner = np.linalg.cholesky((vectors / values**share) @ vectors.T)
        return center, Dense(np.tril(self.scale.factor @ inner))

    def draws_error(self) -> float:
        """Return how far off the fit is at most because the draws are few, in standard deviations.

        It is one standard error of a mean, or of the log of a standard deviation, as if the pairs
        of draws were independent: an upper bound, since they are spread evenly.
        """
        pairs = len(self.noise) // 2
        residual = self.whitened + self.noise
        even, odd = residual[:pairs] + residual[pairs:], residual[:pairs] - residual[pairs:]
        std = np.sqrt(self.scale.variance())
        means = self.scale.apply(0.5 * even) / std
        logs = 0.25 * self.scale.apply(odd) * self.scale.apply(self.noise[:pairs]) / std**2
        return float(max(means.std(axis=0).max(), logs.std(axis=0).max()) / np.sqrt(pairs))
