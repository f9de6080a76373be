"""Distributions on the real line that are a standard one shifted and stretched."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.stats as jstats
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import positive, real


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
        return jstats.laplace.logpdf(x, self.mu, self.b)

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
        return jstats.logistic.logpdf(x, self.mu, self.s)

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

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return self.mu + self.beta * jax.random.gumbel(key, shape)

    def _mean(self) -> Any:
        return self.mu + self.beta * np.euler_gamma

    def _variance(self) -> Any:
        return self.beta**2 * (np.pi**2 / 6.0)
