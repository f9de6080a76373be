"""Distributions that are a standard one shifted and stretched, and the normal one folded."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import nonnegative, positive, real
from aliquot.distributions.parameters import as_parameter, exactly_one
from aliquot.special.complement import log_complement, log_rest_of_exp
from aliquot.special.normal_functions import log_ndtr, log_normal_interval

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

    @classmethod
    def of(cls, mu: Any, sigma: Any) -> Normal:
        """Make one of arrays, inside a traced function."""
        shape = jnp.broadcast_shapes(jnp.shape(mu), jnp.shape(sigma))
        return cls._unflatten((("mu", "sigma"), (("shape", shape),)), (mu, sigma))

    def _log_prob(self, x: Any) -> Any:
        return normal_log_density(x - self.mu, self.sigma)

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        z = (x - self.mu) / self.sigma
        return log_ndtr(z), log_ndtr(-z)

    def _log_between(self, low: Any, high: Any, first: Any, last: Any) -> Any:
        return log_normal_between(low - self.mu, high - self.mu, high - low, self.sigma)

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

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        above = np.log(2.0) + log_ndtr(-x / self.sigma)
        return np.log(2.0) + log_normal_between(jnp.zeros_like(x), x, x, self.sigma), above

    def _log_between(self, low: Any, high: Any, first: Any, last: Any) -> Any:
        return np.log(2.0) + log_normal_between(low, high, high - low, self.sigma)

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


def log_normal_between(low: Any, high: Any, width: Any, sigma: Any) -> Any:
    """Compute the log probability of an interval, its ends given by their distances to the mean."""
    inverse = 1.0 / jnp.asarray(sigma, float)
    return log_normal_interval(low * inverse, high * inverse, width * inverse)


def scale(family: str, sigma: Any, **precision: Any) -> Any:
    """Read a standard deviation that may be given as a precision, under the family's name of it."""
    name, value = exactly_one(family, 1.0, sigma=sigma, **precision)
    return value if name == "sigma" else as_parameter(family, name, value, positive) ** -0.5


class Laplace(Distribution):
    r"""The Laplace (double exponential) distribution.

    .. math:: f(x) = \frac{1}{2 b} \exp(-|x - \mu| / b)

    Parameters
    ----------
    mu : array or Expression
        Mean and median.
    b : array or Expression, positive
        Scale: the mean distance from `mu`.

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.Laplace.dist(mu=0, b=3).variance())
    18.0
    """

    constraints = {"mu": real, "b": positive}
    support = real

    def __init__(self, mu: Any, b: Any, *, shape: Any = None) -> None:
        super().__init__({"mu": mu, "b": b}, shape)

    def _log_prob(self, x: Any) -> Any:
        return -(jnp.abs(x - self.mu) / self.b + jnp.log(2.0 * self.b))

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        z = (x - self.mu) / self.b
        left = z < 0
        tail = -np.log(2.0) - jnp.where(left, -z, z)
        rest = log_complement(tail)
        return jnp.where(left, tail, rest), jnp.where(left, rest, tail)

    def _log_between(self, low: Any, high: Any, first: Any, last: Any) -> Any:
        # The density has a corner at mu, over which it is not to be integrated.
        one_side = (low >= self.mu) | (high <= self.mu)
        nearer = jnp.where(low >= self.mu, low - self.mu, self.mu - high) / self.b
        width = jnp.where(one_side, high - low, 1.0) / self.b
        beside = jnp.log(-0.5 * jnp.expm1(-width)) - nearer
        a, b = (jnp.where(one_side, 1.0, x / self.b) for x in (self.mu - low, high - self.mu))
        around = jnp.log(-0.5 * (jnp.expm1(-a) + jnp.expm1(-b)))
        return jnp.where(one_side, beside, around)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return self.mu + self.b * jax.random.laplace(key, shape)

    def _mean(self) -> Any:
        return self.mu

    def _variance(self) -> Any:
        return 2.0 * self.b**2


class Logistic(Distribution):
    r"""The logistic distribution, whose distribution function is the logistic function.

    .. math:: f(x) = \frac{e^{-z}}{s (1 + e^{-z})^2}, \quad z = (x - \mu) / s

    Parameters
    ----------
    mu : array or Expression
        Mean (0 by default).
    s : array or Expression, positive
        Scale (1 by default).

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.Logistic.dist().log_prob(0.0)), 6)
    -1.386294
    """

    constraints = {"mu": real, "s": positive}
    support = real

    def __init__(self, mu: Any = 0.0, s: Any = 1.0, *, shape: Any = None) -> None:
        super().__init__({"mu": mu, "s": s}, shape)

    def _log_prob(self, x: Any) -> Any:
        half = 0.5 * (x - self.mu) / self.s
        return -2.0 * jnp.logaddexp(half, -half) - jnp.log(self.s)

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        z = (x - self.mu) / self.s
        return jax.nn.log_sigmoid(z), jax.nn.log_sigmoid(-z)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return self.mu + self.s * jax.random.logistic(key, shape)

    def _mean(self) -> Any:
        return self.mu

    def _variance(self) -> Any:
        return self.s**2 * (np.pi**2 / 3.0)


class Gumbel(Distribution):
    r"""The Gumbel distribution, of the largest of many values.

    .. math:: f(x) = \frac{1}{\beta} e^{-(z + e^{-z})}, \quad z = (x - \mu) / \beta

    Parameters
    ----------
    mu : array or Expression
        Mode.
    beta : array or Expression, positive
        Scale.

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.Gumbel.dist(mu=0, beta=1).mean()), 6)
    0.577216
    """

    constraints = {"mu": real, "beta": positive}
    support = real

    def __init__(self, mu: Any, beta: Any, *, shape: Any = None) -> None:
        super().__init__({"mu": mu, "beta": beta}, shape)

    def _log_prob(self, x: Any) -> Any:
        # jax.scipy.stats.gumbel_r has no gradient: it takes xlogy of the integer -1.
        z = (x - self.mu) / self.beta
        return -(z + jnp.exp(-z)) - jnp.log(self.beta)

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        z = (x - self.mu) / self.beta
        return -jnp.exp(-z), log_rest_of_exp(-z)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return self.mu + self.beta * jax.random.gumbel(key, shape)

    def _mean(self) -> Any:
        return self.mu + self.beta * np.euler_gamma

    def _variance(self) -> Any:
        return self.beta**2 * (np.pi**2 / 6.0)
