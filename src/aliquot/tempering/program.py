"""The compiled program: one scan of some rungs of a ladder, each a few NUTS transitions.

One after another in a loop, so that what a rung computes does not depend, to the last bit, on which
others were in the same call; and so that a call of short transitions is worth its making. The loop
within is that of a chain, :func:`aliquot.mcmc.program.one_chain`.
"""

from __future__ import annotations

from collections.abc import Callable
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
from aliquot.mcmc.machine import STATS, Row
from aliquot.mcmc.program import LogDensity, Shape, one_chain
from aliquot.mcmc.schedule import Flag
from aliquot.mcmc.step_size import StepSize
from aliquot.tempering.reference import LadderReference

# NUTS transitions of each rung between two rounds of swaps. More bring no more replicas through, of
# those densities that have been tried, and cost more.
TRANSITIONS = 1
# Rungs in one call at most.
RUNGS = 16
# Columns that follow the position in a row of output.
COLUMNS = len(STATS)


@dataclass(frozen=True)
class ScanShape(Shape):
    """The shape of the program of one rung's scan: an evaluation, then the transitions."""

    @property
    def capacity(self) -> int:
        """The number of rows: the first is no transition."""
        return 1 + TRANSITIONS


class RungBlock(NamedTuple):
    """Some rungs, along a leading axis of length `RUNGS`, of which the first ones are used."""

    positions: Any  # (RUNGS, d)
    steps: Any  # (RUNGS, 6), as in `StepSize`
    betas: Any  # (RUNGS,)
    momenta: Any  # (RUNGS, TRANSITIONS, d), standard normal
    keys: Any  # (RUNGS, TRANSITIONS), uint64


class Scanned(NamedTuple):
    """What a scan has made of a block."""

    rows: Any  # (RUNGS, TRANSITIONS, d + COLUMNS)
    steps: Any  # (RUNGS, 6)
    heights: Any  # (RUNGS, 2): log target and log reference where each rung has come to


def between(log_density: LogDensity, log_reference: LogDensity) -> LogDensity:
    """Return the log density of a rung, a function of (flat, (data, data of the reference, beta)).

    It is the reference where beta is 0, and the target where it is 1.
    """

    def tempered(flat: Array, given: Any) -> Array:
        data, reference, beta = given
        target = log_density(flat, data)
        mixed = (1.0 - beta) * log_reference(flat, reference) + beta * target
        return jnp.where(beta == 1.0, target, mixed)

    return tempered


def scan_program(log_density: LogDensity, log_reference: LogDensity, shape: ScanShape) -> Any:
    """Return the program of a scan.

    Its arguments are the block, the metrics of its rungs (RUNGS, d) or (RUNGS, d, d), the flags
    (TRANSITIONS,) of the transitions, the number of rungs, the data and those of the reference, and
    the target of the acceptance statistic. A rung of beta 0 does not move.
    """
    one = one_chain(between(log_density, log_reference), shape)
    template = machine.initial(np.zeros(shape.size), shape.metric, shape.max_treedepth)
    size = shape.size

    def program(
        block: RungBlock,
        scales: Array,
        flags: Array,
        count: Array,
        data: Any,
        reference: Any,
        target_accept: Array,
    ) -> Scanned:
        def heights(flat: Array) -> Array:
            def both(flat: Array, data: Any, reference: Any) -> tuple[Array, Array]:
                return log_density(flat, data), log_reference(flat, reference)

            return jnp.stack(rewritten(both)(flat, data, reference))

        def rung(carry: tuple[Array, Scanned]) -> tuple[Array, Scanned]:
            i, done = carry
            tree = template.tree._replace(
                points=jnp.asarray(template.tree.points).at[0, :size].set(block.positions[i])
            )
            state = template._replace(
                tree=jax.tree.map(jnp.asarray, tree),
                step=StepSize(*block.steps[i]),
                scale=lax.dynamic_index_in_dim(scales, i, keepdims=False),
            )
            rows = Row(
                jnp.concatenate([jnp.zeros((1, size)), block.momenta[i]]),
                jnp.concatenate([jnp.zeros(1, jnp.uint64), block.keys[i]]),
                jnp.concatenate([jnp.full(1, int(Flag.EVALUATE), jnp.int32), flags]),
            )
            beta = block.betas[i]
            draws = jnp.where(beta == 0.0, 0, shape.capacity).astype(jnp.int32)
            given = (data, reference, beta)
            report = one(state, given, rows, draws, jnp.int32(2**30), target_accept)
            tree = report.state.tree
            made = Scanned(
                report.output[1:, : size + COLUMNS],
                jnp.stack(list(report.state.step)),
                heights(tree.points[tree.chosen, :size]),
            )
            return i + 1, jax.tree.map(
                lambda all_, own: lax.dynamic_update_index_in_dim(all_, own, i, 0), done, made
            )

        nothing = Scanned(
            jnp.zeros((RUNGS, TRANSITIONS, size + COLUMNS)),
            jnp.zeros((RUNGS, len(StepSize._fields))),
            jnp.zeros((RUNGS, 2)),
        )
        start = jnp.zeros((), jnp.int32), nothing
        return lax.while_loop(lambda carry: carry[0] < count, rung, start)[1]

    return program


def empty_block(size: int) -> RungBlock:
    """Return a block of zeros, in NumPy."""
    return RungBlock(
        np.zeros((RUNGS, size)),
        np.zeros((RUNGS, len(StepSize._fields))),
        np.zeros(RUNGS),
        np.zeros((RUNGS, TRANSITIONS, size)),
        np.zeros((RUNGS, TRANSITIONS), np.uint64),
    )


def compiled_scan(
    log_density: LogDensity,
    data: Any,
    reference: LadderReference,
    shape: ScanShape,
    meanwhile: Callable[[], None] | None = None,
) -> tuple[Compiled, bool]:
    """Return the program of a scan, and whether it had to be compiled.

    It is kept as long as the log density lives, for data of the same shapes.
    """
    dense = [shape.size] * (shape.metric == "adapt_full")
    arguments = (
        empty_block(shape.size),
        np.zeros((RUNGS, shape.size, *dense)),
        np.zeros(TRANSITIONS, np.int32),
        np.int32(0),
        data,
        reference.data,
        np.float64(0.0),
    )

    def make() -> Compiled:
        function = scan_program(log_density, reference.log_density, shape)
        return compile_or_load(function, *arguments, options=loop(), meanwhile=meanwhile)

    key = ("tempering", reference.name, getattr(reference.log_density, "__name__", ""), shape)
    program, new = kept(owner_of(log_density), key, arguments, make)
    if meanwhile is not None and not new:
        meanwhile()
    return program, new
