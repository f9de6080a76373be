"""The normal distribution cut to an interval."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr, ndtri

from aliquot.distributions.base import Distribution
from aliquot.distributions.bounded import check_bounds
from aliquot.distributions.constraints import Constraint, Interval, positive, real
from aliquot.distributions.normal import HALF_LOG_TWO_PI, scale
from aliquot.distributions.normal_interval import draws_from_bound, log_scaled_probability, moments
from aliquot.distributions.random_numbers import uniform
from aliquot.special.normal_functions import log_scaled_tail


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
    shape : int or tuple of int, optional

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
        lower, upper = self.parameters.get("lower"), self.parameters.get("upper")
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
        lower, upper = self.parameters.get("lower"), self.parameters.get("upper")
        return -jnp.inf if lower is None else lower, jnp.inf if upper is None else upper

    def _standard_bounds(self) -> tuple[Any, Any]:
        a, b = jnp.broadcast_arrays(*((x - self.mu) / self.sigma for x in self._bounds()))
        return a, b

    def _log_total(self) -> Any:
        """Compute the log probability of the interval, over the largest density in it."""
        lower, upper = self.parameters.get("lower"), self.parameters.get("upper")
        if lower is None and upper is None:
            return 0.0
        if lower is None:
            return log_scaled_tail((self.mu - upper) / self.sigma)
        if upper is None:
            return log_scaled_tail((lower - self.mu) / self.sigma)
        return log_scaled_probability(*self._standard_bounds(), (upper - lower) / self.sigma)


def _is(bound: Any, absent: float) -> bool:
    return isinstance(bound, float | int | np.generic | np.ndarray) and float(bound) == absent
