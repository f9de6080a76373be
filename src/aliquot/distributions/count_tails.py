"""Distribution functions of counts: by the incomplete beta function, or by sums of tables."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from aliquot.distributions.logarithms import log_weighted_sum
from aliquot.special.incomplete_beta import log_beta_tails


def tails_of_trials(a: Any, b: Any, p: Any, q: Any) -> tuple[Any, Any]:
    """Compute the logs of I_p(a, b) and of what it lacks to 1, where p may be 0 or 1; q = 1 - p."""
    p, q = jnp.asarray(p, float), jnp.asarray(q, float)
    none, sure = p == 0, q == 0
    edge = none | sure
    below, above = log_beta_tails(a, b, jnp.where(edge, 0.5, p), jnp.where(edge, 0.5, q))
    return (
        jnp.where(edge, jnp.where(sure, 0.0, -jnp.inf), below),
        jnp.where(edge, jnp.where(none, 0.0, -jnp.inf), above),
    )


def tails_of_table(log_prob: Any, states: Any, x: Any) -> tuple[Any, Any]:
    """Sum the probabilities of the states, along the last axis, up to each x and beyond it."""
    reached = states <= jnp.asarray(x)[..., None]
    return (
        log_sum(jnp.where(reached, log_prob, -jnp.inf)),
        log_sum(jnp.where(reached, -jnp.inf, log_prob)),
    )


def log_sum(log_values: Any) -> Any:
    """Sum exponentials along the last axis; ``-inf`` with derivative zero where all are zero."""
    return log_weighted_sum(log_values, jnp.ones(jnp.shape(log_values)[-1]))
