"""The sampler as a state machine: begin a draw, take one leapfrog step, finish the draw.

All three are pure functions of one chain. :mod:`aliquot.mcmc.program` puts them into a loop, nested
for one chain on a CPU, flat and vectorised over chains on an accelerator.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from aliquot.mcmc import metric, step_size, trajectory
from aliquot.mcmc.metric import Windows
from aliquot.mcmc.schedule import Flag
from aliquot.mcmc.settings import Metric
from aliquot.mcmc.step_size import StepSize
from aliquot.mcmc.trajectory import Trajectory

# Columns that follow the position in a row of output.
STATS = (
    "lp",
    "acceptance_rate",
    "step_size",
    "step_size_bar",
    "tree_depth",
    "n_steps",
    "status",
    "energy",
    "energy_error",
    "max_energy_error",
)


def width(size: int, metric_kind: Metric) -> int:
    """Give the columns of output: the position, statistics, and what a dense metric asks for.

    That is the gradient at each draw, since the host makes a dense metric of whole windows.
    """
    return size + len(STATS) + (size if metric_kind == "adapt_full" else 0)


class ChainState(NamedTuple):
    """All that a chain carries from one draw, or one call of the program, to the next."""

    tree: Trajectory
    step: StepSize
    windows: Windows
    scale: Any  # (d,) or (d, d), in a program perhaps its blocks: see :mod:`aliquot.mcmc.metric`


class Row(NamedTuple):
    """What one draw is given, or, with a leading axis, the draws of one call of the program."""

    momentum: Any  # (d,), standard normal
    key: Any  # uint64
    flags: Any  # int32, see :class:`aliquot.mcmc.schedule.Flag`


def initial(position: np.ndarray, metric_kind: Metric, max_treedepth: int) -> ChainState:
    """Return the state at a start point (d,), in NumPy, with a metric of ones."""
    size = position.shape[0]
    dense = metric_kind == "adapt_full"
    return ChainState(
        tree=trajectory.empty(position, max_treedepth),
        step=step_size.initial(1.0, searched=False),
        windows=metric.empty_windows(0 if dense else size),
        scale=np.eye(size) if dense else np.ones(size),
    )


def begin(state: ChainState, row: Row) -> ChainState:
    """Start the trajectory of a draw."""
    step = _step(state, row)
    return state._replace(tree=trajectory.begin(state.tree, row.momentum, state.scale, step))


def leap(
    state: ChainState,
    row: Row,
    value_and_grad: Callable[[Array], tuple[Array, Array]],
    max_treedepth: int,
) -> ChainState:
    """Take one leapfrog step."""
    single = _has(row.flags, Flag.EVALUATE | Flag.SEARCH)
    short = _has(row.flags, Flag.SHORT)
    deepest = jnp.where(short, shortened(max_treedepth), max_treedepth)
    tree = trajectory.extend(
        state.tree,
        value_and_grad,
        row.key,
        state.scale,
        _step(state, row),
        max_depth=jnp.where(single, 1, deepest),
        always=_has(row.flags, Flag.EVALUATE),
    )
    return state._replace(tree=tree)


def shortened(max_treedepth: int) -> int:
    """Give the doublings of a trajectory early in the warm-up: three fewer, where that leaves five.

    A chain that has yet to learn its scales would otherwise spend hundreds of steps on a draw.
    """
    return max(max_treedepth - 3, min(max_treedepth, 5))


def finish(
    state: ChainState, row: Row, target_accept: Array, metric_kind: Metric
) -> tuple[ChainState, Array]:
    """End a draw: what the warm-up does after it, and its row of output (`width`,)."""
    tree = state.tree
    size = row.momentum.shape[0]
    point = tree.points[tree.chosen]
    leaves = (tree.leaf - 1).astype(tree.energy.dtype)
    acceptance = tree.acceptance / leaves
    used = jnp.exp(state.step.log_step)

    # The next trajectory begins at the chosen point; a search does not move.
    searching = _has(row.flags, Flag.SEARCH)
    tree = tree._replace(
        leaf=jnp.zeros_like(tree.leaf), chosen=jnp.where(searching, 0, tree.chosen)
    )
    state = state._replace(tree=tree)

    def adapt(state: ChainState) -> ChainState:
        return _adapt(state, point[: 2 * size], acceptance, row.flags, target_accept, metric_kind)

    state = lax.cond(row.flags != 0, adapt, lambda state: state, state)
    stats = jnp.stack(
        [
            point[2 * size],
            acceptance,
            used,
            jnp.exp(state.step.log_average),
            tree.depth.astype(used.dtype),
            leaves,
            tree.status.astype(used.dtype),
            tree.energy + point[2 * size + 1],
            point[2 * size + 1],
            tree.max_energy_error,
        ]
    )
    columns = [point[:size], stats]
    if metric_kind == "adapt_full":
        columns.append(point[size : 2 * size])
    return state, jnp.concatenate(columns)


def _adapt(
    state: ChainState,
    draw: Array,
    acceptance: Array,
    flags: Array,
    target_accept: Array,
    metric_kind: Metric,
) -> ChainState:
    step = _choose(
        _has(flags, Flag.ADAPT_STEP),
        step_size.average(state.step, acceptance, target_accept),
        state.step,
    )
    step = _choose(_has(flags, Flag.SEARCH), step_size.search(step, acceptance), step)
    step = _choose(_has(flags, Flag.RESTART_STEP), step_size.restart(step), step)
    finished = _has(flags, Flag.FINISH_STEP)
    step = step._replace(log_step=jnp.where(finished, step.log_average, step.log_step))
    if metric_kind == "adapt_full":
        return state._replace(step=step)

    windows, scale = state.windows, state.scale
    windows = _choose(_has(flags, Flag.COLLECT), metric.collect(windows, draw), windows)
    estimate = {
        "adapt_diag": metric.scale_from_draws,
        "adapt_diag_grad": metric.scale_from_gradients,
    }[metric_kind]
    scale = jnp.where(_has(flags, Flag.UPDATE_METRIC), estimate(windows, scale), scale)
    windows = metric.retire(windows, _has(flags, Flag.SWITCH), _has(flags, Flag.CLEAR))
    return state._replace(step=step, windows=windows, scale=scale)


def _step(state: ChainState, row: Row) -> Array:
    return jnp.where(_has(row.flags, Flag.EVALUATE), 0.0, jnp.exp(state.step.log_step))


def _has(flags: Array, flag: Flag) -> Array:
    return (flags & int(flag)) != 0


def _choose[T: tuple[Array, ...]](condition: Array, new: T, old: T) -> T:
    chosen = [jnp.where(condition, a, b) for a, b in zip(new, old, strict=True)]
    return type(old)(*chosen)
