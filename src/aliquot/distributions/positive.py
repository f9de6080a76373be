"""Distributions of positive numbers: waiting times, rates, scales and sizes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import Constraint, Interval, nonnegative, positive, real
from aliquot.distributions.gamma import positive_draws
from aliquot.distributions.location_scale import (
    log_normal_between,
    normal_log_density,
    scale,
)
from aliquot.distributions.parameters import as_parameter, exactly_one
from aliquot.distributions.random_numbers import exponential
from aliquot.special.complement import log_complement, log_rest_of_exp
from aliquot.special.normal_functions import log_ndtr
from aliquot.special.series import log_gamma_ratio

_LARGE = 1e300


class Exponential(Distribution):
    r"""The exponential distribution: :math:`f(x) = \lambda e^{-\lambda x}` for :math:`x \ge 0`.

    Parameters
    ----------
    lam : array or Expression, positive
        Rate (1 by default).
    scale : array or Expression, positive
        Mean, in place of `lam`.

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.Exponential.dist(scale=4).mean())
    4.0
    """

    constraints = {"lam": positive}
    support = nonnegative

    def __init__(self, lam: Any = None, *, scale: Any = None, shape: Any = None) -> None:
        name, value = exactly_one(self.family, 1.0, lam=lam, scale=scale)
        if name == "scale":
            value = 1.0 / as_parameter(self.family, "scale", value, positive)
        super().__init__({"lam": value}, shape)

    def _log_prob(self, x: Any) -> Any:
        return jnp.log(self.lam) - self.lam * x

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        return log_complement(-self.lam * x), -self.lam * x

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return exponential(key, shape) / self.lam

    def _mean(self) -> Any:
        return 1.0 / self.lam

    def _variance(self) -> Any:
        return self.lam**-2.0


class Weibull(Distribution):
    r"""The Weibull distribution, of times to a failure whose rate is a power of time.

    .. math:: f(x) = \frac{\alpha}{\beta} \left(\frac{x}{\beta}\right)^{\alpha - 1}
              e^{-(x / \beta)^\alpha}, \quad x > 0

    Zero, where the density may be infinite, is not in the support.

    Parameters
    ----------
    alpha : array or Expression, positive
        Shape.
    beta : array or Expression, positive
        Scale.

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.Weibull.dist(alpha=2, beta=1).mean()), 6)
    0.886227
    """

    constraints = {"alpha": positive, "beta": positive}
    support = positive
    typical = "beta"

    def __init__(self, alpha: Any, beta: Any, *, shape: Any = None) -> None:
        super().__init__({"alpha": alpha, "beta": beta}, shape)

    def _log_prob(self, x: Any) -> Any:
        log_z = jnp.log(x) - jnp.log(self.beta)
        power = jnp.exp(self.alpha * log_z)
        constant = jnp.log(self.alpha) - jnp.log(self.beta)
        return constant + (self.alpha - 1.0) * log_z - power

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        log_power = self.alpha * (jnp.log(x) - jnp.log(self.beta))
        return log_rest_of_exp(log_power), -jnp.exp(log_power)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        root = jnp.exp(0.5 * jnp.log(exponential(key, shape)) / self.alpha)
        return positive_draws(root * self.beta * root)

    def _mean(self) -> Any:
        root = jnp.exp(0.5 * gammaln(1.0 + 1.0 / self.alpha))
        return root * self.beta * root

    def _variance(self) -> Any:
        return (self._mean() * jnp.sqrt(jnp.expm1(log_gamma_ratio(1.0 / self.alpha)))) ** 2


class Pareto(Distribution):
    r"""The Pareto distribution: a power law from a smallest value on.

    .. math:: f(x) = \frac{\alpha m^\alpha}{x^{\alpha + 1}}, \quad x \ge m

    Parameters
    ----------
    alpha : array or Expression, positive
        Exponent of the tail.
    m : array or Expression, positive
        Smallest value.

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.Pareto.dist(alpha=3, m=2).mean())
    3.0
    """

    constraints = {"alpha": positive, "m": positive}

    def __init__(self, alpha: Any, m: Any, *, shape: Any = None) -> None:
        super().__init__({"alpha": alpha, "m": m}, shape)

    @property
    def support(self) -> Constraint:
        return Interval(self.m, closed=True)

    def _log_prob(self, x: Any) -> Any:
        constant = jnp.log(self.alpha) - jnp.log(self.m)
        return constant - (self.alpha + 1.0) * self._log_ratio(x)

    def _log_ratio(self, x: Any) -> Any:
        # By the distance from m, which the ratio would round; by its logarithm where it overflows.
        away = x - self.m
        far = away > self.m * _LARGE
        ratio = jnp.where(far, away / _LARGE, away) / self.m
        log_ratio = jnp.log1p(ratio - jnp.where(far, 1.0, 0.0))
        return log_ratio + jnp.where(far, np.log(_LARGE), 0.0)

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        above = -self.alpha * self._log_ratio(x)
        return log_complement(above), above

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        root = jnp.exp(0.5 * exponential(key, shape) / self.alpha)
        return jnp.maximum(root * self.m * root, self.m)

    def _mean(self) -> Any:
        finite = self.m * (self.alpha / jnp.where(self.alpha > 1, self.alpha - 1.0, 1.0))
        return jnp.where(self.alpha > 1, finite, jnp.inf)

    def _variance(self) -> Any:
        a = jnp.where(self.alpha > 2, self.alpha, 3.0)
        finite = (self.m / (a - 1.0)) ** 2 * (a / (a - 2.0))
        return jnp.where(self.alpha > 2, finite, jnp.inf)

    def start(self) -> Any:
        # The median; for a tail so heavy that it would be astronomical, 1000 m.
        median = self.m * 2.0 ** jnp.minimum(1.0 / self.alpha, 10.0)
        return jnp.broadcast_to(median, self.shape)


class LogNormal(Distribution):
    r"""The distribution of a positive number whose logarithm is normal.

    .. math:: f(x) = \frac{1}{x \sigma \sqrt{2 \pi}}
              \exp\left(-\frac{(\log x - \mu)^2}{2 \sigma^2}\right), \quad x > 0

    Parameters
    ----------
    mu : array or Expression
        Mean of the logarithm (0 by default).
    sigma : array or Expression, positive
        Standard deviation of the logarithm (1 by default).
    tau : array or Expression, positive
        Precision of the logarithm, in place of `sigma`.

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.LogNormal.dist(mu=0, sigma=1).mean()), 6)
    1.648721
    """

    constraints = {"mu": real, "sigma": positive}
    support = positive

    def __init__(
        self, mu: Any = 0.0, sigma: Any = None, tau: Any = None, *, shape: Any = None
    ) -> None:
        super().__init__({"mu": mu, "sigma": scale(self.family, sigma, tau=tau)}, shape)

    def _log_prob(self, x: Any) -> Any:
        log_x = jnp.log(x)
        return normal_log_density(log_x - self.mu, self.sigma) - log_x

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        z = (jnp.log(x) - self.mu) / self.sigma
        return log_ndtr(z), log_ndtr(-z)

    def _log_between(self, low: Any, high: Any, first: Any, last: Any) -> Any:
        a, b = (jnp.log(x) - self.mu for x in (low, high))
        return log_normal_between(a, b, jnp.log1p((high - low) / low), self.sigma)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        log_draws = self.mu + self.sigma * jax.random.normal(key, shape)
        return positive_draws(jnp.exp(log_draws))

    def _mean(self) -> Any:
        return jnp.exp(self.mu + 0.5 * self.sigma**2)

    def _variance(self) -> Any:
        square = self.sigma**2
        return -jnp.expm1(-square) * jnp.exp(2.0 * (self.mu + square))

    def start(self) -> Any:
        # The median: the mean is far out in the tail where sigma is large.
        return jnp.broadcast_to(positive_draws(jnp.exp(self.mu)), self.shape)
