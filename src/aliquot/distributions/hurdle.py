"""Zero with a probability of its own, and else a number of a family that is known not to be zero.

Unlike where zeros are inflated, the family says nothing of how many zeros there are.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import counts, positive, probability, real, unit_interval
from aliquot.distributions.counts import (
    BoundedAbove,
    NegativeBinomialCounts,
    PoissonCounts,
    mean_or_trials,
)
from aliquot.distributions.cut_supports import MixedInterval
from aliquot.distributions.gamma import Gamma, shape_and_rate
from aliquot.distributions.location_scale import scale
from aliquot.distributions.logarithms import log1m_power, log_power, log_weighted_sum
from aliquot.distributions.positive import LogNormal
from aliquot.distributions.random_numbers import gamma_parts, poisson_draws, times_exp, uniform
from aliquot.errors import ParameterError
from aliquot.special.complement import log_complement, log_rest_of_exp
from aliquot.special.series import exp_after_two_terms, log_mean_excess


class Hurdle(Distribution):
    """What the hurdle families of counts share; the family of the counts follows in the bases.

    `_log_none` gives minus the log of the family's own probability of zero.
    """

    def _log_none(self) -> Any:
        raise NotImplementedError

    def _log_some(self) -> Any:
        """Compute the log of the family's probability of more than zero."""
        return log_rest_of_exp(jnp.log(self._log_none()))

    def _log_prob(self, x: Any) -> Any:
        zero = x == 0
        log_count = super()._log_prob(jnp.where(zero, 1, x)) - self._log_some()
        return jnp.where(zero, log1m_power(self.psi, 1), log_power(self.psi, 1) + log_count)

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        above = super()._log_tails(x)[1] - self._log_some()
        above = jnp.where(x == 0, 0.0, above)
        psi = jnp.asarray(self.psi, float)
        below = log_complement(above)
        sums = jnp.stack(jnp.broadcast_arrays(jnp.zeros_like(below), below), axis=-1)
        weights = jnp.stack([1.0 - psi, psi], axis=-1)
        return log_weighted_sum(sums, weights), log_power(psi, 1) + above

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        first, second = jax.random.split(key)
        counted = uniform(first, shape)[0] <= self.psi
        return jnp.where(counted, self._some(second, shape), 0)

    def _some(self, key: Any, shape: tuple[int, ...]) -> Any:
        """Draw the family's count, given that it is not zero."""
        raise NotImplementedError

    def _mean(self) -> Any:
        return self.psi * self._mean_of_some()

    def _variance(self) -> Any:
        mean = self._mean_of_some()
        own = self.psi * mean * self._excess()
        return own + (1 - self.psi) * (self.psi * mean) * mean

    def _mean_of_some(self) -> Any:
        return super()._mean() / -jnp.expm1(-self._log_none())

    def _excess(self) -> Any:
        """Compute the variance over the mean, both of the counts that are not zero."""
        raise NotImplementedError


class HurdlePoisson(BoundedAbove, Hurdle, PoissonCounts):
    r"""Zero with probability ``1 - psi``, else a Poisson count that is known not to be zero.

    .. math:: P(0) = 1 - \psi, \quad
              P(x) = \psi \frac{e^{-\mu} \mu^x}{x!\, (1 - e^{-\mu})}, \quad x = 1, 2, \ldots

    Parameters
    ----------
    psi : array or Expression, from 0 to 1
        Probability that the count is not zero.
    mu : array or Expression, positive
        Mean of the Poisson distribution, zeros included.
    upper : int or int array, optional
        Largest possible value, a known number: the count, zeros included, is then distributed as
        one that is known to be at most that. It makes the count finite, so that it can be summed
        out where it is not observed.

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.HurdlePoisson.dist(psi=0.5, mu=1e-9).mean()), 6)
    0.5
    """

    constraints = {"psi": probability, "mu": positive, "upper": counts}

    def __init__(self, psi: Any, mu: Any, *, upper: Any = None, shape: Any = None) -> None:
        super().__init__({"psi": psi, "mu": mu}, upper, shape)

    def _log_none(self) -> Any:
        return jnp.asarray(self.mu, float)

    def _some(self, key: Any, shape: tuple[int, ...]) -> Any:
        # The first of the events in (0, mu), given that there is one, and those that come after.
        first, second = jax.random.split(key)
        at = -jnp.log1p(uniform(first, shape)[0] * jnp.expm1(-self._log_none()))
        return 1 + poisson_draws(second, jnp.maximum(self.mu - at, 0.0), shape)

    def _excess(self) -> Any:
        return jnp.exp(log_mean_excess(self._log_none()))


class HurdleNegativeBinomial(BoundedAbove, Hurdle, NegativeBinomialCounts):
    r"""Zero with probability ``1 - psi``, else a negative binomial count that is not zero.

    Parameters
    ----------
    psi : array or Expression, from 0 to 1
        Probability that the count is not zero.
    mu, alpha, p, n : array or Expression
        As in `NegativeBinomial`: `mu` (positive) and `alpha`, or `n` and `p` (strictly between 0
        and 1); of its counts zero is left out.
    upper : int or int array, optional
        Largest possible value, a known number: the count, zeros included, is then distributed as
        one that is known to be at most that. It makes the count finite, so that it can be summed
        out where it is not observed.

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.HurdleNegativeBinomial.dist(psi=0.5, n=1, p=0.25).mean())
    2.0
    """

    constraints = {
        **NegativeBinomialCounts.constraints,
        "psi": probability,
        "mu": positive,
        "p": unit_interval,
    }

    def __init__(
        self,
        psi: Any,
        mu: Any = None,
        alpha: Any = None,
        p: Any = None,
        n: Any = None,
        *,
        upper: Any = None,
        shape: Any = None,
    ) -> None:
        parameters = {"psi": psi, **mean_or_trials(self.family, mu, alpha, p, n)}
        super().__init__(parameters, upper, shape)

    def _alpha_and_log(self) -> tuple[Any, Any]:
        """Give alpha, and log(1 + mu / alpha)."""
        if "p" in self.parameters:
            return jnp.asarray(self.n, float), -jnp.log(self.p)
        alpha = jnp.asarray(self.alpha, float)
        return alpha, jnp.log1p(self.mu / alpha)

    def _log_none(self) -> Any:
        alpha, log = self._alpha_and_log()
        return alpha * log

    def _some(self, key: Any, shape: tuple[int, ...]) -> Any:
        # Events at a rate that is gamma distributed: the time of the first one in (0, 1) has a
        # survival function (1 + mu t / alpha)**-alpha; given it the rate has a shape of one more.
        first, second, third = jax.random.split(key, 3)
        alpha, log = self._alpha_and_log()
        u, _ = uniform(first, shape)
        at = jnp.expm1(-jnp.log1p(u * jnp.expm1(-alpha * log)) / alpha)  # times mu / alpha
        rest = jnp.maximum(jnp.expm1(log) - at, 0.0)
        value, log_factor = gamma_parts(second, jnp.broadcast_to(alpha + 1.0, shape), shape)
        return 1 + poisson_draws(third, times_exp(value, rest / (1.0 + at), log_factor), shape)

    def _excess(self) -> Any:
        alpha, log = self._alpha_and_log()
        none = alpha * log
        # With r = alpha log: (1 + mu / alpha) (1 - r / (e**r - 1)), and what the gamma adds.
        more = alpha * exp_after_two_terms(log) / jnp.expm1(jnp.minimum(none, 700.0))
        return jnp.exp(log_mean_excess(none) + log) + more


class HurdleOfPositive(Distribution):
    """What the hurdle families of positive numbers share; the family follows in the bases."""

    support = MixedInterval(0.0, closed=True)

    @property
    def point_masses(self) -> list[Any]:
        return [0.0]

    def with_tails(self) -> Distribution:
        raise ParameterError(
            "its zero has a probability of its own. Give the family without the hurdle, and the "
            "zeros to an aq.Bernoulli"
        )

    def _log_prob(self, x: Any) -> Any:
        zero = x == 0
        log_size = super()._log_prob(jnp.where(zero, 1.0, x))
        return jnp.where(zero, log1m_power(self.psi, 1), log_power(self.psi, 1) + log_size)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        first, second = jax.random.split(key)
        some = uniform(first, shape)[0] <= self.psi
        return jnp.where(some, super()._sample(second, shape), 0.0)

    def _mean(self) -> Any:
        return self.psi * super()._mean()

    def _variance(self) -> Any:
        mean = super()._mean()
        return self.psi * super()._variance() + (1 - self.psi) * (self.psi * mean) * mean


class HurdleGamma(HurdleOfPositive, Gamma):
    r"""Zero with probability ``1 - psi``, else a gamma distributed number.

    Parameters
    ----------
    psi : array or Expression, from 0 to 1
        Probability that the number is not zero.
    alpha, beta, mu, sigma : array or Expression, positive
        As in `Gamma`: shape and rate, or mean and standard deviation of what is not zero.

    Examples
    --------
    >>> import aliquot as aq
    >>> some = aq.HurdleGamma.dist(psi=0.25, alpha=2, beta=1)
    >>> some.log_prob([0.0, 1.0]).round(6)
    array([-0.287682, -2.386294])
    """

    constraints = {"psi": probability, **Gamma.constraints}
    support = HurdleOfPositive.support

    def __init__(
        self,
        psi: Any,
        alpha: Any = None,
        beta: Any = None,
        mu: Any = None,
        sigma: Any = None,
        *,
        shape: Any = None,
    ) -> None:
        alpha, beta = shape_and_rate(self.family, alpha, beta, mu, sigma)
        Distribution.__init__(self, {"psi": psi, "alpha": alpha, "beta": beta}, shape)


class HurdleLogNormal(HurdleOfPositive, LogNormal):
    r"""Zero with probability ``1 - psi``, else a number whose logarithm is normal.

    Parameters
    ----------
    psi : array or Expression, from 0 to 1
        Probability that the number is not zero.
    mu : array or Expression
        Mean of the logarithm (0 by default).
    sigma, tau : array or Expression, positive
        Standard deviation of the logarithm (1 by default), or its precision.

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.HurdleLogNormal.dist(psi=0.5, mu=0, sigma=1).mean()), 6)
    0.824361
    """

    constraints = {"psi": probability, "mu": real, "sigma": positive}
    support = HurdleOfPositive.support

    def __init__(
        self, psi: Any, mu: Any = 0.0, sigma: Any = None, tau: Any = None, *, shape: Any = None
    ) -> None:
        sigma = scale(self.family, sigma, tau=tau)
        Distribution.__init__(self, {"psi": psi, "mu": mu, "sigma": sigma}, shape)
