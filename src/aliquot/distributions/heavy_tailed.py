"""Distributions with power-law tails: Student's t, Cauchy, and their halves."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import nonnegative, positive, real
from aliquot.distributions.interval_mass import log_integral
from aliquot.distributions.location_scale import scale
from aliquot.distributions.random_numbers import gamma_parts, times_exp
from aliquot.elementary.polynomial import polynomial
from aliquot.special.complement import log_complement
from aliquot.special.student_tail import log_sech_tail

_FAR = 1e100


class StudentT(Distribution):
    r"""Student's t distribution: normal-like near the middle, with heavier tails.

    .. math:: f(x) = \frac{\Gamma((\nu + 1) / 2)}{\Gamma(\nu / 2) \sqrt{\pi \nu}\, \sigma}
              \left(1 + \frac{(x - \mu)^2}{\nu \sigma^2}\right)^{-(\nu + 1) / 2}

    Parameters
    ----------
    nu : array or Expression, positive
        Degrees of freedom.
    mu : array or Expression
        Location (0 by default).
    sigma : array or Expression, positive
        Scale (1 by default): the standard deviation where `nu` is large.
    lam : array or Expression, positive
        In place of `sigma`: :math:`\sigma = \lambda^{-1/2}`.

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.StudentT.dist(nu=4, sigma=2).variance())
    8.0
    """

    constraints = {"nu": positive, "mu": real, "sigma": positive}
    support = real
    typical = "mu"

    def __init__(
        self, nu: Any, mu: Any = 0.0, *, sigma: Any = None, lam: Any = None, shape: Any = None
    ) -> None:
        sigma = scale(self.family, sigma, lam=lam)
        super().__init__({"nu": nu, "mu": mu, "sigma": sigma}, shape)

    def _log_prob(self, x: Any) -> Any:
        return _log_t((x - self.mu) / self.sigma, self.nu) - jnp.log(self.sigma)

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        z = (x - self.mu) / self.sigma
        left = z < 0
        tail = _log_t_tail(jnp.where(left, -z, z), self.nu)
        rest = log_complement(tail)
        return jnp.where(left, tail, rest), jnp.where(left, rest, tail)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return self.mu + _t_draws(key, self.nu, self.sigma, shape)

    def _mean(self) -> Any:
        return jnp.where(self.nu > 1, self.mu, jnp.nan)

    def _variance(self) -> Any:
        finite = self.sigma**2 * (self.nu / jnp.where(self.nu > 2, self.nu - 2, 1.0))
        return jnp.where(self.nu > 2, finite, jnp.where(self.nu > 1, jnp.inf, jnp.nan))


class HalfStudentT(Distribution):
    r"""Student's t distribution about zero, folded to non-negative values.

    .. math:: f(x) = \frac{2\, \Gamma((\nu + 1) / 2)}{\Gamma(\nu / 2) \sqrt{\pi \nu}\, \sigma}
              \left(1 + \frac{x^2}{\nu \sigma^2}\right)^{-(\nu + 1) / 2}, \quad x \ge 0

    Parameters
    ----------
    nu : array or Expression, positive
        Degrees of freedom.
    sigma : array or Expression, positive
        Scale before folding (1 by default).
    lam : array or Expression, positive
        In place of `sigma`: :math:`\sigma = \lambda^{-1/2}`.

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.HalfStudentT.dist(nu=3, sigma=1).log_prob(0.0)), 6)
    -0.307742
    """

    constraints = {"nu": positive, "sigma": positive}
    support = nonnegative
    typical = "sigma"

    def __init__(self, nu: Any, sigma: Any = None, lam: Any = None, *, shape: Any = None) -> None:
        super().__init__({"nu": nu, "sigma": scale(self.family, sigma, lam=lam)}, shape)

    def _log_prob(self, x: Any) -> Any:
        return _log_t(x / self.sigma, self.nu) - jnp.log(self.sigma) + np.log(2.0)

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        z = x / self.sigma
        above = np.log(2.0) + _log_t_tail(z, self.nu)
        # Near zero the difference to one has no digits: the density is integrated.
        near = z < 0.1 * jnp.minimum(1.0, jnp.sqrt(self.nu))
        end = jnp.where(near, z, 0.05 * jnp.minimum(1.0, jnp.sqrt(self.nu))) * self.sigma
        little = log_integral(self, jnp.zeros_like(end), end)
        return jnp.where(near, little, log_complement(jnp.where(near, -1.0, above))), above

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return jnp.abs(_t_draws(key, self.nu, self.sigma, shape))

    def _mean(self) -> Any:
        safe = jnp.where(self.nu > 1, self.nu, 2.0)
        ratio = jnp.exp(log_gamma_step(0.5 * safe)) / (safe - 1.0)
        return jnp.where(self.nu > 1, 2.0 * self.sigma * jnp.sqrt(safe / jnp.pi) * ratio, jnp.inf)

    def _variance(self) -> Any:
        square = self.sigma**2 * (self.nu / jnp.where(self.nu > 2, self.nu - 2.0, 1.0))
        mean = jnp.where(self.nu > 2, self._mean(), 0.0)
        infinite = jnp.where(self.nu > 1, jnp.inf, jnp.nan)
        return jnp.where(self.nu > 2, square - mean**2, infinite)


class Cauchy(Distribution):
    r"""The Cauchy distribution: a median and a scale, but neither mean nor variance.

    .. math:: f(x) = \frac{1}{\pi \beta \left(1 + ((x - \alpha) / \beta)^2\right)}

    Parameters
    ----------
    alpha : array or Expression
        Median.
    beta : array or Expression, positive
        Scale: half of the distance between the quartiles.

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.Cauchy.dist(alpha=0, beta=1).log_prob(0.0)), 6)
    -1.14473
    """

    constraints = {"alpha": real, "beta": positive}
    support = real
    typical = "alpha"

    def __init__(self, alpha: Any, beta: Any, *, shape: Any = None) -> None:
        super().__init__({"alpha": alpha, "beta": beta}, shape)

    def _log_prob(self, x: Any) -> Any:
        return _log_cauchy((x - self.alpha) / self.beta) - jnp.log(self.beta)

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        z = (x - self.alpha) / self.beta
        left = z < 0
        tail = jnp.arctan2(1.0, jnp.where(left, -z, z)) / np.pi
        low, rest = jnp.log(tail), jnp.log1p(-tail)
        return jnp.where(left, low, rest), jnp.where(left, rest, low)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return self.alpha + self.beta * jax.random.cauchy(key, shape)

    def _mean(self) -> Any:
        return jnp.nan

    def _variance(self) -> Any:
        return jnp.nan


class HalfCauchy(Distribution):
    r"""The Cauchy distribution about zero, folded to non-negative values.

    .. math:: f(x) = \frac{2}{\pi \beta \left(1 + (x / \beta)^2\right)}, \quad x \ge 0

    Parameters
    ----------
    beta : array or Expression, positive
        Scale, and the median.

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.HalfCauchy.dist(beta=2).mean())
    inf
    """

    constraints = {"beta": positive}
    support = nonnegative
    typical = "beta"

    def __init__(self, beta: Any, *, shape: Any = None) -> None:
        super().__init__({"beta": beta}, shape)

    def _log_prob(self, x: Any) -> Any:
        return _log_cauchy(x / self.beta) - jnp.log(self.beta) + np.log(2.0)

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        z = x / self.beta
        below, above = jnp.arctan2(z, 1.0), jnp.arctan2(1.0, z)
        return jnp.log(2.0 / np.pi * below), jnp.log(2.0 / np.pi * above)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return self.beta * jnp.abs(jax.random.cauchy(key, shape))

    def _mean(self) -> Any:
        return jnp.inf

    def _variance(self) -> Any:
        return jnp.nan


def _t_draws(key: Any, nu: Any, sigma: Any, shape: tuple[int, ...]) -> Any:
    """Draw from Student's t about zero: normal, over the root of a gamma variable with mean 1.

    That is too small for a double where `nu` is small, so that its logarithm is used.
    """
    first, second = jax.random.split(key)
    half = 0.5 * jnp.asarray(nu)
    value, log_factor = gamma_parts(second, half, shape)
    z = jax.random.normal(first, shape) * jnp.sqrt(half / value)
    return times_exp(z, sigma, -0.5 * log_factor)


def _log_t(z: Any, nu: Any) -> Any:
    """Compute the log density of Student's t in standard units.

    `jax.scipy.stats.t` subtracts two log-gammas of size nu log(nu): at nu = 1e6 nine digits are
    left, and at 1e12 two.
    """
    constant = log_gamma_step(0.5 * nu) - 0.5 * jnp.log(jnp.pi * nu)
    return constant - 0.5 * (nu + 1.0) * _log1p_square(z, nu)


def _log_t_tail(z: Any, nu: Any) -> Any:
    """Compute the log of the probability beyond z >= 0 of Student's t in standard units."""
    constant = log_gamma_step(0.5 * nu) - 0.5 * np.log(np.pi)
    return constant - 0.5 * nu * _log1p_square(z, nu) + log_sech_tail(z / jnp.sqrt(nu), nu)


def _log_cauchy(z: Any) -> Any:
    return -np.log(np.pi) - _log1p_square(z, 1.0)


def _log1p_square(z: Any, nu: Any) -> Any:
    """Compute log(1 + z**2 / nu), also where the square is more than a float can be.

    There the one is nothing beside it, and the logarithm is that of z.
    """
    size, inverse = jnp.abs(z), 1.0 / jnp.asarray(nu, float)
    far = size > _FAR
    square = jnp.square(jnp.where(far, 1.0, z)) * inverse
    log = jnp.log1p(jnp.where(far, size * (1.0 / _FAR) - 1.0, square))
    return jnp.where(far, 2.0 * (log + np.log(_FAR)) - jnp.log(nu), log)


def log1p_length(z: Any, nu: Any) -> Any:
    """Compute log(1 + |z|**2 / nu) of vectors, also where the square is more than a float."""
    largest = jax.lax.stop_gradient(jnp.max(jnp.abs(z), axis=-1))
    far = largest > _FAR
    unit = jnp.where(far, largest, 1.0)
    square = jnp.sum((z / unit[..., None]) ** 2, axis=-1)
    log_far = jnp.log(jnp.where(far, square, 1.0)) + 2.0 * jnp.log(unit) - jnp.log(nu)
    return jnp.where(far, log_far, jnp.log1p(jnp.where(far, 0.0, square) / nu))


def log_gamma_step(z: Any) -> Any:
    """Compute log gamma(z + 1/2) - log gamma(z), for large z by its asymptotic series."""
    large = z > 16.0
    r = 1.0 / jnp.where(large, z, 16.0)
    # From Stirling's series (DLMF 5.11.8, with h = 1/2 and h = 0).
    coefficients = (-1 / 8, 1 / 192, -1 / 640, 17 / 14336, -31 / 18432, 691 / 180224)
    small = jnp.where(large, 16.0, z)
    total = polynomial(r * r, coefficients)
    return jnp.where(large, r * total - 0.5 * jnp.log(r), gammaln(small + 0.5) - gammaln(small))
