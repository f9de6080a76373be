"""Counts of categories whose probabilities are Dirichlet: more spread out than multinomial ones."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from aliquot.distributions.base import Distribution
from aliquot.distributions.categorical import counts_near
from aliquot.distributions.constraints import Constraint, CountsVector, counts, positive_vector
from aliquot.distributions.dirichlet import shares, without_each
from aliquot.distributions.parameters import as_parameter
from aliquot.distributions.random_numbers import dirichlet_draws, multinomial_draws
from aliquot.special.saddle_point import (
    log_poisson,
    log_poisson_of_real,
    stirling,
    stirling_of_count,
)


class DirichletMultinomial(Distribution):
    r"""Counts of K categories in `n` trials whose shared probabilities are Dirichlet(a).

    With :math:`A = \sum_k a_k`,

    .. math:: P(x) = \frac{\Gamma(A)\, n!}{\Gamma(A + n)}
              \prod_k \frac{\Gamma(x_k + a_k)}{\Gamma(a_k)\, x_k!}

    Parameters
    ----------
    n : int array or Expression, non-negative
        Number of trials.
    a : array or Expression, shape (..., K), positive
        Concentrations: the smaller, the more the counts differ from draw to draw.
    shape : int or tuple of int, optional
        Ends in K.

    References
    ----------
    .. [1] N. L. Johnson, S. Kotz and N. Balakrishnan (1997), Discrete Multivariate Distributions,
       Wiley: chapter 35, section 13.1.

    Examples
    --------
    >>> import aliquot as aq
    >>> counts = aq.DirichletMultinomial.dist(n=10, a=[1, 1, 2])
    >>> counts.mean()
    array([2.5, 2.5, 5. ])
    """

    constraints = {"n": counts, "a": positive_vector}
    discrete = True
    event_dims = 1

    def __init__(self, n: Any, a: Any, *, shape: Any = None) -> None:
        a = as_parameter(self.family, "a", a, None)
        super().__init__({"n": n, "a": a}, shape, event_shape=a.shape[-1:])

    @property
    def support(self) -> Constraint:
        return CountsVector(self.n)

    def _log_prob(self, x: Any) -> Any:
        # As in `BetaBinomial`: x of n and a of A, over x + a of n + A, all of the same
        # probabilities, of which the powers cancel. With these the last deviances are zero.
        a, n, x = jnp.asarray(self.a, float), jnp.asarray(self.n, float), jnp.asarray(x, float)
        total = jnp.sum(a, axis=-1)
        both = n + total
        p = (x + a) / both[..., None]
        gap = (without_each(x) * a - x * without_each(a)) / both[..., None]

        def x_log(value: Any, mean: Any) -> Any:
            return value * jnp.log(jnp.where(mean > 0, mean, 1.0))

        parts = log_poisson(x, gap, x_log(x, n[..., None] * p))
        parts += log_poisson_of_real(a, -gap, x_log(a, total[..., None] * p))
        parts += stirling(x + a) + jnp.log(a / (x + a))
        constant = stirling_of_count(n) + stirling(total) - stirling(both) + jnp.log(both / total)
        return constant + jnp.sum(parts, axis=-1)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        first, second = jax.random.split(key)
        return multinomial_draws(second, self.n, dirichlet_draws(first, self.a, shape), shape)

    def start(self) -> Any:
        """Give counts next to their means, inside a traced function."""
        return jnp.broadcast_to(counts_near(self._mean(), self.n), self.shape)

    def _mean(self) -> Any:
        return jnp.asarray(self.n)[..., None] * shares(self.a)

    def _variance(self) -> Any:
        p, n = shares(self.a), jnp.asarray(self.n, float)
        # (n + A) / (1 + A), whose sums may be too large for a double or lose the one.
        inflation = 1 + (n - 1) / (1 + jnp.sum(self.a, axis=-1))
        return n[..., None] * p * without_each(p) * inflation[..., None]
