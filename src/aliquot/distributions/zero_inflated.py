"""Counts with more zeros than their family has: with probability ``1 - psi`` the count is zero."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from aliquot.distributions.base import Distribution
from aliquot.distributions.binary import Binomial
from aliquot.distributions.constraints import probability
from aliquot.distributions.counts import (
    BoundedAbove,
    NegativeBinomialCounts,
    PoissonCounts,
    mean_or_trials,
)
from aliquot.distributions.logarithms import log_power, log_weighted_sum
from aliquot.distributions.random_numbers import uniform


class ZeroInflated(Distribution):
    """What the zero-inflated families share; the family of the counts follows in the bases."""

    def _log_prob(self, x: Any) -> Any:
        log_count = super()._log_prob(x)
        zero, psi = x == 0, self.psi
        # At psi = 1 only the counts' own zero is left, and may be too improbable to exponentiate.
        shift = jnp.where(zero & (psi == 1), jnp.maximum(log_count, -700.0), 0.0)
        shift = jax.lax.stop_gradient(shift)
        at_zero = jnp.where(zero, log_count - shift, 0.0)
        either = (1 - psi) * jnp.exp(-shift) + psi * jnp.exp(at_zero)
        return jnp.where(
            zero,
            shift + log_power(jnp.where(zero, either, 1.0), 1),
            log_power(psi, 1) + log_count,
        )

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        below, above = super()._log_tails(x)
        psi = jnp.asarray(self.psi, float)
        sums = jnp.stack(jnp.broadcast_arrays(jnp.zeros_like(below), below), axis=-1)
        weights = jnp.stack([1.0 - psi, psi], axis=-1)
        return log_weighted_sum(sums, weights), log_power(psi, 1) + above

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        first, second = jax.random.split(key)
        counted = uniform(first, shape)[0] <= self.psi
        return jnp.where(counted, super()._sample(second, shape), 0)

    def _mean(self) -> Any:
        return self.psi * super()._mean()

    def _variance(self) -> Any:
        mean = super()._mean()
        return self.psi * super()._variance() + (1 - self.psi) * (self.psi * mean) * mean


class ZeroInflatedPoisson(BoundedAbove, ZeroInflated, PoissonCounts):
    r"""A Poisson count with probability `psi`, else zero.

    Parameters
    ----------
    psi : array or Expression, from 0 to 1
        Probability that the count comes from the Poisson distribution.
    mu : array or Expression, non-negative
        Mean of the Poisson distribution.
    upper : int or int array, optional
        Largest possible value, a known number: the count, extra zeros included, is then distributed
        as one that is known to be at most that. It makes the count finite, so that it can be summed
        out where it is not observed.

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.ZeroInflatedPoisson.dist(psi=0.5, mu=3).mean())
    1.5
    """

    constraints = {"psi": probability, **PoissonCounts.constraints}

    def __init__(self, psi: Any, mu: Any, *, upper: Any = None, shape: Any = None) -> None:
        super().__init__({"psi": psi, "mu": mu}, upper, shape)


class ZeroInflatedBinomial(ZeroInflated, Binomial):
    r"""A binomial count with probability `psi`, else zero.

    Parameters
    ----------
    psi : array or Expression, from 0 to 1
        Probability that the count comes from the binomial distribution.
    n : int array or Expression, non-negative
        Number of trials.
    p : array or Expression, from 0 to 1
        Probability of success.

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.ZeroInflatedBinomial.dist(psi=0.5, n=10, p=0.2).mean())
    1.0
    """

    constraints = {"psi": probability, "n": Binomial.constraints["n"], "p": probability}

    def __init__(self, psi: Any, n: Any, p: Any, *, shape: Any = None) -> None:
        Distribution.__init__(self, {"psi": psi, "n": n, "p": p}, shape)


class ZeroInflatedNegativeBinomial(BoundedAbove, ZeroInflated, NegativeBinomialCounts):
    r"""A negative binomial count with probability `psi`, else zero.

    Parameters
    ----------
    psi : array or Expression, from 0 to 1
        Probability that the count comes from the negative binomial distribution.
    mu, alpha, p, n : array or Expression
        As in `NegativeBinomial`: `mu` and `alpha`, or `n` and `p`.
    upper : int or int array, optional
        Largest possible value, a known number: the count, extra zeros included, is then distributed
        as one that is known to be at most that. It makes the count finite, so that it can be summed
        out where it is not observed.

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.ZeroInflatedNegativeBinomial.dist(psi=0.5, mu=4, alpha=2).mean())
    2.0
    """

    constraints = {"psi": probability, **NegativeBinomialCounts.constraints}

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
