"""Counts and integers: Poisson, negative binomial, geometric and discrete uniform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import (
    Constraint,
    IntegerInterval,
    counts,
    integer,
    nonnegative,
    positive,
    positive_counts,
    probability,
)
from aliquot.distributions.count_tails import tails_of_table, tails_of_trials
from aliquot.distributions.logarithms import log1m_power, log_power, log_weighted_sum
from aliquot.distributions.parameters import exactly_one_set
from aliquot.distributions.random_numbers import (
    as_count,
    gamma_parts,
    geometric_draws,
    integers,
    poisson_draws,
    times_exp,
)
from aliquot.errors import ParameterError
from aliquot.expression import Expression
from aliquot.special.complement import log_complement
from aliquot.special.incomplete_gamma import log_gamma_tails
from aliquot.special.saddle_point import log_poisson, log_poisson_of_real, log_quotient, stirling


class BoundedAbove(Distribution):
    r"""What the families of counts with an `upper` share; the family itself follows in the bases.

    With f the family's probabilities, :math:`p(x) = f(x) / \sum_{k \le u} f(k)` for x up to u: the
    distribution of the count given that it is at most u. Without `upper` the family is as it was.
    """

    discrete = True
    lowest: ClassVar[int] = 0

    def __init__(self, parameters: Mapping[str, Any], upper: Any, shape: Any) -> None:
        if isinstance(upper, Expression):
            raise ParameterError(
                f"{self.family}: upper must be a whole number or an array of them, which does not "
                f"depend on the model; got the expression {upper.text}"
            )
        values = np.asarray(upper)
        if values.dtype.kind in "iu":  # what else it may be is refused as any parameter is
            self.largest = int(np.max(values, initial=self.lowest))
        bound = {} if upper is None else {"upper": upper}
        Distribution.__init__(self, {**parameters, **bound}, shape)

    @property
    def support(self) -> Constraint:
        return IntegerInterval(self.lowest, self.parameters.get("upper"))

    def _log_prob(self, x: Any) -> Any:
        log_prob = super()._log_prob(x)
        return log_prob if "upper" not in self.parameters else log_prob - self._table()[1]

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        if "upper" not in self.parameters:
            return super()._log_tails(x)
        log_prob, total = self._table()
        return tails_of_table(log_prob - total[..., None], self._values(), x)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        if "upper" not in self.parameters:
            return super()._sample(key, shape)
        below = jnp.cumsum(self._probabilities(), axis=-1)
        below = below / below[..., -1:]  # rounding is not to leave anything above the last value
        uniform = jax.random.uniform(key, shape)
        return self.lowest + jnp.sum(uniform[..., None] >= below, axis=-1)

    def _mean(self) -> Any:
        if "upper" not in self.parameters:
            return super()._mean()
        return jnp.sum(self._probabilities() * self._values(), axis=-1)

    def _variance(self) -> Any:
        if "upper" not in self.parameters:
            return super()._variance()
        deviation = self._values() - self._mean()[..., None]
        return jnp.sum(self._probabilities() * deviation**2, axis=-1)

    def _values(self) -> np.ndarray:
        return np.arange(self.lowest, self.largest + 1)

    def _table(self) -> tuple[Any, Any]:
        """Compute the family's log probabilities up to `upper`, and the log of their sum."""
        wide = jax.tree.map(lambda parameter: jnp.asarray(parameter)[..., None], self)
        values = self._values()
        log_prob = super(BoundedAbove, wide)._log_prob(jnp.asarray(values))
        log_prob, possible = jnp.broadcast_arrays(log_prob, values <= wide.upper)
        total = log_weighted_sum(log_prob, possible.astype(float))
        return jnp.where(possible, log_prob, -jnp.inf), jnp.where(total > -jnp.inf, total, 0.0)

    def _probabilities(self) -> Any:
        log_prob, total = self._table()
        return jnp.exp(log_prob - total[..., None])


class PoissonCounts(Distribution):
    """The formulas of `Poisson` without a largest value."""

    constraints = {"mu": nonnegative, "upper": counts}

    def _log_prob(self, x: Any) -> Any:
        x, mu = jnp.asarray(x, float), jnp.asarray(self.mu)
        return log_poisson(x, mu - x, log_power(mu, x))

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        mu = jnp.asarray(self.mu, float)
        none = mu == 0
        above, below = log_gamma_tails(x + 1.0, jnp.where(none, 1.0, mu))
        return jnp.where(none, 0.0, below), jnp.where(none, -jnp.inf, above)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return poisson_draws(key, self.mu, shape)

    def _mean(self) -> Any:
        return self.mu

    def _variance(self) -> Any:
        return self.mu


class Poisson(BoundedAbove, PoissonCounts):
    r"""The number of events, of which `mu` are expected.

    Draws that an int64 cannot hold are the largest number that it can, :math:`2^{63} - 1`.

    Parameters
    ----------
    mu : array or Expression, non-negative
        Mean.
    upper : int or int array, optional

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.Poisson.dist(mu=2).log_prob(0)), 6)
    -2.0
    """

    def __init__(self, mu: Any, *, upper: Any = None, shape: Any = None) -> None:
        super().__init__({"mu": mu}, upper, shape)


class NegativeBinomialCounts(Distribution):
    """The formulas of `NegativeBinomial` without a largest value."""

    constraints = {
        "mu": nonnegative,
        "alpha": positive,
        "n": positive,
        "p": probability,
        "upper": counts,
    }

    def _log_prob(self, x: Any) -> Any:
        # A binomial with n = x + alpha, of which x are failures, times alpha / n.
        x = jnp.asarray(x, float)
        if "p" in self.parameters:
            alpha, p = jnp.asarray(self.n, float), jnp.asarray(self.p)
            n = x + alpha
            gap = alpha * (1.0 - p) - x * p
            failures = log1m_power(p, x) + x * jnp.log(n)
            successes = log_power(p, alpha) + alpha * jnp.log(n)
        else:
            alpha, mu = jnp.asarray(self.alpha, float), jnp.asarray(self.mu)
            n, total = x + alpha, alpha + mu
            gap = alpha * ((mu - x) / total)
            step = log_quotient(n, total, x - mu)
            failures = log_power(mu, x) + x * step
            successes = alpha * jnp.log(alpha) + alpha * step
        parts = log_poisson(x, gap, failures) + log_poisson_of_real(alpha, -gap, successes)
        return stirling(n) + parts + jnp.log(alpha / n)

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        if "p" in self.parameters:
            return tails_of_trials(self.n, x + 1.0, self.p, 1.0 - self.p)
        total = self.alpha + self.mu
        return tails_of_trials(self.alpha, x + 1.0, self.alpha / total, self.mu / total)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        first, second = jax.random.split(key)
        if "p" in self.parameters:
            alpha, above, below = self.n, 1 - self.p, self.p
        else:
            alpha, above, below = self.alpha, self.mu, self.alpha
        value, log_factor = gamma_parts(first, alpha, shape)
        return poisson_draws(second, times_exp(value / below, above, log_factor), shape)

    def _mean(self) -> Any:
        return self.n / self.p * (1 - self.p) if "p" in self.parameters else self.mu

    def _variance(self) -> Any:
        if "p" in self.parameters:
            return self._mean() / self.p
        return self.mu * (1 + self.mu / self.alpha)


class NegativeBinomial(BoundedAbove, NegativeBinomialCounts):
    r"""A count whose Poisson mean is gamma distributed: mean `mu`, variance ``mu + mu**2 / alpha``.

    Given `n` and `p`, the number of failures before the `n`-th success. The two are the same
    distribution: :math:`\alpha = n` and :math:`\mu = n (1 - p) / p`. Draws that an int64 cannot
    hold are the largest number that it can, :math:`2^{63} - 1`.

    Parameters
    ----------
    mu : array or Expression, non-negative
        Mean.
    alpha : array or Expression, positive
        Shape of the gamma distribution: the larger, the closer to a Poisson distribution.
    p : array or Expression, from 0 to 1
        Probability of success, in place of `mu`.
    n : array or Expression, positive
        Number of successes, not necessarily whole, in place of `alpha`.
    upper : int or int array, optional

    Raises
    ------
    ParameterError
        Where neither the pair `mu` and `alpha` nor the pair `n` and `p` is given, or both are.

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.NegativeBinomial.dist(mu=4, alpha=2).variance())
    12.0
    """

    def __init__(
        self,
        mu: Any = None,
        alpha: Any = None,
        p: Any = None,
        n: Any = None,
        *,
        upper: Any = None,
        shape: Any = None,
    ) -> None:
        super().__init__(mean_or_trials(self.family, mu, alpha, p, n), upper, shape)


class GeometricCounts(Distribution):
    """The formulas of `Geometric` without a largest value."""

    constraints = {"p": probability, "upper": positive_counts}

    def _log_prob(self, x: Any) -> Any:
        return log_power(self.p, 1) + log1m_power(self.p, x - 1)

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        above = log1m_power(self.p, x)
        return log_complement(above), above

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return geometric_draws(key, self.p, shape)

    def _mean(self) -> Any:
        return 1 / self.p

    def _variance(self) -> Any:
        return (1 - self.p) / self.p / self.p


class Geometric(BoundedAbove, GeometricCounts):
    r"""The number of trials up to and including the first success: 1, 2, ...

    Draws that an int64 cannot hold are the largest number that it can, :math:`2^{63} - 1`.

    Parameters
    ----------
    p : array or Expression, from 0 to 1
        Probability of success in each trial.
    upper : int or int array, optional

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.Geometric.dist(p=0.25).mean())
    4.0
    """

    lowest = 1

    def __init__(self, p: Any, *, upper: Any = None, shape: Any = None) -> None:
        super().__init__({"p": p}, upper, shape)


class DiscreteUniform(Distribution):
    r"""Integers from `lower` to `upper`, both included, all equally probable.

    Parameters
    ----------
    lower, upper : int array or Expression
        The smallest and the largest value.

    Raises
    ------
    ParameterError
        Where `upper` is known to be less than `lower`.

    Examples
    --------
    >>> import aliquot as aq
    >>> float(aq.DiscreteUniform.dist(lower=1, upper=6).mean())
    3.5
    """

    constraints = {"lower": integer, "upper": integer}
    discrete = True

    def __init__(self, lower: Any, upper: Any, *, shape: Any = None) -> None:
        super().__init__({"lower": lower, "upper": upper}, shape)
        low, up = self.lower, self.upper
        if not isinstance(low, Expression) and not isinstance(up, Expression) and np.any(low > up):
            raise ParameterError(
                f"{self.family}: upper must be at least lower; got lower {low} and upper {up}"
            )

    @property
    def support(self) -> Constraint:
        return IntegerInterval(self.lower, self.upper)

    def _log_prob(self, x: Any) -> Any:
        return jnp.broadcast_to(
            -jnp.log(self._width() + 1.0),
            jnp.broadcast_shapes(x.shape, jnp.shape(self.lower), jnp.shape(self.upper)),
        )

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        total = jnp.log(self._width() + 1.0)
        return jnp.log(x - self.lower + 1.0) - total, jnp.log(self.upper - x) - total

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return integers(key, self.lower, self.upper, shape)

    def _mean(self) -> Any:
        # Not half of the sum, which an int64 may be too small for.
        lower, upper = jnp.asarray(self.lower), jnp.asarray(self.upper)
        return (lower // 2 + upper // 2) + (lower % 2 + upper % 2) / 2

    def _variance(self) -> Any:
        width = self._width()
        return width / 12 * (width + 2)

    def start(self) -> Any:
        """Give the integer in the middle, inside a traced function."""
        return jnp.broadcast_to(self.lower + as_count(self._width() / 2), self.shape)

    def _width(self) -> Any:
        """Give the difference of the bounds, which may be up to 2**64, as a double."""
        lower, upper = (
            jnp.asarray(b, np.int64).astype(np.uint64) for b in (self.lower, self.upper)
        )
        return (upper - lower).astype(float)


def mean_or_trials(family: str, mu: Any, alpha: Any, p: Any, n: Any) -> dict[str, Any]:
    """Read the parameters of a negative binomial: `mu` and `alpha`, or `n` and `p`."""
    choices = {"mu": mu, "alpha": alpha, "n": n, "p": p}
    return exactly_one_set(family, ("mu", "alpha"), ("n", "p"), **choices)
