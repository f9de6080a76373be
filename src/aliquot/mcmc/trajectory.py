"""One NUTS trajectory, a leapfrog step at a time.

NUTS [2] in its multinomial form [1], with the generalised U-turn test, made iterative by counting
in binary. The start is leaf 0, and the doubling of depth ``j`` adds leaves ``2**j`` to
``2**(j + 1) - 1``. Row ``k`` of a stack holds a complete subtree of ``2**k`` leaves. A new leaf
``n`` merges with rows 0 to ``t - 1``, where ``t`` is the number of trailing ones of ``n``, and what
they make is written to row ``t``: the carry of a binary counter. When a doubling is complete, ``n``
is all ones, and the last row to merge is the trajectory as it was before: merges within a subtree
and at the top are the same operation.

Momenta are in whitened coordinates (see :mod:`aliquot.mcmc.metric`).

[1] Betancourt (2017), "A conceptual introduction to Hamiltonian Monte Carlo", appendix A.
[2] Hoffman and Gelman (2014), "The No-U-Turn Sampler", JMLR 15.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from aliquot.elementary.exponential import exp
from aliquot.elementary.logarithm import log1p
from aliquot.mcmc.hash import hashed_bits, uniform_from_bits
from aliquot.mcmc.metric import Scale, to_position, to_whitened

TURNED, DIVERGED, DEEPEST = 1, 2, 4  # why a trajectory ended; 0 while it grows
MAX_ENERGY_ERROR = 1000.0  # a larger error of the energy is a divergence, as in Stan

_SCRATCH = 2
_TOP_UNIFORMS = 1 << 32


class Trajectory(NamedTuple):
    """A trajectory under way. ``d`` is the number of coordinates, ``K`` the greatest depth."""

    leaf: Any  # int32: the number of the next leaf; 0 before the trajectory has begun
    depth: Any  # int32: doublings completed
    status: Any  # int32: 0, or why it ended
    # (2, 2 d): position, and momentum after the first half step of the next leapfrog step, at the
    # backward and the forward end.
    ends: Any
    # (K + 1, 3 d): first momentum, last momentum and sum of momenta of complete subtrees, in the
    # order in which they were integrated.
    stack: Any
    # (3, 2 d + 2): position, gradient, log density and energy error of the chosen point, of the
    # candidate of the subtree that grows, and a row to which rejected points are written.
    points: Any
    chosen: Any  # int32: which of rows 0 and 1 of `points` is chosen; the other is the candidate
    log_weight: Any  # log of the summed weights ``exp(-energy error)`` of the trajectory
    subtree_log_weight: Any  # the same for the subtree that grows
    energy: Any  # total energy at the start
    acceptance: Any  # sum over leaves of ``min(1, exp(-energy error))``
    max_energy_error: Any  # the energy error that is largest in absolute value


def empty(position: np.ndarray, max_treedepth: int) -> Trajectory:
    """Return the state before the first trajectory: nothing is known but the position."""
    size = position.shape[0]
    points = np.zeros((3, 2 * size + 2))
    points[0, :size] = position
    zero, none = np.float64(0.0), np.int32(0)
    return Trajectory(
        leaf=none,
        depth=none,
        status=none,
        ends=np.zeros((2, 2 * size)),
        stack=np.zeros((max_treedepth + 1, 3 * size)),
        points=points,
        chosen=none,
        log_weight=zero,
        subtree_log_weight=zero,
        energy=zero,
        acceptance=zero,
        max_energy_error=zero,
    )


def chosen_point(tree: Trajectory) -> tuple[np.ndarray, np.ndarray, float]:
    """Give the position (d,) of the chosen point, the gradient and the log density, on the host."""
    size = tree.ends.shape[1] // 2
    point = np.asarray(tree.points)[int(tree.chosen)]
    return point[:size], point[size : 2 * size], float(point[2 * size])


def begin(tree: Trajectory, momentum: Array, scale: Scale, step: Array) -> Trajectory:
    """Start a trajectory at the chosen point of the one before, with a whitened `momentum` (d,)."""
    size = momentum.shape[0]
    point = tree.points[tree.chosen].at[2 * size + 1].set(0.0)
    position, gradient, log_density = point[:size], point[size : 2 * size], point[2 * size]
    half = 0.5 * step * to_whitened(scale, gradient)
    zero, none = jnp.zeros_like(step), jnp.zeros_like(tree.leaf)
    return tree._replace(
        leaf=none + 1,
        depth=none,
        status=none,
        ends=jnp.stack(
            [
                jnp.concatenate([position, momentum - half]),
                jnp.concatenate([position, momentum + half]),
            ]
        ),
        stack=tree.stack.at[0].set(jnp.concatenate([momentum, momentum, momentum])),
        points=tree.points.at[0].set(point),
        chosen=none,
        log_weight=zero,
        subtree_log_weight=zero - jnp.inf,
        energy=0.5 * _inner(momentum, momentum) - log_density,
        acceptance=zero,
        max_energy_error=zero,
    )


def extend(
    tree: Trajectory,
    value_and_grad: Callable[[Array], tuple[Array, Array]],
    key: Array,
    scale: Scale,
    step: Array,
    max_depth: Array,
    always: Array,
) -> Trajectory:
    """Add one leaf: a leapfrog step, the choice among points, the U-turn test.

    The directions and the choices of this trajectory are a function of its `key` (uint64). It ends
    when `max_depth` doublings are complete; the metric `scale` and the `step` size must not change
    before. Where `always` holds, the leaf becomes the candidate whatever its weight.
    """
    size = tree.ends.shape[1] // 2
    leaf, depth = tree.leaf, tree.depth
    complete = (leaf & (leaf + 1)) == 0

    directions = hashed_bits(key, np.uint64(0))
    forward = _bit(directions, depth)
    end = tree.ends[forward]
    signed = jnp.where(forward == 1, step, -step)
    position = end[:size] + signed * to_position(scale, end[size:])
    log_density, gradient = value_and_grad(position)
    kick = (0.5 * signed) * to_whitened(scale, gradient)
    momentum = end[size:] + kick
    ends = tree.ends.at[forward].set(jnp.concatenate([position, momentum + kick]))

    error = 0.5 * _inner(momentum, momentum) - log_density - tree.energy
    error = jnp.where(jnp.isnan(error), jnp.inf, error)
    diverged = error > MAX_ENERGY_ERROR

    # Within a subtree each leaf takes the candidate's place with the probability of its weight.
    subtree_log_weight, share = _joined(tree.subtree_log_weight, -error)
    uniform = uniform_from_bits(hashed_bits(key, leaf.astype(jnp.uint64)))
    taken = (uniform < share) | always
    point = jnp.concatenate([position, gradient, jnp.stack([log_density, error])])
    row = jnp.where(taken, 1 - tree.chosen, _SCRATCH)
    points = tree.points.at[row].set(point)

    level, turned, first, total = _merge(tree.stack, momentum, _trailing_ones(leaf))
    # The subtree is written in the order of integration: a doubling the other way reverses it.
    reverse = complete & (_bit(directions, depth + 1) != forward)
    subtree = jnp.concatenate(
        [jnp.where(reverse, momentum, first), jnp.where(reverse, first, momentum), total]
    )
    stack = tree.stack.at[level].set(subtree)

    # At the top the new subtree is favoured [1], unless it is invalid: it diverged, or turned
    # within itself. A turn of the whole trajectory ends it after the choice.
    valid = complete & ~diverged & ~(turned & (level <= depth))

    def at_the_top() -> tuple[Array, Array]:
        top_uniform = uniform_from_bits(
            hashed_bits(key, np.uint64(_TOP_UNIFORMS) + depth.astype(jnp.uint64))
        )
        favoured = top_uniform < exp(subtree_log_weight - tree.log_weight)
        return favoured, _joined(tree.log_weight, subtree_log_weight)[0]

    accepted, log_weight = lax.cond(
        valid, at_the_top, lambda: (jnp.zeros_like(valid), tree.log_weight)
    )
    accepted = accepted | always
    new_depth = depth + valid
    status = jnp.where(
        diverged,
        DIVERGED,
        jnp.where(turned, TURNED, jnp.where(new_depth >= max_depth, DEEPEST, 0)),
    )
    return Trajectory(
        leaf=leaf + 1,
        depth=new_depth,
        status=status.astype(jnp.int32),
        ends=ends,
        stack=stack,
        points=points,
        chosen=jnp.where(accepted, 1 - tree.chosen, tree.chosen),
        log_weight=log_weight,
        subtree_log_weight=jnp.where(complete, -jnp.inf, subtree_log_weight),
        energy=tree.energy,
        acceptance=tree.acceptance + exp(jnp.minimum(0.0, -error)),
        max_energy_error=jnp.where(
            jnp.abs(error) > jnp.abs(tree.max_energy_error), error, tree.max_energy_error
        ),
    )


def _joined(log_weight: Array, log_other: Array) -> tuple[Array, Array]:
    """Return the log of the sum of two weights, and the share of the other in it."""
    gap = log_other - log_weight
    ratio = exp(-jnp.abs(gap))
    larger = 1.0 / (1.0 + ratio)
    share = jnp.where(gap >= 0, larger, ratio * larger)
    return jnp.maximum(log_weight, log_other) + log1p(ratio), share


def _merge(stack: Array, momentum: Array, levels: Array) -> tuple[Array, Array, Array, Array]:
    """Merge a leaf with rows 0 to `levels` - 1 of the stack, until a merge makes a U-turn.

    Gives the number of merges, whether the last one turned, and the first momentum and the sum of
    momenta of the merged subtree, whose last momentum is that of the leaf.
    """
    size = momentum.shape[0]
    Carry = tuple[Array, Array, Array, Array]

    def more(carry: Carry) -> Array:
        level, turned, _, _ = carry
        return (level < levels) & ~turned

    def merge(carry: Carry) -> Carry:
        level, _, first, total = carry
        row = stack[level]
        left_first, left_last, left_total = row[:size], row[size : 2 * size], row[2 * size :]
        both = left_total + total
        # The U-turn test over the whole, and over each half with the nearest point of the other,
        # which catches a turn between the halves that the ends do not see (Stan 2.21).
        into_right = left_total + first
        into_left = total + left_last
        turned = (
            (_inner(left_first, both) <= 0)
            | (_inner(momentum, both) <= 0)
            | (_inner(left_first, into_right) <= 0)
            | (_inner(first, into_right) <= 0)
            | (_inner(left_last, into_left) <= 0)
            | (_inner(momentum, into_left) <= 0)
        )
        return level + 1, turned, left_first, both

    start = (jnp.zeros_like(levels), jnp.zeros_like(levels, bool), momentum, momentum)
    return lax.while_loop(more, merge, start)


def _inner(a: Array, b: Array) -> Array:
    # On a CPU a dot is vectorised, where a sum of products waits for each addition in turn. On an
    # accelerator the sums fuse into one kernel, where each dot would be a launch of its own.
    return jnp.dot(a, b) if jax.default_backend() == "cpu" else jnp.sum(a * b)


def _bit(bits: Array, place: Array) -> Array:
    return ((bits >> place.astype(jnp.uint64)) & np.uint64(1)).astype(jnp.int32)


def _trailing_ones(number: Array) -> Array:
    return lax.population_count(number & ~(number + 1))
