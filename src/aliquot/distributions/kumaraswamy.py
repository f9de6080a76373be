"""Kumaraswamy's distribution of proportions, which has a distribution function in closed form."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import positive, unit_interval
from aliquot.distributions.gamma import positive_draws
from aliquot.distributions.random_numbers import exponential
from aliquot.special.beta_function import betaln
from aliquot.special.beta_powers import log_square_over_mean
from aliquot.special.complement import log_complement, log_rest_of_exp

_SMALL = -40.0
# Here 1 - exp(-r) is r but for its half, relative.
_LITTLE = 1e-9


class Kumaraswamy(Distribution):
    r"""Kumaraswamy's distribution: much like the beta distribution, with simpler formulas.

    .. math:: f(x) = a b\, x^{a - 1} (1 - x^a)^{b - 1}, \quad 0 < x < 1

    The end points, where the density may be infinite, are not in the support.

    Parameters
    ----------
    a, b : array or Expression, positive
        Shapes. Where `a` is 1, it is Beta(1, b); where `b` is 1, Beta(a, 1).

    References
    ----------
    M. C. Jones (2009), Kumaraswamy's distribution: a beta-type distribution with some tractability
    advantages, Statistical Methodology 6(1), 70-81.

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.Kumaraswamy.dist(a=1, b=4).mean()), 6)
    0.2
    """

    constraints = {"a": positive, "b": positive}
    support = unit_interval

    def __init__(self, a: Any, b: Any, *, shape: Any = None) -> None:
        super().__init__({"a": a, "b": b}, shape)

    def _log_prob(self, x: Any) -> Any:
        log_x = jnp.log(x)
        log_rest = self._log_rest(log_x)
        constant = jnp.log(self.a) + jnp.log(self.b)
        return constant + (self.a - 1.0) * log_x + (self.b - 1.0) * log_rest

    def _log_rest(self, log_x: Any) -> Any:
        """Compute log(1 - x**a), also where x**a is 1 but for what a double does not show."""
        log_power = self.a * log_x
        near = log_power > -_LITTLE
        value = log_complement(jnp.where(near, -1.0, log_power))
        return jnp.where(near, jnp.log(self.a) + jnp.log(-log_x) + 0.5 * log_power, value)

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        log_x = jnp.log(x)
        log_power, log_rest = self.a * log_x, self._log_rest(log_x)
        # Minus the logarithm of one less a small number is that number.
        small = log_power < _SMALL
        log_rate = jnp.where(small, log_power, jnp.log(-jnp.where(small, -1.0, log_rest)))
        return log_rest_of_exp(jnp.log(self.b) + log_rate), self.b * log_rest

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        # 1 - x**a is a power of a uniform number.
        log_draws = log_complement(-exponential(key, shape) / self.b) / self.a
        return jnp.minimum(positive_draws(jnp.exp(log_draws)), 1.0 - np.finfo(float).epsneg)

    def _mean(self) -> Any:
        return jnp.exp(jnp.log(self.b) + betaln(1.0 + 1.0 / self.a, self.b))

    def _variance(self) -> Any:
        relative = jnp.expm1(log_square_over_mean(1.0 / self.a, self.b))
        return (self._mean() * jnp.sqrt(relative)) ** 2
