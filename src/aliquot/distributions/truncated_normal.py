"""The normal distribution cut to an interval, far in the tails too.

Differences of distribution functions cancel: beyond 8.3 standard deviations both are 1. Everything
here works with logarithms, on the side of zero where the probabilities are small.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr, ndtri

from aliquot.distributions.base import Distribution
from aliquot.distributions.bounded import check_bounds
from aliquot.distributions.constraints import Constraint, Interval, positive, real
from aliquot.distributions.interval_mass import log_mass, tails_within
from aliquot.distributions.location_scale import HALF_LOG_TWO_PI, Normal, scale
from aliquot.distributions.random_numbers import uniform, until_accepted
from aliquot.special.normal_functions import log_scaled_probability, log_scaled_tail


class TruncatedNormal(Distribution):
    r"""A normal variable that is known to lie between two bounds.

    .. math:: f(x) = \frac{\varphi((x - \mu) / \sigma)}
              {\sigma \, (\Phi((u - \mu) / \sigma) - \Phi((l - \mu) / \sigma))},
              \quad l \le x \le u

    The probability of the interval is computed by its logarithm, so that bounds far in a tail and
    close to each other do no harm.

    Parameters
    ----------
    mu : array or Expression
        Mean before truncation (0 by default).
    sigma : array or Expression, positive
        Standard deviation before truncation (1 by default).
    tau : array or Expression, positive
        Precision before truncation, in place of `sigma`.
    lower, upper : array or Expression, optional
        Bounds, both included. ``None``, or an infinite number, for none.

    Raises
    ------
    ParameterError
        Where a known upper bound is not above the lower one.

    Examples
    --------
    >>> import aliquot as aq
    >>> far = aq.TruncatedNormal.dist(mu=0, sigma=1, lower=10)
    >>> round(float(far.mean()), 4)
    10.0981
    """

    constraints = {"mu": real, "sigma": positive, "lower": real, "upper": real}

    def __init__(
        self,
        mu: Any = 0.0,
        sigma: Any = None,
        *,
        tau: Any = None,
        lower: Any = None,
        upper: Any = None,
        shape: Any = None,
    ) -> None:
        bounds = {
            name: bound
            for name, bound, absent in (("lower", lower, -np.inf), ("upper", upper, np.inf))
            if bound is not None and not (np.ndim(bound) == 0 and _is(bound, absent))
        }
        sigma = scale(self.family, sigma, tau=tau)
        super().__init__({"mu": mu, "sigma": sigma, **bounds}, shape)
        check_bounds(self.family, self.parameters.get("lower"), self.parameters.get("upper"))

    @property
    def support(self) -> Constraint:
        lower, upper = self._given_bounds()
        return real if lower is None and upper is None else Interval(lower, upper, closed=True)

    def _log_prob(self, x: Any) -> Any:
        # Over the density where it is largest, from which x has a distance with all its digits.
        lower, upper = self._bounds()
        below, above = self.mu < lower, self.mu > upper
        away = jnp.where(below, x - lower, jnp.where(above, x - upper, x - self.mu))
        bound = jnp.where(below, lower, jnp.where(above, upper, self.mu))
        inverse = 1.0 / jnp.asarray(self.sigma, float)
        z = away * inverse
        exponent = -0.5 * z * (z + 2.0 * ((bound - self.mu) * inverse))
        return exponent - jnp.log(self.sigma) - HALF_LOG_TWO_PI - self._log_total()

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        return tails_within(Normal.of(self.mu, self.sigma), *self._given_bounds(), x)

    def _log_between(self, low: Any, high: Any, first: Any, last: Any) -> Any:
        normal = Normal.of(self.mu, self.sigma)
        return log_mass(normal, low, high) - log_mass(normal, *self._given_bounds())

    def _given_bounds(self) -> tuple[Any, Any]:
        return self.parameters.get("lower"), self.parameters.get("upper")

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        first, second = jax.random.split(key)
        lower, upper = self._bounds()
        a, b = self._standard_bounds()
        # Seen from the bound that is nearer to mu, the other one is the upper bound.
        turned = a + b < 0
        low, high = jnp.where(turned, -b, a), jnp.where(turned, -a, b)
        width = (upper - lower) / self.sigma
        near = jnp.broadcast_to((low >= 1) | (width <= 1), shape)
        away = self.sigma * draws_from_bound(first, low, width, near)
        from_bound = jnp.where(turned, upper - away, lower + away)
        # Elsewhere by inversion, from the end that is farther out in a tail.
        u, rest = uniform(second, shape)
        z = -ndtri(u * ndtr(-low) + rest * ndtr(-high))
        anywhere = self.mu + self.sigma * jnp.where(turned, -z, z)
        return jnp.clip(jnp.where(near, from_bound, anywhere), lower, upper)

    def _mean(self) -> Any:
        _, distance, _ = moments(*self._standard_bounds())
        return jnp.clip(self.mu, *self._bounds()) + self.sigma * distance

    def _variance(self) -> Any:
        return self.sigma * moments(*self._standard_bounds())[2] * self.sigma

    def _bounds(self) -> tuple[Any, Any]:
        lower, upper = self._given_bounds()
        return -jnp.inf if lower is None else lower, jnp.inf if upper is None else upper

    def _standard_bounds(self) -> tuple[Any, Any]:
        a, b = jnp.broadcast_arrays(*((x - self.mu) / self.sigma for x in self._bounds()))
        return a, b

    def _log_total(self) -> Any:
        """Compute the log probability of the interval, over the largest density in it."""
        lower, upper = self._given_bounds()
        if lower is None and upper is None:
            return 0.0
        if lower is None:
            return log_scaled_tail((self.mu - upper) / self.sigma)
        if upper is None:
            return log_scaled_tail((lower - self.mu) / self.sigma)
        return log_scaled_probability(*self._standard_bounds(), (upper - lower) / self.sigma)


def _is(bound: Any, absent: float) -> bool:
    return isinstance(bound, float | int | np.generic | np.ndarray) and float(bound) == absent


def draws_from_bound(key: Any, low: Any, width: Any, near: Any) -> Any:
    """Draw how far a standard normal variable is from the lower bound that it is known to exceed.

    By rejection: exponential proposals, or uniform ones where zero is in the interval, so that the
    distance has all its digits however large the bound. At least a third is accepted: C. P. Robert
    (1995), Simulation of truncated normal variables, Statistics and Computing 5(2), 121-125. Drawn
    where `near` says so: where `low`, at least minus half of the width, is 1 or more, or `width`,
    the distance to the upper bound, at most 1.
    """
    rate = jnp.maximum(low, 0.0)
    flat = ~(rate > 1e-150)
    rate = jnp.where(flat, 1.0, rate)
    reach = -jnp.expm1(-rate * width)
    off = jnp.minimum(low, 0.0)

    def propose(key: Any) -> tuple[Any, Any]:
        first, second = jax.random.split(key)
        u, _ = uniform(first, near.shape)
        away = jnp.where(flat, u * width, -jnp.log1p(-u * reach) / rate)
        return away, jax.random.exponential(second, near.shape) >= 0.5 * (away + off) ** 2

    pending = near & ~jnp.isnan(low) & ~jnp.isnan(width)
    return until_accepted(key, pending, jnp.zeros(near.shape), propose)


def moments(lower: Any, upper: Any) -> tuple[Any, Any, Any]:
    """Compute the mode, and the mean's distance from it, and the variance, in standard units.

    By Gauss-Legendre quadrature about the mode, over the part of the interval where the density is
    more than exp(-40) of its maximum: the closed forms lose all their digits far in the tails.
    """
    nodes, weights = np.polynomial.legendre.leggauss(80)
    mode = jnp.clip(0.0, lower, upper)
    reach = 80.0 / (jnp.abs(mode) + jnp.sqrt(mode**2 + 80.0))
    start = jnp.maximum(lower - mode, -reach)[..., None]
    stop = jnp.minimum(upper - mode, reach)[..., None]
    t = 0.5 * (start + stop) + 0.5 * (stop - start) * nodes
    density = weights * jnp.exp(-0.5 * t * (t + 2.0 * mode[..., None]))
    density = density / jnp.sum(density, -1, keepdims=True)
    distance = jnp.sum(density * t, -1)
    return mode, distance, jnp.sum(density * (t - distance[..., None]) ** 2, -1)
