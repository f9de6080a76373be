"""Likelihoods in JAX without their discrete variables, in the forms that were fastest on a CPU.

NumPyro's and BlackJAX's models share them. Components and states are the first axis, so that loops
over rows are the inner ones; the largest exponent is held constant in the derivative, which is
exact and cheaper than what `jax.scipy.special.logsumexp` does.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax


def log_sum_exp(exponents: Array, axis: int = 0) -> Array:
    """Compute the log of a sum of exponentials of finite values."""
    top = lax.stop_gradient(exponents.max(axis))
    return top + jnp.log(jnp.exp(exponents - jnp.expand_dims(top, axis)).sum(axis))


def two_normals(y: Array, means: Array) -> Array:
    """Two Gaussians with unit variance and equal weights."""
    low, high = -0.5 * (y - means[0]) ** 2, -0.5 * (y - means[1]) ** 2
    top = lax.stop_gradient(jnp.maximum(low, high))
    return (top + jnp.log(jnp.exp(low - top) + jnp.exp(high - top))).sum()


def normal_mixture(y: Array, log_weights: Array, means: Array, sigma: Array) -> Array:
    """Gaussians along a line; all parameters have shape (components,)."""
    off = (y - means[:, None]) / sigma[:, None]
    return log_sum_exp((log_weights - jnp.log(sigma))[:, None] - 0.5 * off**2).sum()


def full_mixture(y: Array, log_weights: Array, means: Array, cholesky: Array) -> Array:
    """Gaussians with full covariances; y is (dimensions, rows), cholesky (components, d, d)."""
    eye = jnp.broadcast_to(jnp.eye(cholesky.shape[-1]), cholesky.shape)
    # Small inverses and a product: three times as fast as triangular solves with all rows.
    inverse = lax.linalg.triangular_solve(cholesky, eye, left_side=True, lower=True)
    off = inverse @ (y - means[:, :, None])
    log_size = jnp.log(jnp.diagonal(cholesky, axis1=1, axis2=2)).sum(1)
    return log_sum_exp((log_weights - log_size)[:, None] - 0.5 * (off**2).sum(1)).sum()


def markov_chain(emission: Array, moves: Array) -> Array:
    """Sum over all paths, uniform (with density 1) in the first state; emission is (steps, states).

    The recursion is in probabilities that are divided by their sum in every step.
    """
    top = lax.stop_gradient(emission.max(1))
    likely = jnp.exp(emission - top[:, None])
    total = likely[0].sum()

    def step(before: Array, now: Array) -> tuple[Array, Array]:
        after = (before @ moves) * now
        total = after.sum()
        return after / total, total

    _, totals = lax.scan(step, likely[0] / total, likely[1:], unroll=4)
    return jnp.log(totals).sum() + jnp.log(total) + top.sum()


def annotators(counts: Array, log_share: Array, log_theta: Array) -> Array:
    """Dawid and Skene's, from counts (items, annotators * labels); log_theta is (a, class, l)."""
    by_class = log_theta.transpose(0, 2, 1).reshape(counts.shape[1], -1)
    return log_sum_exp(log_share + counts @ by_class, axis=1).sum()


def markov_chains(emission: Array, moves: Array) -> Array:
    """Sum over all paths of several chains, uniform in the first state.

    emission is (steps, states, chains), so that the chains are the inner loop.
    """
    top = lax.stop_gradient(emission.max(1))
    likely = jnp.exp(emission - top[:, None])
    total = likely[0].sum(0)

    def step(before: Array, now: Array) -> tuple[Array, Array]:
        after = (moves.T @ before) * now
        total = after.sum(0)
        return after / total, total

    _, totals = lax.scan(step, likely[0] / total, likely[1:])
    return jnp.log(totals).sum() + jnp.log(total / len(moves)).sum() + top.sum()


def two_states(y: Array, means: Array, sigma: Array, moves: Array) -> Array:
    """Gaussians in states, of one chain (steps,) or of several (chains, steps)."""
    if y.ndim == 1:
        return markov_chain(normal_states(y[:, None], means[:, None], sigma[:, None]), moves)
    means, sigma = means[:, None], sigma[:, None]
    return markov_chains(-0.5 * ((y.T[:, None] - means) / sigma) ** 2 - jnp.log(sigma), moves)


def normal_states(y: Array, means: Array, sigma: Array) -> Array:
    """Log densities of y (steps, channels) in states: means and sigma are (states, channels)."""
    off = (y[:, None] - means) / sigma
    return (-0.5 * off**2 - jnp.log(sigma)).sum(-1)


def answers(patterns: Array, counts: Array, log_share: Array, yes: Array, no: Array) -> Array:
    """Latent classes, from different rows (rows, items) and their counts.

    yes and no are logs of probabilities, (classes, items).
    """
    rows = yes @ patterns.T + no @ (1.0 - patterns).T + log_share[:, None]
    return log_sum_exp(rows) @ counts


def poisson_mixture(values: Array, counts: Array, log_weights: Array, rates: Array) -> Array:
    """Different values and their counts."""
    rows = values * jnp.log(rates)[:, None] - rates[:, None] + log_weights[:, None]
    return log_sum_exp(rows) @ counts


def sticks(log_v: Array, log_left: Array) -> Array:
    """Logs of weights, from those of v and of 1 - v."""
    nothing = jnp.zeros(1)
    before = jnp.concatenate([nothing, jnp.cumsum(log_left)])
    return before + jnp.concatenate([log_v, nothing])


def mixture_density(at: Array, log_weights: Array, mu: Array, tau: Array) -> Array:
    """Density of Gaussians at places."""
    parts = 0.5 * jnp.log(tau) - 0.5 * tau * (at[:, None] - mu) ** 2
    return jnp.exp(log_weights + parts).sum(1) / jnp.sqrt(2.0 * jnp.pi)


def bernoulli_logits(y: Array, logits: Array) -> Array:
    """Successes and failures; y is of floating point."""
    soft = jnp.maximum(logits, 0.0) + jnp.log1p(jnp.exp(-jnp.abs(logits)))
    return (y * logits - soft).sum()
