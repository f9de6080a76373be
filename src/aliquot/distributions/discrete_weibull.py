"""The discrete Weibull distribution, of counts with less or more spread than a geometric one."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import counts, positive, unit_interval
from aliquot.distributions.counts import BoundedAbove
from aliquot.distributions.random_numbers import as_count, exponential
from aliquot.special.complement import log_rest_of_exp

# The largest logarithm: of more, a log probability would be less than any double.
_MOST = 700.0
# Typical values that are larger than this are no use as a start.
_START = 1e15


class DiscreteWeibullCounts(Distribution):
    """The formulas of `DiscreteWeibull` without a largest value."""

    constraints = {"q": unit_interval, "beta": positive, "upper": counts}

    def _log_prob(self, x: Any) -> Any:
        # P(X >= x) is exp(-rate * x**beta): its logarithm, and how much more that is of x + 1.
        x, beta = jnp.asarray(x, float), jnp.asarray(self.beta)
        log_rate, some = jnp.log(-jnp.log(self.q)), x > 0
        y = jnp.where(some, x, 1.0)
        log_now = log_rate + beta * jnp.log(y)
        growth = beta * jnp.log1p(1.0 / y)
        large = growth > _MOST
        log_growth = jnp.where(large, growth, jnp.log(jnp.expm1(jnp.where(large, 1.0, growth))))
        log_more = jnp.minimum(jnp.where(some, log_now + log_growth, log_rate), _MOST)
        now = jnp.where(some, jnp.exp(jnp.minimum(log_now, _MOST)), 0.0)
        return log_rest_of_exp(log_more) - now

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        log_rate = jnp.log(-jnp.log(self.q)) + self.beta * jnp.log1p(jnp.asarray(x, float))
        log_rate = jnp.minimum(log_rate, _MOST)
        return log_rest_of_exp(log_rate), -jnp.exp(log_rate)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return as_count(self._continuous(exponential(key, shape)))

    def _continuous(self, exponent: Any) -> Any:
        """Give the number, not whole, that is exceeded with probability exp(-exponent)."""
        return jnp.exp((jnp.log(exponent) - jnp.log(-jnp.log(self.q))) / self.beta)


class DiscreteWeibull(BoundedAbove, DiscreteWeibullCounts):
    r"""A count whose distribution function is that of a Weibull variable at whole numbers.

    .. math:: P(x) = q^{x^\beta} - q^{(x + 1)^\beta}, \quad x = 0, 1, 2, \dots

    Where `beta` is 1, it is the number of failures before a success of probability 1 - q. There is
    no closed form of mean or variance. Draws that an int64 cannot hold are the largest number that
    it can, :math:`2^{63} - 1`.

    Parameters
    ----------
    q : array or Expression, strictly between 0 and 1
        Probability of more than 0.
    beta : array or Expression, positive
        Shape: below 1 the tail is heavier than a geometric one, above 1 lighter.
    upper : int or int array, optional

    References
    ----------
    T. Nakagawa and S. Osaki (1975), The discrete Weibull distribution, IEEE Transactions on
    Reliability R-24(5), 300-301.

    Examples
    --------
    >>> import aliquot as aq
    >>> import numpy as np
    >>> np.exp(aq.DiscreteWeibull.dist(q=0.5, beta=1).log_prob([0, 1, 2])).round(12)
    array([0.5  , 0.25 , 0.125])
    """

    def __init__(self, q: Any, beta: Any, *, upper: Any = None, shape: Any = None) -> None:
        super().__init__({"q": q, "beta": beta}, upper, shape)

    def start(self) -> Any:
        """Give the median, inside a traced function, or what is nearest to it."""
        median = jnp.ceil(jnp.minimum(self._continuous(np.log(2.0)), _START)) - 1.0
        median = as_count(jnp.maximum(median, 0.0))
        upper = self.parameters.get("upper")
        return jnp.broadcast_to(median if upper is None else jnp.minimum(median, upper), self.shape)
