"""The log of the sum over all states of chains, with its derivatives.

The derivative by a log weight is a probability. `smoothing` computes these together with the sum,
in probabilities, where that loses nothing; elsewhere the recursion in log space does. Which of the
two is decided by the numbers, in each evaluation. In log space a gradient took 2.5 times as long
for 2 states and 100 steps, 2.8 times for 3 and 2,000 (in pairs in one run, 2 cores, loaded).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from aliquot.marginal.elimination.forward_backward import Form, log_sum
from aliquot.marginal.elimination.smoothing import Smoothed, Weights, is_safe, smoothed


def chain_log_sum(form: Form, start: Any, parts: Sequence[Any]) -> Any:
    """Compute the log of the sum over all states of the chains, shape (*shared, chains).

    `start` and the parts are as for `forward`.
    """
    if form.lag > 1 or form.moves == 0 or jax.default_backend() != "cpu":
        return log_sum(form, start, parts)
    return _log_sum(form, start, tuple(parts))


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _log_sum(form: Form, start: Any, parts: tuple[Any, ...]) -> Any:
    return _smoothed(_weights(form, start, parts)).log_sum.reshape(*form.shared, form.chains)


@_log_sum.defjvp
def _log_sum_jvp(form: Form, primals: Any, tangents: Any) -> tuple[Any, Any]:
    found = _smoothed(_weights(form, *primals))
    lanes = (*form.shared, form.chains)
    start = found.start.reshape(form.memory)
    moves = found.moves.reshape(-1, *form.window)
    seen = found.seen.reshape(form.moves, *(1,) * form.width, *form.memory)
    by_start, by_parts = tangents
    states = 2 * form.width
    tangent = jnp.sum(start * by_start, axis=tuple(range(form.width)))
    for part, dot in zip(primals[1], by_parts, strict=True):
        shares = moves if _about_moves(form, part) else seen
        # What is the same for many is added up before it is multiplied.
        alike = tuple(axis for axis in range(states + 1) if part.shape[axis] == 1)
        shares = jnp.sum(shares, axis=alike, keepdims=True)
        tangent = tangent + jnp.sum(shares * dot, axis=tuple(range(states + 1)))
    return found.log_sum.reshape(lanes), tangent


def _about_moves(form: Form, part: Any) -> bool:
    """Say whether a part is about the state before a move, and not only about that after it."""
    return any(part.shape[axis + 1] > 1 for axis in form.oldest)


@jax.custom_jvp
def _smoothed(weights: Weights) -> Smoothed:
    return lax.cond(is_safe(weights), smoothed, _smoothed_in_logs, weights)


@_smoothed.defjvp
def _smoothed_jvp(primals: Any, tangents: Any) -> tuple[Any, Any]:
    # Second derivatives are asked for a few hundred times, so that less to compile is faster.
    return jax.jvp(_smoothed_in_logs, primals, tangents)


def _weights(form: Form, start: Any, parts: tuple[Any, ...]) -> Weights:
    """Give the weights with one axis of states and one of lanes, which all other axes become."""
    states = int(np.prod(form.states))
    lanes = int(np.prod(form.shared)) * form.chains
    moves = sum((part for part in parts if _about_moves(form, part)), jnp.zeros(()))
    seen = sum((part for part in parts if not _about_moves(form, part)), jnp.zeros(()))
    own = moves.shape[-len(form.shared) - 1 :] if moves.ndim else ()
    of_lanes = (*form.shared, form.chains) if max(own, default=1) > 1 else (1,) * len(own)
    steps = moves.shape[0] if moves.ndim else 1
    moves = jnp.broadcast_to(moves, (steps, *form.states * 2, *of_lanes))
    seen = jnp.broadcast_to(seen, (form.moves, *(1,) * form.width, *form.memory))
    return Weights(
        start.reshape(states, lanes),
        moves.reshape(steps, states, states, -1),
        seen.reshape(form.moves, states, lanes),
    )


def _smoothed_in_logs(weights: Weights) -> Smoothed:
    steps, states, lanes = weights.seen.shape
    form = Form((states,), 1, (), lanes, steps)

    def total(start: Any, moves: Any, seen: Any) -> Any:
        return log_sum(form, start, [moves, seen[:, None]])

    moves = jnp.broadcast_to(weights.moves, (*weights.moves.shape[:3], lanes))
    value, back = jax.vjp(total, weights.start, moves, weights.seen)
    return Smoothed(value, *back(jnp.ones_like(value)))
