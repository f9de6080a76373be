"""Ordered categories of a normal variable."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from aliquot.distributions.categorical import Categories, entry_at
from aliquot.distributions.constraints import (
    Constraint,
    IntegerInterval,
    ordered_vector,
    positive,
    real,
)
from aliquot.distributions.state_table import StateTable, table_of_elements
from aliquot.special.normal_functions import log_ndtr, log_scaled_probability


class OrderedProbit(Categories):
    r"""One of K ordered categories: where a normal variable falls among the cutpoints.

    With :math:`c_0 = -\infty` and :math:`c_K = \infty`,
    :math:`P(k) = \Phi((c_{k+1} - \eta) / \sigma) - \Phi((c_k - \eta) / \sigma)`, for k from 0.

    Parameters
    ----------
    eta : array or Expression
        Location; the larger, the higher the categories.
    cutpoints : array or Expression, shape (..., K - 1), increasing
        Boundaries between categories.
    sigma : array or Expression, positive
        Standard deviation of the normal variable (1 by default). Data do not tell it apart from a
        common factor of `eta` and `cutpoints`.

    Notes
    -----
    The difference is computed by its logarithm, as in `TruncatedNormal`, on the side of zero where
    both probabilities are small.

    Examples
    --------
    >>> import aliquot as aq
    >>> round(float(aq.OrderedProbit.dist(eta=0, cutpoints=[-1, 1]).log_prob(1)), 6)
    -0.381715
    """

    constraints = {"eta": real, "cutpoints": ordered_vector, "sigma": positive}

    def __init__(self, eta: Any, cutpoints: Any, sigma: Any = 1.0, *, shape: Any = None) -> None:
        super().__init__({"eta": eta, "cutpoints": cutpoints, "sigma": sigma}, shape)

    @property
    def support(self) -> Constraint:
        return IntegerInterval(0, self.cutpoints.shape[-1])

    def probabilities(self) -> Any:
        return jnp.exp(self._log_probabilities())

    def state_tables(self) -> list[StateTable]:
        """Give the log of each category's probability, inside a traced function."""
        return table_of_elements(self._log_probabilities(), self.shape)

    def _log_probabilities(self) -> Any:
        """Compute the log probability of each category: shape (..., K)."""
        wide = [jnp.asarray(each)[..., None] for each in (self.eta, self.sigma)]
        cuts = jnp.asarray(self.cutpoints)[..., None, :]
        names = ("eta", "cutpoints", "sigma")
        each = OrderedProbit._unflatten((names, ()), (wide[0], cuts, wide[1]))
        return each._log_prob(jnp.arange(cuts.shape[-1] + 1))

    def _log_prob(self, x: Any) -> Any:
        cuts = jnp.asarray(self.cutpoints)
        last = cuts.shape[-1]
        lower = entry_at(cuts, jnp.maximum(x - 1, 0))
        upper = entry_at(cuts, jnp.minimum(x, last - 1))
        inner = (x > 0) & (x < last)
        # Of the first and the last category one end is none, and there is no difference.
        bound = jnp.where(x == 0, upper, lower)
        away = (bound - self.eta) / self.sigma
        end = log_ndtr(jnp.where(x == 0, away, -away))
        if last == 1:
            return end
        low = jnp.where(inner, (lower - self.eta) / self.sigma, -1.0)
        high = jnp.where(inner, (upper - self.eta) / self.sigma, 1.0)
        width = jnp.where(inner, (upper - lower) / self.sigma, 2.0)
        nearest = jnp.where(low > 0, low, jnp.where(high < 0, high, 0.0))
        between = log_scaled_probability(low, high, width) - 0.5 * jnp.square(nearest)
        return jnp.where(inner, between, end)

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        away = (entry_at(jnp.asarray(self.cutpoints), x) - self.eta) / self.sigma
        return log_ndtr(away), log_ndtr(-away)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        eta, sigma = jnp.asarray(self.eta)[..., None], jnp.asarray(self.sigma)[..., None]
        # Not their sum with eta: digits would go where eta is large.
        latent = jax.random.normal(key, shape)[..., None]
        return jnp.sum(latent > (self.cutpoints - eta) / sigma, axis=-1)
