"""The normal distribution and its halves, tails and transforms."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import nonnegative, positive, real
from aliquot.distributions.parameters import as_parameter, exactly_one

HALF_LOG_TWO_PI = 0.5 * np.log(2 * np.pi)


class Normal(Distribution):
    r"""The normal (Gaussian) distribution.

    Parameters
    ----------
    mu : array or Expression
        Mean.
    sigma : array or Expression, positive
        Standard deviation (1 by default).
    tau : array or Expression, positive
        Precision, in place of `sigma`: :math:`\sigma = \tau^{-1/2}`.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model():
    ...     x = aq.Normal("x", mu=0, sigma=10, shape=2)
    >>> x.shape
    (2,)
    """

    constraints = {"mu": real, "sigma": positive}
    support = real

    def __init__(
        self, mu: Any = 0.0, sigma: Any = None, tau: Any = None, *, shape: Any = None
    ) -> None:
        super().__init__({"mu": mu, "sigma": scale(self.family, sigma, tau=tau)}, shape)

    def _log_prob(self, x: Any) -> Any:
        return normal_log_density(x - self.mu, self.sigma)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return self.mu + self.sigma * jax.random.normal(key, shape)

    def _mean(self) -> Any:
        return self.mu

    def _variance(self) -> Any:
        return self.sigma**2


class HalfNormal(Distribution):
    r"""The normal distribution with mean zero, folded to non-negative values.

    Parameters
    ----------
    sigma : array or Expression, positive
        Standard deviation before folding (1 by default).
    tau : array or Expression, positive
        Precision before folding, in place of `sigma`.

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.HalfNormal.dist(1).mean()), 4)
    0.7979
    """

    constraints = {"sigma": positive}
    support = nonnegative

    def __init__(self, sigma: Any = None, tau: Any = None, *, shape: Any = None) -> None:
        super().__init__({"sigma": scale(self.family, sigma, tau=tau)}, shape)

    def _log_prob(self, x: Any) -> Any:
        return normal_log_density(x, self.sigma) + np.log(2.0)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return jnp.abs(self.sigma * jax.random.normal(key, shape))

    def _mean(self) -> Any:
        return self.sigma * np.sqrt(2 / np.pi)

    def _variance(self) -> Any:
        return self.sigma**2 * (1 - 2 / np.pi)


def normal_log_density(deviation: Any, sigma: Any) -> Any:
    """Compute the log density of a normal variable at a distance from its mean.

    A scale is divided by once and not for every value, and it is not squared, which numbers beyond
    1e154 cannot be: `jax.scipy.stats.norm` does both.
    """
    z = deviation * (1.0 / jnp.asarray(sigma, float))
    return (-jnp.log(sigma) - HALF_LOG_TWO_PI) - 0.5 * jnp.square(z)


def scale(family: str, sigma: Any, **precision: Any) -> Any:
    """Read a standard deviation that may be given as a precision, under the family's name of it."""
    name, value = exactly_one(family, 1.0, sigma=sigma, **precision)
    return value if name == "sigma" else as_parameter(family, name, value, positive) ** -0.5
