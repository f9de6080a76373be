"""The gamma distribution and its kin: inverse gamma and chi-squared."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import positive
from aliquot.distributions.parameters import as_parameter, exactly_one_set
from aliquot.distributions.random_numbers import LARGEST, TINY, gamma_parts, times_exp
from aliquot.special.incomplete_gamma import log_gamma_tails
from aliquot.special.saddle_point import log_poisson_of_real


class Gamma(Distribution):
    r"""The gamma distribution.

    .. math:: f(x) = \frac{\beta^\alpha x^{\alpha - 1} e^{-\beta x}}{\Gamma(\alpha)}, \quad x > 0

    Given by shape and rate, or by mean and standard deviation:
    :math:`\alpha = \mu^2 / \sigma^2` and :math:`\beta = \mu / \sigma^2`. Zero, where the density
    may be infinite, is not in the support.

    Parameters
    ----------
    alpha : array or Expression, positive
        Shape.
    beta : array or Expression, positive
        Rate.
    mu : array or Expression, positive
        Mean.
    sigma : array or Expression, positive
        Standard deviation.

    Raises
    ------
    ParameterError
        Where the arguments are not one of the two pairs, or out of range.

    Examples
    --------
    >>> import aliquot as aq
    >>> aq.Gamma.dist(mu=6, sigma=2)
    Gamma(alpha=9.0, beta=1.5)
    """

    constraints = {"alpha": positive, "beta": positive}
    support = positive

    def __init__(
        self,
        alpha: Any = None,
        beta: Any = None,
        mu: Any = None,
        sigma: Any = None,
        *,
        shape: Any = None,
    ) -> None:
        alpha, beta = shape_and_rate(self.family, alpha, beta, mu, sigma)
        super().__init__({"alpha": alpha, "beta": beta}, shape)

    def _log_prob(self, x: Any) -> Any:
        return _log_density(self.alpha, self.beta * x, jnp.log(self.beta) + jnp.log(x)) - jnp.log(x)

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        return log_gamma_tails(self.alpha, positive_draws(self.beta * x))

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        value, log_factor = gamma_parts(key, self.alpha, shape)
        return positive_draws(times_exp(value, 1.0 / self.beta, log_factor))

    def _mean(self) -> Any:
        return self.alpha / self.beta

    def _variance(self) -> Any:
        return self.alpha / self.beta / self.beta


class InverseGamma(Distribution):
    r"""The distribution of a number whose reciprocal is gamma distributed.

    .. math:: f(x) = \frac{\beta^\alpha}{\Gamma(\alpha)} x^{-\alpha - 1} e^{-\beta / x}, \quad x > 0

    Given by shape and scale, or by mean and standard deviation:
    :math:`\alpha = \mu^2 / \sigma^2 + 2` and :math:`\beta = \mu (\mu^2 / \sigma^2 + 1)`.

    Parameters
    ----------
    alpha : array or Expression, positive
        Shape.
    beta : array or Expression, positive
        Scale (1 by default, where `alpha` is given).
    mu : array or Expression, positive
        Mean.
    sigma : array or Expression, positive
        Standard deviation.

    Raises
    ------
    ParameterError
        Where the arguments are not one of the two pairs, or out of range.

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.InverseGamma.dist(alpha=3, beta=4).mean())
    2.0
    """

    constraints = {"alpha": positive, "beta": positive}
    support = positive

    def __init__(
        self,
        alpha: Any = None,
        beta: Any = None,
        mu: Any = None,
        sigma: Any = None,
        *,
        shape: Any = None,
    ) -> None:
        if alpha is not None and beta is None:
            beta = 1.0
        if pair := _mean_and_sd(self.family, alpha, beta, mu, sigma):
            mean, sd = pair
            alpha, beta = (mean / sd) ** 2 + 2.0, mean * ((mean / sd) ** 2 + 1.0)
        super().__init__({"alpha": alpha, "beta": beta}, shape)

    def _log_prob(self, x: Any) -> Any:
        return _log_density(self.alpha, self.beta / x, jnp.log(self.beta) - jnp.log(x)) - jnp.log(x)

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        above, below = log_gamma_tails(self.alpha, positive_draws(self.beta / x))
        return below, above

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        value, log_factor = gamma_parts(key, self.alpha, shape)
        return positive_draws(times_exp(self.beta, 1.0 / value, -log_factor))

    def _mean(self) -> Any:
        finite = self.beta / jnp.where(self.alpha > 1, self.alpha - 1.0, 1.0)
        return jnp.where(self.alpha > 1, finite, jnp.inf)

    def _variance(self) -> Any:
        a = jnp.where(self.alpha > 2, self.alpha, 3.0)
        finite = (self.beta / (a - 1.0) / jnp.sqrt(a - 2.0)) ** 2
        return jnp.where(self.alpha > 2, finite, jnp.inf)

    def start(self) -> Any:
        # The mode: there is no finite mean where alpha is 1 or less.
        return jnp.broadcast_to(positive_draws(self.beta / (self.alpha + 1.0)), self.shape)


class ChiSquared(Distribution):
    r"""The distribution of a sum of `nu` squared standard normal variables.

    .. math:: f(x) = \frac{x^{\nu / 2 - 1} e^{-x / 2}}{2^{\nu / 2} \Gamma(\nu / 2)}, \quad x > 0

    Zero, where the density may be infinite, is not in the support.

    Parameters
    ----------
    nu : array or Expression, positive
        Degrees of freedom.

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.ChiSquared.dist(nu=5).variance())
    10.0
    """

    constraints = {"nu": positive}
    support = positive

    def __init__(self, nu: Any, *, shape: Any = None) -> None:
        super().__init__({"nu": nu}, shape)

    def _log_prob(self, x: Any) -> Any:
        return _log_density(0.5 * self.nu, 0.5 * x, jnp.log(x) - np.log(2.0)) - jnp.log(x)

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        return log_gamma_tails(0.5 * self.nu, 0.5 * x)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        value, log_factor = gamma_parts(key, 0.5 * self.nu, shape)
        return positive_draws(times_exp(2.0, value, log_factor))

    def _mean(self) -> Any:
        return self.nu

    def _variance(self) -> Any:
        return 2.0 * self.nu


def positive_draws(draws: Any) -> Any:
    """Round draws that are too small or too large for a double to the nearest one that is not.

    Small shapes put real probability there: a gamma variable of shape 0.001 is below 1e-308 about
    half of the time. A draw of exactly 0 or infinity would be off the support.
    """
    return jnp.clip(draws, TINY, LARGEST)


def _log_density(alpha: Any, y: Any, log_y: Any) -> Any:
    """Compute the log density of log y, where y is gamma distributed with rate 1."""
    alpha = jnp.asarray(alpha, float)
    return jnp.log(alpha) + log_poisson_of_real(alpha, y - alpha, alpha * log_y)


def shape_and_rate(family: str, alpha: Any, beta: Any, mu: Any, sigma: Any) -> tuple[Any, Any]:
    """Read shape and rate of a gamma distribution, or its mean and standard deviation."""
    if pair := _mean_and_sd(family, alpha, beta, mu, sigma):
        mean, sd = pair
        return (mean / sd) ** 2, mean / sd**2
    return alpha, beta


def _mean_and_sd(family: str, alpha: Any, beta: Any, mu: Any, sigma: Any) -> Any:
    """Read mean and standard deviation where they are given in place of `alpha` and `beta`."""
    choices = {"alpha": alpha, "beta": beta, "mu": mu, "sigma": sigma}
    given = exactly_one_set(family, ("alpha", "beta"), ("mu", "sigma"), **choices)
    if "alpha" in given:
        return None
    return [as_parameter(family, name, value, positive) for name, value in given.items()]
