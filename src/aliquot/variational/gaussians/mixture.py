"""Mixtures of Gaussians, and of Student's t, on the unconstrained scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import lgamma
from typing import Self

import numpy as np

from aliquot.variational.gaussians.scale import Scale


@dataclass(frozen=True, eq=False)
class GaussianMixture:
    """Gaussians side by side; one of them is the common case.

    With finite `tails` they are multivariate t with so many degrees of freedom and the same
    centres and scales.

    >>> from aliquot.variational.gaussians.scale import Diagonal
    >>> q = GaussianMixture.of(np.zeros(2), Diagonal(np.array([1.0, 2.0])))
    >>> q.mean, q.std
    (array([0., 0.]), array([1., 2.]))
    >>> points, log_q = q.draw(3, np.random.default_rng(1))
    >>> np.allclose(q.log_density(points), log_q)
    True
    """

    weights: np.ndarray  # (M,), positive, of sum 1
    centers: np.ndarray  # (M, d)
    scales: tuple[Scale, ...]
    tails: float = np.inf

    @classmethod
    def of(cls, center: np.ndarray, scale: Scale) -> Self:
        """Return a single Gaussian."""
        return cls(np.ones(1), np.asarray(center, float)[None], (scale,))

    @classmethod
    def joined(cls, members: Sequence[GaussianMixture], log_weights: np.ndarray) -> Self:
        """Return single Gaussians side by side; `log_weights` (M,) are up to a constant."""
        weights = np.exp(log_weights - log_weights.max())
        return cls(
            weights / weights.sum(),
            np.concatenate([member.centers for member in members]),
            tuple(scale for member in members for scale in member.scales),
        )

    def with_tails(self, degrees: float) -> Self:
        """Return the same with the tails of Student's t."""
        return replace(self, tails=degrees)

    def beside(self, other: GaussianMixture, share: float) -> Self:
        """Return both together, with so much of the weight for the other, and the same tails.

        >>> from aliquot.variational.gaussians.scale import Diagonal
        >>> one, two = (GaussianMixture.of(np.full(1, x), Diagonal(np.ones(1))) for x in (0, 9))
        >>> one.beside(two, 0.25).mean
        array([2.25])
        """
        return replace(
            self,
            weights=np.append((1 - share) * self.weights, share * other.weights),
            centers=np.vstack([self.centers, other.centers]),
            scales=(*self.scales, *other.scales),
        )

    @property
    def first(self) -> Self:
        """The first of the members alone."""
        return replace(self, weights=np.ones(1), centers=self.centers[:1], scales=self.scales[:1])

    @property
    def size(self) -> int:
        """The number of coordinates, d."""
        return self.centers.shape[1]

    @property
    def mean(self) -> np.ndarray:
        """Mean of each coordinate, shape (d,)."""
        return np.asarray(self.weights @ self.centers)

    @property
    def std(self) -> np.ndarray:
        """Standard deviation of each coordinate, shape (d,)."""
        within = np.stack([scale.variance() for scale in self.scales]) * self._spread
        between = (self.centers - self.mean) ** 2
        return np.asarray(np.sqrt(self.weights @ (within + between)))

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the coordinates, shape (d, d)."""
        away = self.centers - self.mean
        result = (self.weights[:, None] * away).T @ away
        for weight, scale in zip(self.weights, self.scales, strict=True):
            result += weight * self._spread * scale.covariance()
        return np.asarray(result)

    @property
    def _spread(self) -> float:
        """What the variance of a t is times its squared scale."""
        if np.isinf(self.tails):
            return 1.0
        return self.tails / (self.tails - 2.0) if self.tails > 2.0 else np.inf

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw n points (n, d) independently, with their log densities (n,)."""
        noise = rng.standard_normal((n, self.size))
        if np.isfinite(self.tails):
            noise /= np.sqrt(rng.chisquare(self.tails, n) / self.tails)[:, None]
        if len(self.scales) == 1:
            points = self.centers[0] + self.scales[0].apply(noise)
            return points, self._log_kernel((noise**2).sum(axis=1)) - self.scales[0].log_det
        which = rng.choice(len(self.weights), n, p=self.weights)
        points = np.empty_like(noise)
        for k, scale in enumerate(self.scales):
            own = which == k
            points[own] = self.centers[k] + scale.apply(noise[own])
        return points, self.log_density(points)

    def log_density(self, points: np.ndarray) -> np.ndarray:
        """Log density at points (n, d), shape (n,)."""
        return np.asarray(np.logaddexp.reduce(self.log_joint(points), axis=0))

    def log_joint(self, points: np.ndarray) -> np.ndarray:
        """Log of weight times density of each member at points (n, d), shape (M, n)."""
        rows = []
        with np.errstate(divide="ignore"):
            log_weights = np.log(self.weights)
        for weight, center, scale in zip(log_weights, self.centers, self.scales, strict=True):
            squared = (scale.solve(points - center) ** 2).sum(axis=1)
            rows.append(weight + self._log_kernel(squared) - scale.log_det)
        return np.stack(rows)

    def _log_kernel(self, squared: np.ndarray) -> np.ndarray:
        """Log density of standard noise, from its squared length."""
        d, nu = self.size, self.tails
        if np.isinf(nu):
            return np.asarray(-0.5 * squared - 0.5 * d * np.log(2 * np.pi))
        constant = lgamma(0.5 * (nu + d)) - lgamma(0.5 * nu) - 0.5 * d * np.log(nu * np.pi)
        return np.asarray(constant - 0.5 * (nu + d) * np.log1p(squared / nu))
