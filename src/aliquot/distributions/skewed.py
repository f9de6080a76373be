"""Skewed distributions: skew normal, asymmetric Laplace, and normal plus exponential."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import positive, real, unit_interval
from aliquot.distributions.location_scale import HALF_LOG_TWO_PI, normal_log_density, scale
from aliquot.distributions.parameters import as_parameter, exactly_one
from aliquot.distributions.random_numbers import exponential
from aliquot.elementary.polynomial import polynomial
from aliquot.special.complement import log_complement, log_rest_of_exp
from aliquot.special.normal_functions import log_ndtr, log_scaled_tail

# Above this the complement of a tail is taken apart.
_LITTLE = -0.1
# From here on, in standard units, the normal tail over its density is its asymptotic series.
_FAR = 20.0
_MILLS = tuple((-1.0) ** n * float(np.prod(np.arange(1, 2 * n + 2, 2))) for n in range(10))
# To the right of this the normal part has a probability of 1.
_CERTAIN = 40.0
# A normal tail over its density is integrated over steps of less than this, relative, from 0 to 1.
_NARROW = 0.2
_NODES, _WEIGHTS = (0.5 * part for part in np.polynomial.legendre.leggauss(10))
_NODES = _NODES + 0.5


class SkewNormal(Distribution):
    r"""The normal distribution, tilted to one side.

    .. math:: f(x) = \frac{2}{\sigma}\, \varphi(z)\, \Phi(\alpha z), \quad z = (x - \mu) / \sigma

    Mean and variance are not :math:`\mu` and :math:`\sigma^2` unless :math:`\alpha` is 0.

    Parameters
    ----------
    alpha : array or Expression
        Skewness (1 by default): above 0 the right tail is the longer one, 0 is the normal
        distribution, and far out it is a half of it.
    mu : array or Expression
        Location (0 by default).
    sigma : array or Expression, positive
        Scale (1 by default).
    tau : array or Expression, positive
        In place of `sigma`: :math:`\sigma = \tau^{-1/2}`.

    References
    ----------
    A. Azzalini (1985), A class of distributions which includes the normal ones, Scandinavian
    Journal of Statistics 12(2), 171-178.

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.SkewNormal.dist(alpha=3, mu=0, sigma=1).mean()), 6)
    0.75694
    """

    constraints = {"alpha": real, "mu": real, "sigma": positive}
    support = real
    no_tails = (
        "its distribution function (Owen's T) is not computed here. Write the density of what is "
        "cut as an aq.CustomDist, or use aq.ExGaussian"
    )

    def __init__(
        self,
        alpha: Any = 1.0,
        mu: Any = 0.0,
        sigma: Any = None,
        tau: Any = None,
        *,
        shape: Any = None,
    ) -> None:
        sigma = scale(self.family, sigma, tau=tau)
        super().__init__({"alpha": alpha, "mu": mu, "sigma": sigma}, shape)

    def _log_prob(self, x: Any) -> Any:
        away = x - self.mu
        tilt = log_ndtr(self.alpha * (away / self.sigma))
        return normal_log_density(away, self.sigma) + (np.log(2.0) + tilt)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        first, second = jax.random.split(key)
        one, other = (jax.random.normal(part, shape) for part in (first, second))
        size = jnp.hypot(1.0, self.alpha)
        z = jnp.abs(one) * (self.alpha / size) + other / size
        return self.mu + self.sigma * z

    def _mean(self) -> Any:
        return self.mu + self.sigma * self._standard_mean()

    def _variance(self) -> Any:
        return self.sigma * (1.0 - self._standard_mean() ** 2) * self.sigma

    def _standard_mean(self) -> Any:
        return np.sqrt(2.0 / np.pi) * (self.alpha / jnp.hypot(1.0, self.alpha))


class AsymmetricLaplace(Distribution):
    r"""Two exponential tails of different length: Laplace's distribution, for any quantile.

    .. math:: f(x) = \frac{b}{\kappa + 1 / \kappa} \exp(-|x - \mu|\, b\, \kappa^s), \quad
              s = \operatorname{sign}(x - \mu)

    Given by `kappa`, or by the probability q below `mu`: :math:`\kappa = \sqrt{q / (1 - q)}`. As a
    likelihood it makes `mu` the q-quantile of a quantile regression.

    Parameters
    ----------
    kappa : array or Expression, positive
        Asymmetry: above 1 the left tail is the longer one.
    mu : array or Expression
        Mode, and the q-quantile.
    b : array or Expression, positive
        Rate of both tails where `kappa` is 1: the larger, the narrower.
    q : array or Expression, strictly between 0 and 1
        Probability of less than `mu`, in place of `kappa`.

    Raises
    ------
    ParameterError
        Where neither `kappa` nor `q` is given, or both are.

    References
    ----------
    S. Kotz, T. J. Kozubowski and K. Podgórski (2001), The Laplace distribution and
    generalizations, equation 3.1.10.

    Examples
    --------
    >>> import aliquot as aq
    >>> import numpy as np
    >>> low = aq.AsymmetricLaplace.dist(q=0.1, mu=2, b=1)
    >>> round(float(np.mean(low.sample(100_000, random_seed=1) < 2)), 2)
    0.1
    """

    constraints = {"kappa": positive, "mu": real, "b": positive}
    support = real

    def __init__(
        self,
        kappa: Any = None,
        mu: Any = None,
        b: Any = None,
        q: Any = None,
        *,
        shape: Any = None,
    ) -> None:
        name, value = exactly_one(self.family, kappa=kappa, q=q)
        if name == "q":
            below = as_parameter(self.family, "q", value, unit_interval)
            value = (below / (1.0 - below)) ** 0.5
        super().__init__({"kappa": value, "mu": mu, "b": b}, shape)

    def _log_prob(self, x: Any) -> Any:
        away, kappa = x - self.mu, jnp.asarray(self.kappa)
        right, log_kappa = away > 0, jnp.log(kappa)
        shrunk = jnp.abs(away) * self.b * jnp.where(right, kappa, 1.0)
        decay = shrunk / jnp.where(right, 1.0, kappa)
        return jnp.log(self.b) - jnp.logaddexp(log_kappa, -log_kappa) - decay

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        away, twice = x - self.mu, 2.0 * jnp.log(self.kappa)
        left = away < 0
        log_shares = -jax.nn.softplus(-twice), -jax.nn.softplus(twice)
        own, other = (jnp.where(left, *pair) for pair in (log_shares, log_shares[::-1]))
        decay = jnp.abs(away) * self.b * jnp.where(left, 1.0, self.kappa)
        decay = decay / jnp.where(left, self.kappa, 1.0)
        tail = own - decay
        # What is beyond the corner, and what is between: where the share of one side is 1 to all
        # digits, that of the other would be lost in the complement.
        little = tail > _LITTLE
        between = log_complement(-jnp.where(little, decay, 1.0))
        both = jnp.logaddexp(other, own + between)
        rest = jnp.where(little, both, log_complement(jnp.where(little, -1.0, tail)))
        return jnp.where(left, tail, rest), jnp.where(left, rest, tail)

    def _log_between(self, low: Any, high: Any, first: Any, last: Any) -> Any:
        """Compute the log probability of an interval, with what is on each side of the corner."""
        rates = self.b / self.kappa, self.b * self.kappa
        shares = (jax.nn.sigmoid(s * 2.0 * jnp.log(self.kappa)) for s in (1.0, -1.0))
        ends = (self.mu - high, self.mu - low), (low - self.mu, high - self.mu)
        one_side = (low >= self.mu) | (high <= self.mu)
        parts = []
        for rate, share, (near, far) in zip(rates, shares, ends, strict=True):
            there = far > 0
            width = jnp.where(one_side, high - low, jnp.where(there, far, 1.0))
            log_mass = jnp.log(-share * jnp.expm1(-width * rate)) - jnp.maximum(near, 0.0) * rate
            parts.append(jnp.where(there, log_mass, -jnp.inf))
        both = jnp.logaddexp(*(jnp.where(one_side, 0.0, part) for part in parts))
        return jnp.where(one_side, jnp.maximum(*parts), both)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        first, second = jax.random.split(key)
        right = exponential(first, shape) / self.kappa
        return self.mu + (right - self.kappa * exponential(second, shape)) / self.b

    def _mean(self) -> Any:
        kappa = self.kappa
        return self.mu + (1.0 - kappa) / kappa * (1.0 + kappa) / self.b

    def _variance(self) -> Any:
        return (1.0 / self.kappa / self.b) ** 2 + (self.kappa / self.b) ** 2


class ExGaussian(Distribution):
    r"""The sum of a normal and an exponential variable, as response times often look.

    .. math:: f(x) = \frac{1}{\nu} \exp\left(\frac{\mu - x}{\nu} + \frac{\sigma^2}{2 \nu^2}\right)
              \Phi\left(\frac{x - \mu}{\sigma} - \frac{\sigma}{\nu}\right)

    Parameters
    ----------
    mu : array or Expression
        Mean of the normal part (0 by default).
    sigma : array or Expression, positive
        Standard deviation of the normal part.
    nu : array or Expression, positive
        Mean of the exponential part, not its rate.

    Notes
    -----
    With :math:`z = (x - \mu) / \sigma`, :math:`k = \sigma / \nu` and :math:`t = k - z > 0` the
    density is that of the normal part times :math:`k\, R(t)`, where R, Mills' ratio, is about 1/t:
    so nothing is lost where either part is as good as none.

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.ExGaussian.dist(mu=300, sigma=20, nu=100).variance())
    10400.0
    """

    constraints = {"mu": real, "sigma": positive, "nu": positive}
    support = real

    def __init__(
        self, mu: Any = 0.0, sigma: Any = None, nu: Any = None, *, shape: Any = None
    ) -> None:
        super().__init__({"mu": mu, "sigma": sigma, "nu": nu}, shape)

    def _log_prob(self, x: Any) -> Any:
        away, sigma, nu = jnp.broadcast_arrays(x - self.mu, self.sigma, self.nu)
        excess = ratio_of(sigma, nu) - ratio_of(away, sigma)
        certain, far, right = excess < -_CERTAIN, excess > _FAR, excess <= 0
        # Each formula sees harmless numbers where another one is used, so that no gradient is NaN.
        plain = ~(certain | far)
        k = ratio_of(jnp.where(plain, sigma, 1.0), jnp.where(plain, nu, 1.0))
        z = ratio_of(jnp.where(certain, 0.0, away), jnp.where(certain, 1.0, sigma))
        t = k - jnp.where(far, 0.0, z)
        wide = log_scaled_tail(jnp.where(right, 1.0, t)) - jnp.log(nu)
        narrow = self._log_narrow(z, sigma, nu, far) - jnp.log(sigma) - HALF_LOG_TWO_PI
        left = jnp.where(far, narrow, wide)
        left -= 0.5 * jnp.square(jnp.where(right, 0.0, z))
        more = 0.5 * jnp.square(ratio_of(jnp.where(right, sigma, 0.0), nu))
        more += log_scaled_tail(jnp.where(right & plain, t, -_CERTAIN))
        tail = more - ratio_of(jnp.where(right, away, 0.0), nu) - jnp.log(nu)
        return jnp.where(right, tail, left)

    def _log_narrow(self, z: Any, sigma: Any, nu: Any, far: Any) -> Any:
        """Compute log(k R(t)) for large t, where the exponential part is narrow."""
        ratio = ratio_of(jnp.where(far, nu, 0.0), jnp.where(far, sigma, 1.0))  # 1 / k
        rest = jnp.where(far, z, 0.0) * ratio
        inverse = ratio / (1.0 - rest)  # 1 / t
        square = inverse * inverse
        # DLMF 7.12.1.
        series = -square * polynomial(square, _MILLS)
        return jnp.log1p(series) - jnp.log1p(-rest)

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        away, log_nu = x - self.mu, jnp.log(self.nu)
        k, there = self.sigma / self.nu, away / self.sigma
        certain = there > _CERTAIN
        z = jnp.where(certain, 0.0, there)
        normal = jnp.where(certain, 0.0, log_ndtr(z))
        # P(X > x) is that of the normal part, and what the exponential part carries beyond x.
        carried = self._log_prob(x) + log_nu
        above = jnp.logaddexp(log_ndtr(-there), carried)
        # The share of the rest is one less exp(-rate); a small rate is an integral over k.
        narrow = k < _NARROW * jnp.maximum(1.0, -z)
        step = jnp.where(narrow, k, 0.1)
        slopes = (w * _scaled_slope(step * t - z) for t, w in zip(_NODES, _WEIGHTS, strict=True))
        log_rate = jnp.log(self.sigma) + jnp.log(-sum(slopes))
        far = jnp.log(jnp.where(certain, away, 1.0))
        far += jnp.log1p(-0.5 * step / jnp.where(certain, there, 1.0))
        small = log_rest_of_exp(jnp.where(certain, far, log_rate) - log_nu)
        large = log_complement(jnp.where(narrow, -1.0, jnp.minimum(carried - normal, 0.0)))
        below = normal + jnp.where(narrow, small, large)
        few = above < np.log(0.5)
        return jnp.where(few, log_complement(jnp.where(few, above, -1.0)), below), above

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        first, second = jax.random.split(key)
        normal = self.sigma * jax.random.normal(first, shape)
        return self.mu + normal + self.nu * exponential(second, shape)

    def _mean(self) -> Any:
        return self.mu + self.nu

    def _variance(self) -> Any:
        return self.sigma**2 + self.nu**2


def _scaled_slope(t: Any) -> Any:
    r"""Compute the derivative of :math:`\log \Phi(-t) + t^2 / 2`, which is about -1 / t far out."""
    _, slope = jax.jvp(log_scaled_tail, (t,), (jnp.ones_like(t),))
    return slope + jnp.minimum(t, 0.0)


@jax.custom_jvp
def ratio_of(x: Any, y: Any) -> Any:
    """Divide; the derivative by `y` does not square it, which numbers below 1e-154 cannot be."""
    return x / y


@ratio_of.defjvp
def _ratio_jvp(primals: Any, tangents: Any) -> tuple[Any, Any]:
    (x, y), (dx, dy) = primals, tangents
    ratio = x / y
    return ratio, (dx - ratio * dy) / y
