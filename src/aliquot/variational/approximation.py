"""What a variational fit gives back: a distribution in the place of the posterior."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Self

import numpy as np

from aliquot.arguments import is_whole_number
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.heights import affordable, log_densities
from aliquot.variational.importance import Estimate, FitQuality, assess
from aliquot.variational.noise import Stream, generator
from aliquot.variational.target import Target

# Draws that a fit is checked by, and with very many data.
CHECKED, FEWEST_CHECKED = 5000, 1000


class Draws(NamedTuple):
    """Independent draws from an approximation."""

    unconstrained: np.ndarray  # (draws, d)
    constrained: dict[str, np.ndarray]  # by variable, (draws, *shape)


@dataclass(eq=False)
class VariationalApproximation:
    """A distribution q over the unconstrained coordinates in the place of a posterior."""

    density: Target = field(repr=False)
    family: str  # the name of the family of q, such as "mean-field"
    q: GaussianMixture = field(repr=False)
    hist: np.ndarray = field(repr=False)  # (iterations,): estimates of the negative ELBO in nats
    seed: int  # which the fit's random numbers derive from
    partial: bool = False  # whether the fit was interrupted
    stopped: str | None = None  # why it ended early
    quality: FitQuality | None = None  # what the check after it found
    # Of a fit whose q has a covariance by linear response: the member that maximises the ELBO.
    mean_field: GaussianMixture | None = field(default=None, repr=False)

    @property
    def labels(self) -> list[str]:
        """One name for each unconstrained coordinate, in the order of `mean`."""
        return list(self.density.labels)

    @property
    def mean(self) -> np.ndarray:
        """Mean of each unconstrained coordinate, shape (d,)."""
        return self.q.mean

    @property
    def std(self) -> np.ndarray:
        """Standard deviation of each unconstrained coordinate, shape (d,)."""
        return self.q.std

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the unconstrained coordinates, shape (d, d)."""
        return self.q.covariance

    def _draw(self, draws: int, seed: int) -> Draws:
        """Draw independently: unconstrained (draws, d), and each variable as it is defined."""
        check_count("draws", draws)
        unconstrained, _ = self.q.draw(draws, np.random.default_rng(seed))
        return Draws(unconstrained, self.density.constrain_draws(unconstrained))

    def elbo(self, n: int = 2000, *, random_seed: int | None = None) -> Estimate:
        """Estimate the evidence lower bound, E[log p(z) - log q(z)], in nats, from n draws.

        By default its random numbers derive from the seed of the fit.
        """
        return Estimate.of_mean(self._weighed(self._bound, n, seed=random_seed)[1])

    def _checked(self, *, n: int | None = None, **found: Any) -> Self:
        """Return this approximation with its ``quality``: Pareto k (Yao et al. 2018) of n draws.

        5,000 tell k to about 0.1, 2,000 to 0.15. Whatever else was `found` goes into the record.
        """
        n = affordable(self.density, CHECKED, FEWEST_CHECKED) if n is None else n
        points, log_ratios = self._weighed(self.q, n)
        inside, images = self._in_one_mode(points)
        quality = assess(log_ratios, self.family, inside, images)
        if self.mean_field is not None:
            found["elbo"] = self.elbo(quality.draws)
        return replace(self, quality=replace(quality, **found))

    def _in_one_mode(self, points: np.ndarray) -> tuple[np.ndarray, int]:
        """Say which points are near one of the mirror modes, and how many modes there are."""
        return np.ones(len(points), bool), 1

    @property
    def _bound(self) -> GaussianMixture:
        """The distribution whose ELBO was maximised."""
        return self.q if self.mean_field is None else self.mean_field

    def _weighed(
        self, proposal: GaussianMixture, n: int, *, seed: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw n points (n, d) independently, with the log ratios (n,) of p to the proposal."""
        check_count("n", n, at_least=2)
        rng = generator(self.seed if seed is None else seed, Stream.IMPORTANCE)
        points, log_q = proposal.draw(n, rng)
        return points, log_densities(self.density, points) - log_q


def check_count(name: str, value: int, at_least: int = 1) -> None:
    """Refuse what is no whole number, or too small a one."""
    if not is_whole_number(value):
        raise TypeError(f"{name}={value!r}: expected a whole number.")
    if value < at_least:
        raise ValueError(f"{name}={value}: expected at least {at_least}.")
