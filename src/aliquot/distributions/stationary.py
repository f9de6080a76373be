"""The stationary distribution of a Markov chain."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp


def stationary_distribution(transitions: Any) -> Any:
    r"""Solve :math:`\pi P = \pi` for the probabilities :math:`\pi`, without subtractions.

    States are taken out of the chain one by one, the last first, and put back in reverse: every
    number is a sum of products of probabilities, so that no digits cancel and nothing becomes
    negative. It needs no factorisation from LAPACK, which would keep XLA from compiling a sampler's
    loop into one function on CPU. Of matrices (..., S, S) with several stationary distributions one
    is given.

    References
    ----------
    W. K. Grassmann, M. I. Taksar and D. P. Heyman (1985), "Regenerative analysis and steady state
    distributions for Markov chains", Operations Research 33(5).

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     np.asarray(stationary_distribution([[0.5, 0.5], [1.0, 0.0]])).round(4)
    array([0.6667, 0.3333])
    """
    rest = jnp.asarray(transitions)
    arrivals = []
    for last in range(rest.shape[-1] - 1, 0, -1):
        leaving = rest[..., last, :last]
        total = jnp.sum(leaving, axis=-1)[..., None]
        arriving = rest[..., :last, last]
        # A state from which those before it are not reached keeps all there is.
        stuck = total == 0
        arrivals.append((arriving / jnp.where(stuck, 1.0, total), stuck))
        through = arrivals[-1][0][..., None] * leaving[..., None, :]
        rest = rest[..., :last, :last] + through
    weights = jnp.ones_like(rest[..., 0, :])
    for ratio, stuck in reversed(arrivals):
        new = jnp.sum(weights * ratio, axis=-1, keepdims=True)
        kept = jnp.where(stuck, jnp.zeros_like(weights), weights)
        weights = jnp.concatenate([kept, jnp.where(stuck, 1.0, new)], axis=-1)
    return weights / jnp.sum(weights, axis=-1, keepdims=True)
