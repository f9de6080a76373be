"""Successes in trials: Bernoulli, binomial and beta-binomial."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from aliquot.distributions.base import Distribution
from aliquot.distributions.bounded import share
from aliquot.distributions.constraints import (
    Constraint,
    IntegerInterval,
    boolean,
    counts,
    positive,
    probability,
    real,
)
from aliquot.distributions.count_tails import tails_of_trials
from aliquot.distributions.logarithms import log1m_power, log_power
from aliquot.distributions.parameters import exactly_one
from aliquot.distributions.random_numbers import beta_draws, binomial_draws, uniform
from aliquot.distributions.state_table import StateTable, table_of_elements
from aliquot.distributions.summed_counts import SummedCounts
from aliquot.special.saddle_point import (
    log_poisson,
    log_poisson_of_real,
    stirling,
    stirling_of_count,
)


class Bernoulli(Distribution):
    r"""One trial: 1 with probability `p`, else 0.

    Parameters
    ----------
    p : array or Expression, from 0 to 1
        Probability of 1; exactly 0 and exactly 1 are allowed.
    logit_p : array or Expression
        Log odds of 1, in place of `p`.

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.Bernoulli.dist(p=0.3).log_prob(1)), 6)
    -1.203973
    """

    constraints = {"p": probability, "logit_p": real}
    discrete = True
    support = boolean

    def __init__(self, p: Any = None, logit_p: Any = None, *, shape: Any = None) -> None:
        name, value = exactly_one(self.family, p=p, logit_p=logit_p)
        super().__init__({name: value}, shape)

    def _log_prob(self, x: Any) -> Any:
        if "logit_p" in self.parameters:
            return x * self.logit_p - jax.nn.softplus(self.logit_p)
        return log_power(self.p, x) + log1m_power(self.p, 1 - x)

    def state_tables(self) -> list[StateTable]:
        """Give the log probabilities of 0 and of 1, inside a traced function."""
        each = jnp.stack([self._log_prob(x) for x in (0, 1)], axis=-1)
        return table_of_elements(each, self.shape)

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        shape = jnp.broadcast_shapes(jnp.shape(x), self.batch_shape)
        return (
            jnp.broadcast_to(self._log_prob(0), shape),
            jnp.broadcast_to(self._log_prob(1), shape),
        )

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return uniform(key, shape)[0] <= success_probability(self)

    def _mean(self) -> Any:
        return success_probability(self)

    def _variance(self) -> Any:
        return success_probability(self) * failure_probability(self)


class Binomial(Distribution):
    r"""The number of successes in `n` independent trials.

    Parameters
    ----------
    n : int array or Expression, non-negative
        Number of trials.
    p : array or Expression, from 0 to 1
        Probability of success; exactly 0 and exactly 1 are allowed.
    logit_p : array or Expression
        Log odds of success, in place of `p`.

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.Binomial.dist(n=10, p=0.3).mean())
    3.0
    """

    constraints = {"n": counts, "p": probability, "logit_p": real}
    discrete = True

    def __init__(self, n: Any, p: Any = None, logit_p: Any = None, *, shape: Any = None) -> None:
        name, value = exactly_one(self.family, p=p, logit_p=logit_p)
        super().__init__({"n": n, name: value}, shape)

    @property
    def support(self) -> Constraint:
        return IntegerInterval(0, self.n)

    def _log_prob(self, x: Any) -> Any:
        n, x = jnp.asarray(self.n, float), jnp.asarray(x, float)
        m, log_n = n - x, jnp.log(jnp.where(n > 0, n, 1.0))
        if "logit_p" in self.parameters:
            p, q = jax.nn.sigmoid(self.logit_p), jax.nn.sigmoid(-self.logit_p)
            successes = x * jax.nn.log_sigmoid(self.logit_p)
            failures = m * jax.nn.log_sigmoid(-self.logit_p)
        else:
            p, q = self.p, 1 - self.p
            successes, failures = log_power(p, x), log1m_power(p, m)
        gap = m * p - x * q
        parts = log_poisson(x, gap, successes + x * log_n)
        parts += log_poisson(m, -gap, failures + m * log_n)
        return stirling_of_count(n) + parts

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        # At most x successes: the failures' probability is more than the (n - x)-th of n uniform.
        p, q = success_probability(self), failure_probability(self)
        return tails_of_trials(self.n - x, x + 1.0, q, p)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        p, q = success_probability(self), failure_probability(self)
        return binomial_draws(key, self.n, p, q, shape)

    def _mean(self) -> Any:
        return self.n * success_probability(self)

    def _variance(self) -> Any:
        return self.n * success_probability(self) * failure_probability(self)


class BetaBinomial(SummedCounts):
    r"""The number of successes in `n` trials whose shared probability is Beta(alpha, beta).

    Parameters
    ----------
    alpha, beta : array or Expression, positive
        Shape parameters of the probability.
    n : int array or Expression, non-negative
        Number of trials.

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.BetaBinomial.dist(alpha=2, beta=2, n=10).mean())
    5.0
    """

    constraints = {"alpha": positive, "beta": positive, "n": counts}
    discrete = True

    def __init__(self, alpha: Any, beta: Any, n: Any, *, shape: Any = None) -> None:
        super().__init__({"alpha": alpha, "beta": beta, "n": n}, shape)

    @property
    def support(self) -> Constraint:
        return IntegerInterval(0, self.n)

    def _log_prob(self, x: Any) -> Any:
        # Three binomials of one p: x of n and a of a + b, over a + x of a + b + n. Any p will do,
        # as its powers cancel; with that of the last its deviances are zero.
        a, b, n, x = (jnp.asarray(value, float) for value in (self.alpha, self.beta, self.n, x))
        m, total = n - x, n + a + b
        p, q = (x + a) / total, (m + b) / total
        gap = (m * a - x * b) / total

        def x_log(value: Any, mean: Any) -> Any:
            return value * jnp.log(jnp.where(mean > 0, mean, 1.0))

        parts = log_poisson(x, gap, x_log(x, n * p)) + log_poisson(m, -gap, x_log(m, n * q))
        parts += log_poisson_of_real(a, -gap, x_log(a, (a + b) * p))
        parts += log_poisson_of_real(b, gap, x_log(b, (a + b) * q))
        last = stirling(x + a) + stirling(m + b) - stirling(total)
        shares = jnp.log(a / (x + a)) + jnp.log(b / (m + b)) + jnp.log(total / (a + b))
        return stirling_of_count(n) + stirling(a + b) + parts + last + shares

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        first, second = jax.random.split(key)
        p, q = beta_draws(first, self.alpha, self.beta, shape)
        return binomial_draws(second, self.n, p, q, shape)

    def _mean(self) -> Any:
        return self.n * share(self.alpha, self.beta)

    def _variance(self) -> Any:
        a, b, n = self.alpha, self.beta, jnp.asarray(self.n, float)
        # (a + b + n) / (a + b + 1), whose sums may be too large for a double or lose the one.
        inflation = 1 + (n - 1) / (1 + a + b)
        return n * share(a, b) * share(b, a) * inflation


def success_probability(dist: Any) -> Any:
    """Give the probability of success of a family that takes `p` or `logit_p`."""
    return jax.nn.sigmoid(dist.logit_p) if "logit_p" in dist.parameters else dist.p


def failure_probability(dist: Any) -> Any:
    """Give the probability of failure, with all its digits where it is small."""
    return jax.nn.sigmoid(-dist.logit_p) if "logit_p" in dist.parameters else 1 - dist.p
