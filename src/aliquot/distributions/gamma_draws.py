r"""Draws of gamma variables and of what is made of them, for shapes of any size.

Marsaglia and Tsang (2000): :math:`d (1 + c z)^3` with z normal, :math:`d = \alpha - 1/3` and
:math:`c = 1 / (3 \sqrt d)`, accepted with log probability
:math:`z^2 / 2 + d (1 - (1 + c z)^3 + 3 \log(1 + c z))`. Its terms cancel to the fourth order of
c z: what is left of them is :math:`-3 d` times the rest of the logarithm's series after three
terms, which is how it is computed here. As written it has no digits left where the shape is 1e16.

Below 1, the shape is raised by 1 and the draw multiplied by :math:`u^{1 / \alpha}`, which no double
can hold where the shape is small. So it stays a logarithm until all else is multiplied.

References
----------
.. [1] G. Marsaglia, W. W. Tsang. A simple method for generating gamma variables. ACM Transactions
   on Mathematical Software 26(3), 2000, 363-372.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from aliquot.distributions.random_numbers import TINY, exponential, times_exp, until_accepted
from aliquot.special.series import log_after_three_terms

# Of smaller shapes, the logarithm of a draw itself might overflow.
LEAST_SHAPE = 1e-300


def gamma_parts(key: Any, alpha: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Draw from the gamma distribution of rate 1, in two factors: ``value * exp(log_factor)``.

    The second is 0 where the shape is 1 or more.
    """
    first, second = jax.random.split(key)
    alpha = jnp.broadcast_to(jnp.asarray(alpha, float), shape)
    small = alpha < 1
    d = jnp.where(small, alpha + 1.0, alpha) - 1.0 / 3.0
    c = 1.0 / (3.0 * jnp.sqrt(d))

    def propose(key: Any) -> tuple[Any, Any]:
        for_normal, for_level = jax.random.split(key)
        t = c * jax.random.normal(for_normal, shape)
        possible = t > -1.0
        t = jnp.where(possible, t, 0.0)
        # A standard exponential number is minus the log of a uniform one.
        level = jax.random.exponential(for_level, shape)
        return t, possible & (level >= 3.0 * d * log_after_three_terms(t))

    t = until_accepted(first, (d > 0) & jnp.isfinite(d), jnp.full(shape, jnp.nan), propose)
    log_u = -exponential(second, shape)
    log_factor = jnp.where(small, log_u / jnp.maximum(alpha, LEAST_SHAPE), 0.0)
    return d * (1.0 + t) ** 3, log_factor


def beta_draws(key: Any, alpha: Any, beta: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Draw from the beta distribution: the draws, and what they lack to one.

    Both have all their digits. What is too small for a double is the smallest normal one.
    """
    first, second = jax.random.split(key)
    a, log_a = gamma_parts(first, alpha, shape)
    b, log_b = gamma_parts(second, beta, shape)
    odds = times_exp(b, 1.0 / a, log_b - log_a)
    return jnp.maximum(1.0 / (1.0 + odds), TINY), jnp.maximum(1.0 / (1.0 + 1.0 / odds), TINY)


def dirichlet_draws(key: Any, a: Any, shape: tuple[int, ...]) -> Any:
    """Draw probabilities from the Dirichlet distribution; `shape` ends in their number.

    None is zero, where the density may be infinite: what is too small for a double is the smallest
    normal one.
    """
    value, log_factor = gamma_parts(key, a, shape)
    largest, factor = (jnp.max(each, axis=-1, keepdims=True) for each in (value, log_factor))
    parts = times_exp(value, 1.0 / largest, log_factor - factor)
    return jnp.maximum(parts / jnp.sum(parts, axis=-1, keepdims=True), TINY)
