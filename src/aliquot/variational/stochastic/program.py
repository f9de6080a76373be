"""The compiled loop of a variational fit, and the negative ELBO that it goes down."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp

from aliquot.compilation import compiled as compile_or_load
from aliquot.compilation import kept, loop, owner_of
from aliquot.kernel import rewritten
from aliquot.variational.stochastic.batches import Batches
from aliquot.variational.stochastic.family import Family, entropy, noise_log_density
from aliquot.variational.stochastic.optimizer import average_weight
from aliquot.variational.target import Target

if TYPE_CHECKING:
    import optax


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


class FitState(NamedTuple):
    """Everything that the optimisation carries from one iteration to the next."""

    params: Any  # (k,) the current iterate
    average: Any  # (k,) the running average of the iterates
    optimizer: Any  # optax's state


class Stretch(NamedTuple):
    """What some iterations in a row gave; after a failure, the state is the last finite one."""

    state: FitState
    losses: Any  # (block,) filled at the rows that were run
    row: Any  # the row after the last that was run
    finite: Any  # whether the last loss and gradient were finite
    gradient: Any  # (k,) of the last iteration that was run


def fit_program(
    log_density: LogDensity,
    family: Family,
    optimizer: optax.GradientTransformation,
    of_iteration: Callable[[Any, Any], Any] = lambda data, place: data,
) -> Callable[..., Stretch]:
    """Return the loop over rows ``first`` to ``stop`` of a block of noise (block, S, d).

    ``of_iteration(data, i)`` gives the data of the i-th of these rows.

    Row i is iteration ``base + i`` of the fit. The number of rows is not compiled in, so that one
    program serves a fit of any length and calls of any length. The loop ends at the first loss or
    gradient that is not finite and leaves the state as it was before.
    """
    import optax

    evaluate = rewritten(loss_and_gradient(log_density, family))
    update = optax.with_extra_args_support(optimizer).update

    def run(
        state: FitState, noise: jax.Array, data: Any, base: Any, first: Any, stop: Any
    ) -> Stretch:
        def unfinished(carry: Stretch) -> Any:
            return (carry.row < stop) & carry.finite

        def iterate(carry: Stretch) -> Stretch:
            params, average, optimizer_state = carry.state
            one = jax.lax.dynamic_index_in_dim(noise, carry.row, keepdims=False)
            loss, gradient = evaluate(params, one, of_iteration(data, carry.row - first))
            finite = jnp.isfinite(loss) & jnp.isfinite(gradient).all()
            updates, new_optimizer_state = update(
                gradient, optimizer_state, params, value=loss, grad=gradient
            )
            new_params = optax.apply_updates(params, updates)
            weight = average_weight(base + carry.row + 1.0)
            new_average = average + weight * (new_params - average)
            new = FitState(new_params, new_average, new_optimizer_state)
            return Stretch(
                jax.tree.map(
                    lambda a, b: jnp.where(finite, a, b).astype(b.dtype), new, carry.state
                ),
                jax.lax.dynamic_update_index_in_dim(carry.losses, loss, carry.row, 0),
                carry.row + 1,
                finite,
                gradient,
            )

        blank = jnp.zeros(noise.shape[0])
        initial = Stretch(state, blank, first, jnp.array(True), jnp.zeros_like(state.params))
        return jax.lax.while_loop(unfinished, iterate, initial)

    return run


def compiled(
    density: Target | Batches, key: Any, build: Callable[[], Callable[..., Any]], *args: Any
) -> Any:
    """Return the program ``key`` of a density, as `build` makes it, compiled for such ``args``."""
    owner = owner_of(density.log_density)
    made, _ = kept(owner, key, args, lambda: compile_or_load(build(), *args, options=loop()).call)
    return made
