"""Log densities that the tests of the sampler share, so that each is compiled once."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from tests.seeds import fixed


def mixture_data(rows=100):
    rng = fixed(0)  # the moments that draws are compared with are those of these data
    z = rng.integers(0, 2, rows)
    return rng.normal(np.array([-1.0, 1.0])[z], 1.0)


def ordered_mixture(flat, data):
    """Two unit Gaussians of equal weight, means (a, a + exp(b)), priors Normal(0, 10)."""
    means = jnp.stack([flat[0], flat[0] + jnp.exp(flat[1])])
    prior = jnp.sum(jax.scipy.stats.norm.logpdf(means, 0.0, 10.0)) + flat[1]
    parts = jax.scipy.stats.norm.logpdf(data[:, None], means) - jnp.log(2.0)
    return prior + jnp.sum(jax.nn.logsumexp(parts, axis=1))


def normal(flat, scales):
    return -0.5 * jnp.sum((flat / scales) ** 2)


def correlated_normal(flat, precision):
    return -0.5 * jnp.sum(flat * jnp.sum(precision * flat[None, :], axis=1))


def funnel(flat, data):
    """Neal's funnel: nine coordinates of scale exp(v / 2), with v from Normal(0, 3)."""
    v, x = flat[0], flat[1:]
    return -0.5 * (v / 3.0) ** 2 - 0.5 * jnp.sum(x * x) * jnp.exp(-v) - 0.5 * x.shape[0] * v
