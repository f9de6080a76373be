"""The Dirichlet distribution over probabilities that sum to one."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import (
    positive_vector,
    simplex,
)
from aliquot.distributions.logarithms import log_power
from aliquot.distributions.parameters import as_parameter
from aliquot.distributions.random_numbers import dirichlet_draws
from aliquot.special.saddle_point import exact_value, excess, near_mode, stirling


class Dirichlet(Distribution):
    r"""Vectors of K probabilities, with density proportional to :math:`\prod_k x_k^{a_k - 1}`.

    The density is with respect to the first K - 1 probabilities.

    Parameters
    ----------
    a : array or Expression, shape (..., K), positive
        Concentrations; all ones is uniform over the simplex.
    shape : int or tuple of int, optional
        Ends in K.

    Examples
    --------
    >>> import aliquot as aq
    >>> aq.Dirichlet.dist(a=[1, 1, 2]).mean()
    array([0.25, 0.25, 0.5 ])
    """

    constraints = {"a": positive_vector}
    event_dims = 1
    support = simplex

    def __init__(self, a: Any, *, shape: Any = None) -> None:
        a = as_parameter(self.family, "a", a, None)
        super().__init__({"a": a}, shape, event_shape=a.shape[-1:])

    def _log_prob(self, x: Any) -> Any:
        a = jnp.asarray(self.a, float)
        total = jnp.sum(a, axis=-1)
        mean = x * total[..., None]
        # Half a deviance for each, less the factor 1 / x that the density has: where both x and its
        # exponent are 0, only the two together are finite.
        powers = log_power(x, a - 1.0) + a * jnp.log(total)[..., None]
        log_x = jnp.log(jnp.where(x > 0, x, 1.0))
        near, close = near_mode(a, mean - a)
        each = exact_value(a * jnp.log(a) - powers + mean - a, near, close + log_x)
        constant = stirling(total) - jnp.log(total) + jnp.sum(jnp.log(a) - stirling(a), axis=-1)
        return constant - jnp.sum(each, axis=-1) + total * excess(x)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        return dirichlet_draws(key, self.a, shape)

    def _mean(self) -> Any:
        return shares(self.a)

    def _variance(self) -> Any:
        mean = self._mean()
        return mean * (without_each(mean) / (jnp.sum(self.a, axis=-1, keepdims=True) + 1))


def shares(a: Any) -> Any:
    """Divide positive numbers by their sum, which may overflow."""
    parts = a / jnp.max(a, axis=-1, keepdims=True)
    return parts / jnp.sum(parts, axis=-1, keepdims=True)


def without_each(x: Any) -> Any:
    """Give, for each number, the sum of the others along the last axis: nothing is subtracted."""
    zero = jnp.zeros_like(x[..., :1])
    before = jnp.cumsum(jnp.concatenate([zero, x[..., :-1]], axis=-1), axis=-1)
    after = jnp.cumsum(jnp.concatenate([zero, x[..., :0:-1]], axis=-1), axis=-1)
    return before + after[..., ::-1]
