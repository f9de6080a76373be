"""What a variational fit gives back: a distribution that stands in for the posterior."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from aliquot.precision import float64
from aliquot.variational.estimate import Estimate
from aliquot.variational.family import Family, noise_log_density
from aliquot.variational.importance import FitQuality, assess
from aliquot.variational.noise import Seed, Stream, as_entropy, generator
from aliquot.variational.program import compiled, log_density_program
from aliquot.variational.target import Density

# Draws in one call of the compiled log density: bounds the memory of a large model.
BATCH = 128


class Draws(NamedTuple):
    """Independent draws from an approximation."""

    unconstrained: np.ndarray  # (draws, d)
    constrained: dict[str, np.ndarray]  # by variable, (draws, *shape)


@dataclass(frozen=True, eq=False)
class Approximation:
    """A member q of a family of distributions over the unconstrained coordinates.

    Attributes
    ----------
    density
        The target that it was fitted to.
    family
        The family that it belongs to, such as `MeanField`.
    params
        Its parameters, one flat vector: the average of the last iterates of the fit.
    hist
        The loss of each iteration, an estimate of the negative ELBO in nats, shape (iterations,).
    seed
        The integer that the fit's random numbers derive from.
    partial
        Whether the fit was interrupted.
    stopped
        Why the fit ended early, or None.
    quality
        What the check after the fit found, or None if there was none.
    """

    density: Density = field(repr=False)
    family: Family
    params: np.ndarray = field(repr=False)
    hist: np.ndarray = field(repr=False)
    seed: int
    partial: bool = False
    stopped: str | None = None
    quality: FitQuality | None = None

    @property
    def mean(self) -> np.ndarray:
        """Mean of each unconstrained coordinate, shape (d,), in the order of ``density.labels``."""
        return self.family.mean(self.params)

    @property
    def std(self) -> np.ndarray:
        """Standard deviation of each unconstrained coordinate, shape (d,)."""
        return self.family.std(self.params)

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the unconstrained coordinates, shape (d, d)."""
        return self.family.covariance(self.params)

    def sample(self, draws: int = 1000, random_seed: Seed = None) -> Draws:
        """Draw from the approximation.

        Parameters
        ----------
        draws
            How many independent draws, at least 1.
        random_seed
            An integer, a sequence of integers, a NumPy generator, or None for a fresh seed.

        Returns
        -------
        Draws
            The unconstrained draws (draws, d), and each variable on its own scale.
        """
        _check_count("draws", draws, at_least=1)
        noise = np.random.default_rng(as_entropy(random_seed)).standard_normal(
            (draws, self.family.size)
        )
        unconstrained = self.family.draw_on_host(self.params, noise)
        return Draws(unconstrained, self.density.constrain_draws(unconstrained))

    def elbo(self, n: int = 2000, random_seed: Seed = None) -> Estimate:
        """Estimate the evidence lower bound, E[log p(z) - log q(z)], in nats.

        Parameters
        ----------
        n
            How many draws, at least 2; the error falls as 1 / sqrt(n).
        random_seed
            As for `sample`; None derives it from the seed of the fit.

        Returns
        -------
        Estimate
            The value and its Monte Carlo standard error.
        """
        return Estimate.of_mean(self.log_ratios(n, random_seed))

    def check(self, n: int = 5000, random_seed: Seed = None) -> FitQuality:
        """Assess the fit by the Pareto k of importance ratios (Yao et al. 2018).

        Parameters
        ----------
        n
            How many draws; 5,000 tell k to about 0.1, 2,000 to 0.15.
        random_seed
            As for `elbo`.
        """
        return assess(self.log_ratios(n, random_seed), self.family.name)

    def checked(self, n: int = 5000) -> Approximation:
        """Return this approximation with its ``quality`` filled in."""
        return replace(self, quality=self.check(n))

    def log_ratios(self, n: int, random_seed: Seed = None) -> np.ndarray:
        """Return ``log p(z) - log q(z)`` at n independent draws of q, shape (n,)."""
        _check_count("n", n, at_least=2)
        entropy = self.seed if random_seed is None else as_entropy(random_seed)
        rng = generator(entropy, Stream.IMPORTANCE)
        batches = -(-n // BATCH)
        noise = rng.standard_normal((batches * BATCH, self.family.size))
        points = self.family.draw_on_host(self.params, noise)
        log_q = noise_log_density(noise) - self.family.log_det(self.params)
        return (self._log_density(points) - log_q)[:n]

    def _log_density(self, points: np.ndarray) -> np.ndarray:
        density = self.density
        with float64():
            run = None
            values = np.empty(points.shape[0])
            for first in range(0, points.shape[0], BATCH):
                rows = slice(first, first + BATCH)
                if run is None:
                    run = compiled(
                        density,
                        "log density of a batch",
                        lambda: log_density_program(density.log_density),
                        points[rows],
                        density.data,
                    )
                values[rows] = run(points[rows], density.data)
        return values


def _check_count(name: str, value: int, at_least: int) -> None:
    if value < at_least:
        raise ValueError(f"{name}={value}: expected at least {at_least}.")
