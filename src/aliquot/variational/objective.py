"""The negative ELBO of one set of noise, and its gradient in the parameters of the family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from aliquot.variational.family import Family, entropy, noise_log_density

type LogDensity = Callable[[jax.Array, Any], jax.Array]
type LossAndGradient = Callable[[jax.Array, jax.Array, Any], tuple[jax.Array, jax.Array]]


def loss_and_gradient(log_density: LogDensity, family: Family) -> LossAndGradient:
    """Return a function of (params, noise (S, d), data) that gives a loss and a gradient.

    The gradient is the reparameterised one with the entropy in closed form (Kucukelbir et al.
    2017, equations 7 to 9), averaged over the S draws. The loss is the average of
    ``log q(z) - log p(z)`` at the same draws: the same expectation, and the closer q is to p, the
    less it varies, which makes its curve worth looking at.
    """

    def objective(params: jax.Array, noise: jax.Array, data: Any) -> tuple[Any, Any]:
        def log_p(one: jax.Array) -> jax.Array:
            return log_density(family.draw(params, one), data)

        mean_log_p = log_p(noise[0]) if noise.shape[0] == 1 else jax.vmap(log_p)(noise).mean()
        log_q = noise_log_density(noise).mean() - family.log_det(params)
        return -mean_log_p - entropy(family, params), log_q - mean_log_p

    differentiate = jax.value_and_grad(objective, has_aux=True)

    def evaluate(params: jax.Array, noise: jax.Array, data: Any) -> tuple[jax.Array, jax.Array]:
        (_, loss), gradient = differentiate(params, noise, data)
        return loss, gradient

    return evaluate
