"""The ELBO over fixed draws, seen from a Gaussian of low rank besides a diagonal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aliquot.variational.full_rank.dense_view import MOST_CHANGE
from aliquot.variational.gaussians.closest import WORTH, divergence
from aliquot.variational.gaussians.scale import LowRank, Scale
from aliquot.variational.gaussians.widening import Metric, stretched
from aliquot.variational.heights import Gradients
from aliquot.variational.noise import Stream, generator
from aliquot.variational.quasi_normal import quasi_normals, whitened, with_mirror_images

PAIRS = 256
# Directions that are tried out at a time, besides those that are kept.
TRIED = 16
LEAST_DOUBT = 0.5  # nats
# Below this, in standard deviations, what is left of gradients is rounding.
NOTHING = 1e-6


class Noise:
    """Draws in all coordinates, other ones each time, whose moments along directions are exact.

    Directions are chosen where gradients vary most over some draws: the same draws again would
    flatter them. Each time coordinates change places and signs at random, which costs next to
    nothing and keeps the draws spread evenly.
    """

    def __init__(self, seed: int, size: int, rank: int) -> None:
        self._everywhere = quasi_normals(generator(seed, Stream.FULL_RANK), PAIRS, size)
        self._along = quasi_normals(generator(seed, Stream.FULL_RANK, 1), PAIRS, rank + TRIED)
        self._rng = generator(seed, Stream.FULL_RANK, 2)

    def next(self, directions: np.ndarray) -> np.ndarray:
        """Return draws (2 PAIRS, d), the second half the negative of the first."""
        size = self._everywhere.shape[1]
        order = self._rng.permutation(size)
        half = self._everywhere[:, order] * self._rng.choice([-1.0, 1.0], size)
        half -= (half @ directions) @ directions.T
        if directions.shape[1]:
            half += whitened(self._along[:, : directions.shape[1]]) @ directions.T
        return with_mirror_images(half)


@dataclass(frozen=True, eq=False)
class LowRankView:
    """A Gaussian with the scale ``D (I + V (C - I) V')``, and gradients at its draws.

    All it takes from the gradients g is what they differ by from those of the Gaussian's own log
    density, ``r = S' g + e``: where p is the Gaussian there is no noise (Roeder, Wu and Duvenaud
    (2017), Sticking the landing). Its mean moves the mean; its correlation with the draws along V
    is one less the mean curvature there, as in `DenseView`; that of its coordinates with their
    deviations is the gradient by ``log D``. Directions to add are those in which r varies most:
    a random range finder for what V leaves of the curvature (Halko, Martinsson and Tropp (2011),
    Finding structure with randomness, SIAM Review 53, algorithm 4.1). They are tried with the
    next draws, and kept where they gain.
    """

    center: np.ndarray
    scale: LowRank
    elbo: float
    doubt: float
    rank: int
    noise: np.ndarray  # (n, d), its second half the negative of the first
    residual: np.ndarray  # (n, d), S' g + e

    @classmethod
    def at(
        cls, gradients: Gradients, noise: Noise, rank: int, center: np.ndarray, scale: Scale
    ) -> LowRankView:
        """Evaluate the log density and its gradient at draws."""
        assert isinstance(scale, LowRank)
        draws = noise.next(scale.directions)
        heights, slopes = gradients(center + scale.apply(draws))
        ratios = heights + 0.5 * (draws**2).sum(axis=1)
        finite = np.isfinite(ratios).all() and np.isfinite(slopes).all()
        constant = scale.log_det + 0.5 * center.size * np.log(2 * np.pi)
        elbo = float(ratios.mean()) + constant if finite else -np.inf
        pairs = len(draws) // 2
        error = float((ratios[:pairs] + ratios[pairs:]).std() / 2 / np.sqrt(pairs))
        residual = stretched(slopes * scale.std, scale.directions, scale.stretch) + draws
        return cls(center, scale, elbo, max(LEAST_DOUBT, 3 * error), rank, draws, residual)

    @property
    def finest(self) -> float:
        """Below this share of a step the noise tells nothing."""
        return 0.05

    @property
    def draws(self) -> int:
        """The number of draws."""
        return len(self.noise)

    @cached_property
    def _odd(self) -> np.ndarray:
        pairs = len(self.noise) // 2
        return np.asarray(0.5 * (self.residual[:pairs] - self.residual[pairs:]))

    @cached_property
    def _pull(self) -> np.ndarray:
        return np.asarray(self.residual.mean(axis=0))

    @cached_property
    def _curvature(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues, not too low, and eigenvectors of the mean curvature along V."""
        V, half = self.scale.directions, self.noise[: len(self._odd)]
        twist = (self._odd @ V).T @ (half @ V) / len(half)
        values, vectors = np.linalg.eigh(np.eye(V.shape[1]) - 0.5 * (twist + twist.T))
        return np.maximum(values, 1.0 / MOST_CHANGE), vectors

    @cached_property
    def _widening(self) -> np.ndarray:
        """The gradient by the log of D."""
        V, stretch = self.scale.directions, self.scale.stretch
        deviations = stretched(self.noise[: len(self._odd)], V, stretch)
        return np.asarray((stretched(self._odd, V, 1.0 / stretch) * deviations).mean(axis=0))

    @cached_property
    def _metric(self) -> Metric:
        return Metric(self.scale.directions, self.scale.stretch)

    @property
    def slope(self) -> np.ndarray:
        """The gradient by the mean and the diagonal, in units of the metric's diagonal."""
        return np.concatenate([self._pull, self._widening / np.sqrt(self._metric.diagonal)])

    @cached_property
    def left(self) -> float:
        """What steps of the mean, the diagonal and the directions promise."""
        gain = 0.5 * float(self._pull @ self._pull)
        gain += 0.5 * float(self._widening @ self._metric.solve(self._widening))
        values, _, dropped = self._turned(1.0)
        along = divergence(self._curvature[0]).sum() - divergence(values[dropped]).sum()
        return gain + max(0.0, float(along))

    def _turned(self, share: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the precisions along directions after a step, these in V, and which to drop."""
        values, vectors = self._curvature
        stretch, values = self.scale.stretch, np.minimum(values, MOST_CHANGE)
        inner = (vectors * values**share) @ vectors.T / stretch[:, None] / stretch
        values, vectors = np.linalg.eigh(inner)
        gains = divergence(values)
        dropped = gains <= WORTH
        dropped[np.argsort(-gains)[self.rank :]] = True
        return values, vectors, dropped

    def _direction(self) -> np.ndarray:
        """Return a Newton step of the mean along V, and one of steepest ascent across."""
        V, half = self.scale.directions, self.noise[: len(self._odd)]
        curvatures, axes = self._curvature
        along = V.T @ self._pull
        across = self._pull - V @ along
        steps = half @ across
        curvature = 1.0 - float(steps @ (self._odd @ across)) / max(float(steps @ steps), 1e-300)
        return np.asarray(
            V @ (axes @ ((axes.T @ along) / curvatures)) + across / max(1.0, curvature)
        )

    def moved(self, share: float) -> tuple[np.ndarray, LowRank]:
        """Return the mean and the scale after a share of a step, with directions to try."""
        V = self.scale.directions
        center = self.center + self.scale.apply(share * self._direction()[None])[0]
        values, vectors, dropped = self._turned(share)
        # What the new directions do to the diagonal of precision times covariance.
        variances = np.where(dropped, 1.0, 1.0 / values)
        change = (vectors * values) @ vectors.T
        change = change @ ((vectors * variances) @ vectors.T - np.diag(self.scale.stretch**2))
        gradient = self._widening - ((V @ change) * V).sum(axis=1)
        directions, stretch = V @ vectors[:, ~dropped], values[~dropped] ** -0.5
        # As a precision would: 1 - 2 h for a Newton step h of the log, which agrees for small ones.
        step = 2.0 * Metric(directions, stretch).solve(gradient)
        narrower = 1.0 - np.clip(step, -MOST_CHANGE, 1.0 - 1.0 / MOST_CHANGE)
        more = self._to_try(directions)
        return center, LowRank(
            self.scale.std * narrower ** (-0.5 * share),
            np.concatenate([directions, more], axis=1),
            np.concatenate([stretch, np.ones(more.shape[1])]),
        )

    def _to_try(self, directions: np.ndarray) -> np.ndarray:
        """Return orthonormal directions (d, at most TRIED) in which most is left to explain."""
        V = self.scale.directions
        rest = self._odd - (self._odd @ V) @ V.T
        values, vectors = np.linalg.eigh(rest @ rest.T / len(rest))
        room = min(TRIED, self.center.size - V.shape[1])
        chosen = np.flatnonzero(values > NOTHING**2)[::-1][:room]
        found = rest.T @ vectors[:, chosen]
        found -= directions @ (directions.T @ found)
        return np.linalg.qr(found)[0]

    def draws_error(self) -> float:
        """Return how far off the fit is because the draws are few, as `DenseView.draws_error`."""
        pairs = len(self._odd)
        even = 0.5 * (self.residual[:pairs] + self.residual[pairs:])
        std = np.sqrt(self.scale.variance())
        means = self.scale.apply(even) / std
        logs = 0.5 * self.scale.apply(self._odd) * self.scale.apply(self.noise[:pairs]) / std**2
        return float(max(means.std(axis=0).max(), logs.std(axis=0).max()) / np.sqrt(pairs))
