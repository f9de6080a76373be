"""What a variational fit gives back: a distribution in the place of the posterior."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

import numpy as np

from aliquot.arguments import is_whole_number
from aliquot.precision import float64
from aliquot.variational.family import Family, noise_log_density
from aliquot.variational.importance import Estimate, FitQuality, assess
from aliquot.variational.noise import Stream, generator
from aliquot.variational.program import compiled, log_density_program
from aliquot.variational.target import Target

# Draws in one call of the compiled log density: bounds the memory of a large model.
BATCH = 128


class Draws(NamedTuple):
    """Independent draws from an approximation."""

    unconstrained: np.ndarray  # (draws, d)
    constrained: dict[str, np.ndarray]  # by variable, (draws, *shape)


@dataclass(eq=False)
class VariationalApproximation:
    """A member q of a family of distributions over the unconstrained coordinates."""

    density: Target = field(repr=False)
    family: Family
    params: np.ndarray = field(repr=False)  # one flat vector: the average of the last iterates
    hist: np.ndarray = field(repr=False)  # (iterations,): estimates of the negative ELBO in nats
    seed: int  # which the fit's random numbers derive from
    partial: bool = False  # whether the fit was interrupted
    stopped: str | None = None  # why it ended early
    quality: FitQuality | None = None  # what the check after it found

    @property
    def labels(self) -> list[str]:
        """One name for each unconstrained coordinate, in the order of `mean`."""
        return list(self.density.labels)

    @property
    def mean(self) -> np.ndarray:
        """Mean of each unconstrained coordinate, shape (d,)."""
        return self.family.mean(self.params)

    @property
    def std(self) -> np.ndarray:
        """Standard deviation of each unconstrained coordinate, shape (d,)."""
        return self.family.std(self.params)

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the unconstrained coordinates, shape (d, d)."""
        return self.family.covariance(self.params)

    def _draw(self, draws: int, seed: int) -> Draws:
        """Draw independently: unconstrained (draws, d), and each variable as it is defined."""
        check_count("draws", draws)
        noise = np.random.default_rng(seed).standard_normal((draws, self.family.size))
        unconstrained = self.family.draw_on_host(self.params, noise)
        return Draws(unconstrained, self.density.constrain_draws(unconstrained))

    def elbo(self, n: int = 2000, *, random_seed: int | None = None) -> Estimate:
        """Estimate the evidence lower bound, E[log p(z) - log q(z)], in nats, from n draws.

        By default its random numbers derive from the seed of the fit.
        """
        return Estimate.of_mean(self._log_ratios(n, seed=random_seed))

    def _checked(self, *, n: int = 5000) -> Self:
        """Return this approximation with its ``quality``: Pareto k (Yao et al. 2018) of n draws.

        5,000 tell k to about 0.1, 2,000 to 0.15.
        """
        return replace(self, quality=assess(self._log_ratios(n), self.family.name))

    def _log_ratios(self, n: int, *, seed: int | None = None) -> np.ndarray:
        """Return ``log p(z) - log q(z)`` at n independent draws of q, shape (n,)."""
        check_count("n", n, at_least=2)
        rng = generator(self.seed if seed is None else seed, Stream.IMPORTANCE)
        batches = -(-n // BATCH)
        noise = rng.standard_normal((batches * BATCH, self.family.size))
        points = self.family.draw_on_host(self.params, noise)
        log_q = noise_log_density(noise) - self.family.log_det(self.params)
        return (self._log_density(points) - log_q)[:n]

    def _log_density(self, points: np.ndarray) -> np.ndarray:
        density = self.density
        with float64():
            run = compiled(
                density,
                "log density of a batch",
                lambda: log_density_program(density.log_density),
                points[:BATCH],
                density.data,
            )
            batches = points.reshape((-1, BATCH, points.shape[1]))
            return np.concatenate([run(batch, density.data) for batch in batches])


def check_count(name: str, value: int, at_least: int = 1) -> None:
    """Refuse what is no whole number, or too small a one."""
    if not is_whole_number(value):
        raise TypeError(f"{name}={value!r}: expected a whole number.")
    if value < at_least:
        raise ValueError(f"{name}={value}: expected at least {at_least}.")
