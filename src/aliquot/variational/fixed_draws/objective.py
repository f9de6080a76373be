"""The mean-field ELBO over fixed draws: a function without noise, with its derivatives.

Giordano, Ingram and Broderick (2024), Black box variational inference with a deterministic
objective: faster, more accurate, and even more black box, JMLR 25 (DADVI).
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from aliquot.newton.trust_region import Derivatives, derivatives
from aliquot.variational.noise import Stream, generator
from aliquot.variational.quasi_normal import quasi_normals, with_mirror_images
from aliquot.variational.stochastic.program import LogDensity

# Groups of draws that are independent of each other: what differs between them is the error.
GROUPS = 8
# Draws of a group, to begin with and at most.
FIRST_EACH, MOST_EACH = 4, 512


def fixed_noise(seed: int, each: int, size: int) -> np.ndarray:
    """Return standard normal noise (GROUPS, each, d), `each` an even number.

    Within a group it comes in antithetic pairs at scrambled Sobol points, and every coordinate has
    the mean 0 and the variance 1: of a Gaussian the means and standard deviations are exact.

    >>> noise = fixed_noise(1, 4, 2)
    >>> noise.shape, np.allclose(noise.mean(axis=1), 0), np.allclose((noise**2).mean(axis=1), 1)
    ((8, 4, 2), True, True)
    """
    groups = []
    for group in range(GROUPS):
        half = quasi_normals(generator(seed, Stream.FIXED, group), each // 2, size)
        groups.append(with_mirror_images(half / np.sqrt((half**2).mean(axis=0))))
    return np.stack(groups)


def elbo_derivatives(log_density: LogDensity) -> Derivatives:
    """Return the ELBO over fixed draws, its gradient and product with its Hessian.

    The position is (mu, omega), (2 d,), as of `MeanField`. The data are noise (capacity, d), how
    many of its rows count, and the data of the density: one program serves for any number of draws.
    Up to the constant of the entropy the ELBO is the mean of ``log p(mu + exp(omega) noise)`` plus
    the sum of omega. The draws are gone through one after another: the derivatives of the log
    density are all that is compiled.
    """
    of_density = derivatives(log_density)

    def one(params: Array, direction: Array, noise: Array, data: Any) -> Any:
        size = noise.size
        spread = jnp.exp(params[size:]) * noise
        towards = direction[size:] * spread
        value, gradient, product = of_density(
            params[:size] + spread, direction[:size] + towards, data
        )
        slopes = jnp.concatenate([gradient, gradient * spread])
        bends = jnp.concatenate([product, product * spread + gradient * towards])
        return value, slopes, bends

    def evaluate(params: Array, direction: Array, given: Any) -> tuple[Array, Array, Array]:
        noise, count, data = given
        capacity, size = noise.shape
        if jax.default_backend() == "cpu":

            def add(i: Array, sums: Any) -> Any:
                row = lax.dynamic_index_in_dim(noise, i, keepdims=False)
                return jax.tree.map(jnp.add, sums, one(params, direction, row, data))

            nothing = jnp.zeros(()), jnp.zeros(2 * size), jnp.zeros(2 * size)
            sums = lax.fori_loop(0, count, add, nothing)
        else:
            each = jax.vmap(one, in_axes=(None, None, 0, None))(params, direction, noise, data)
            used = jnp.arange(capacity) < count
            sums = jax.tree.map(
                lambda a: jnp.where(used.reshape((-1,) + (1,) * (a.ndim - 1)), a, 0.0).sum(axis=0),
                each,
            )
        value, slopes, bends = jax.tree.map(lambda a: a / count, sums)
        entropy = jnp.concatenate([jnp.zeros(size), jnp.ones(size)])
        return value + jnp.sum(params[size:]), slopes + entropy, bends

    return evaluate
