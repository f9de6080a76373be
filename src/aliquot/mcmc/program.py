"""The compiled program: many draws of a chain in one call, or of many chains on an accelerator.

On a CPU, XLA compiles a ``while_loop`` into one native function when its body is small and holds no
scatter, no sort and no call of a library. One chain qualifies where several do not, hence one chain
a program, and one program a thread. On an accelerator each operation is a kernel launch whatever
its size, and the same step is vectorised over chains; chains at different draws do not wait for one
another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from aliquot.compilation import Compiled, kept, loop, owner_of
from aliquot.compilation import compiled as compile_or_load
from aliquot.kernel import rewritten
from aliquot.mcmc import machine
from aliquot.mcmc.machine import ChainState, Row
from aliquot.mcmc.metric import in_blocks
from aliquot.mcmc.settings import Metric

LogDensity = Callable[[Array, Any], Array]


class Report(NamedTuple):
    """What one call has done."""

    state: ChainState
    output: Any  # (C, `machine.width`), of which the first `finished` rows are draws
    finished: Any  # int32: draws completed in this call
    leapfrogs: Any  # int32: leapfrog steps taken in this call


@dataclass(frozen=True)
class Shape:
    """All that a program depends on besides the log density and the shapes of its data."""

    size: int
    metric: Metric
    max_treedepth: int
    chains: int | None = None  # None: one chain, no leading axis; a number: that many, vectorised

    @property
    def capacity(self) -> int:
        """The greatest number of draws in a call: about a megabyte of output."""
        return min(max(2**17 // machine.width(self.size, self.metric), 16), 4096)


def one_chain(log_density: LogDensity, shape: Shape) -> Callable[..., Report]:
    """Return the program of one chain.

    Its arguments are the state, the data, the rows, the number of draws, the number of leapfrog
    steps after which it pauses even within a trajectory, and the target of the acceptance
    statistic.
    """

    def program(
        state: ChainState, data: Any, rows: Row, draws: Array, budget: Array, target_accept: Array
    ) -> Report:
        def value_and_grad(position: Array) -> tuple[Array, Array]:
            return rewritten(jax.value_and_grad(log_density))(position, data)

        def more_draws(report: Report) -> Array:
            return (report.finished < draws) & (report.leapfrogs < budget)

        def draw(report: Report) -> Report:
            row = Row(*(field[report.finished] for field in rows))

            def growing(carry: tuple[ChainState, Array]) -> Array:
                return (carry[0].tree.status == 0) & (carry[1] < budget)

            def leap(carry: tuple[ChainState, Array]) -> tuple[ChainState, Array]:
                state = machine.leap(carry[0], row, value_and_grad, shape.max_treedepth)
                return state, carry[1] + 1

            fresh = report.state.tree.leaf == 0
            state = lax.cond(
                fresh, lambda state: machine.begin(state, row), lambda state: state, report.state
            )
            state, leapfrogs = lax.while_loop(growing, leap, (state, report.leapfrogs))
            done = state.tree.status != 0

            def finish(carry: tuple[ChainState, Array]) -> tuple[ChainState, Array]:
                state, values = machine.finish(carry[0], row, target_accept, shape.metric)
                return state, lax.dynamic_update_index_in_dim(
                    carry[1], values, report.finished, axis=0
                )

            state, output = lax.cond(done, finish, lambda carry: carry, (state, report.output))
            return Report(state, output, report.finished + done, leapfrogs)

        # Cut here, not in each step. The program leaves a dense metric as it is.
        dense = shape.metric == "adapt_full"
        cut = state._replace(scale=in_blocks(state.scale)) if dense else state
        report = lax.while_loop(more_draws, draw, _start(cut, shape))
        return report._replace(state=report.state._replace(scale=state.scale)) if dense else report

    return program


def many_chains(log_density: LogDensity, shape: Shape) -> Callable[..., Report]:
    """Return the program of several chains in step, each at a draw of its own.

    Its arguments are those of :func:`one_chain`, with a leading axis of chains on the state, the
    rows and the number of draws. The budget counts leapfrog steps of each chain.
    """

    def advance(
        report: Report, data: Any, rows: Row, draws: Array, budget: Array, target_accept: Array
    ) -> Report:
        def value_and_grad(position: Array) -> tuple[Array, Array]:
            return rewritten(jax.value_and_grad(log_density))(position, data)

        active = (report.finished < draws) & (report.leapfrogs < budget)
        row = Row(*(field[report.finished] for field in rows))
        old = report.state
        begun = machine.begin(old, row)
        state = _where(old.tree.leaf == 0, begun, old)
        state = machine.leap(state, row, value_and_grad, shape.max_treedepth)
        done = active & (state.tree.status != 0)
        ended, values = machine.finish(state, row, target_accept, shape.metric)
        state = _where(active, _where(done, ended, state), old)
        # A draw that is not complete is written over; the spare last row takes what is not to be
        # kept.
        place = jnp.where(active, report.finished, shape.capacity)
        output = lax.dynamic_update_index_in_dim(report.output, values, place, axis=0)
        return Report(state, output, report.finished + done, report.leapfrogs + active)

    def program(
        state: ChainState, data: Any, rows: Row, draws: Array, budget: Array, target_accept: Array
    ) -> Report:
        def more(report: Report) -> Array:
            return jnp.any((report.finished < draws) & (report.leapfrogs < budget))

        def step(report: Report) -> Report:
            return jax.vmap(advance, in_axes=(0, None, 0, 0, None, None))(
                report, data, rows, draws, budget, target_accept
            )

        start = jax.vmap(lambda state: _start(state, shape, spare=1))(state)
        report = lax.while_loop(more, step, start)
        return report._replace(output=report.output[:, : shape.capacity])

    return program


def empty_rows(shape: Shape) -> Row:
    """Return rows of zeros for the draws of one call, along a leading axis, in NumPy."""
    capacity = shape.capacity
    return Row(
        np.zeros((capacity, shape.size)),
        np.zeros(capacity, np.uint64),
        np.zeros(capacity, np.int32),
    )


def stacked(trees: Sequence[Any]) -> Any:
    """Put what is of several chains along a leading axis."""
    return jax.tree.map(lambda *leaves: np.stack(leaves), *trees)


def _start(state: ChainState, shape: Shape, spare: int = 0) -> Report:
    output = jnp.zeros((shape.capacity + spare, machine.width(shape.size, shape.metric)))
    none = jnp.zeros((), jnp.int32)
    return Report(state, output, none, none)


def _where(condition: Array, new: ChainState, old: ChainState) -> ChainState:
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), new, old)


def compiled(
    log_density: LogDensity,
    data: Any,
    shape: Shape,
    meanwhile: Callable[[], None] | None = None,
) -> tuple[Compiled, bool]:
    """Return the program of a log density, and whether it had to be compiled.

    It is kept as long as the log density lives, for data of the same shapes and dtypes. Once XLA
    is at work, or need not be, `meanwhile` is called.
    """
    owner = owner_of(log_density)
    key = ("NUTS", getattr(log_density, "__name__", ""), shape)
    program, new = kept(owner, key, data, lambda: _compile(log_density, data, shape, meanwhile))
    if meanwhile is not None and not new:
        meanwhile()
    return program, new


def _compile(
    log_density: LogDensity, data: Any, shape: Shape, meanwhile: Callable[[], None] | None
) -> Compiled:
    build = one_chain if shape.chains is None else many_chains
    state = machine.initial(np.zeros(shape.size), shape.metric, shape.max_treedepth)
    rows = empty_rows(shape)
    draws = np.int32(0)
    if shape.chains is not None:
        state, rows, draws = stacked([(state, rows, draws)] * shape.chains)
    arguments = (state, data, rows, draws, np.int32(0), np.float64(0.0))
    function = build(log_density, shape)
    return compile_or_load(function, *arguments, options=loop(), meanwhile=meanwhile)
