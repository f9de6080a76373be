"""Start values: inside every support, at typical values under the prior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.density.layout import Slot
from aliquot.expression import Evaluation
from aliquot.marginal import Unknown
from aliquot.marginal.terms import depends_on
from aliquot.model.variables import FreeVariable
from aliquot.transforms import Identity, Log, Ordered
from aliquot.transforms.increasing import Increasing

# How far what has a bound is scattered, in unconstrained units.
SPREAD = 1.0


def start_values(
    slots: Sequence[Slot],
    unknowns: Sequence[Unknown],
    fixed: Mapping[str, Any],
    values: Evaluation,
    turn: Any,
    noise: Any = None,
) -> None:
    """Give every free variable a start value, parents before those that depend on them.

    What depends on the discrete `unknowns` starts as if they were at their start values, the
    `initval` that the user gave or typical ones. `fixed` has the values that the user gave, by
    name. `values` holds the data, and gets the start values.

    `turn` is an integer array of shape (): how many chains start before this one. Mixtures, and
    what depends on a discrete variable, start in another component in each chain. It is below 0 for
    the start that does not depend on the chain.

    `noise`, standard normal numbers, one for each coordinate, scatters the values about the typical
    ones, about as far as priors do. What depends on a value is scattered about it as it is then.
    """
    discrete = _DiscreteStarts(unknowns, values, turn)
    for slot in slots:
        variable = slot.variable
        if variable.name in fixed:
            slot.give(values, fixed[variable.name])
            continue
        discrete.provide(variable.distribution)
        distribution = values(variable.distribution)
        typical = jnp.broadcast_to(distribution.start_of_chain(turn), variable.distribution.shape)
        sd = _scale(distribution, typical)
        own = None if noise is None else noise[slot.start : slot.stop].reshape(slot.shape)
        if not isinstance(variable, FreeVariable):
            missing = typical[variable.index]
            slot.give(values, missing if own is None else missing + sd[variable.index] * own)
            continue
        transform = values(slot.transform)
        start = transform.start(typical, sd)
        slot.give(values, start if own is None else _scattered(transform, start, typical, sd, own))


def _scattered(transform: Any, start: Any, typical: Any, sd: Any, noise: Any) -> Any:
    """Scatter a variable about its start value, on its own scale where that is the real line.

    What is ordered there is scattered about typical values and then put in order.
    """
    axis = None
    if (
        isinstance(transform, Ordered)
        and isinstance(transform.vectors, Increasing)
        and not transform.at
    ):
        axis = transform.ordered_axis(jnp.shape(start))
    if axis is not None:
        return jnp.sort(jnp.where(jnp.isfinite(typical), typical, 0.0) + sd * noise, axis=axis)
    if isinstance(transform, Identity):
        return start + sd * noise
    width: Any = SPREAD
    if isinstance(transform, Log) and jnp.shape(noise) == jnp.shape(start):
        # A log-normal with the same coefficient of variation.
        width = jnp.maximum(SPREAD, jnp.sqrt(jnp.log1p((sd / (start - transform.lower)) ** 2)))
    return transform.backward(transform.forward(start) + width * noise)


class _DiscreteStarts:
    """Start values of discrete variables, worked out when something needs them."""

    def __init__(self, unknowns: Sequence[Unknown], values: Evaluation, turn: Any) -> None:
        self.waiting = list(unknowns)
        self.values = values
        self.turn = turn

    def provide(self, sources: Any) -> None:
        for unknown in list(self.waiting):
            if unknown in self.waiting and depends_on(sources, [unknown.node]):
                self.waiting.remove(unknown)
                self.provide(unknown.distribution)
                start = getattr(unknown.node, "initval", None)
                if start is None:
                    start = self.in_turn(unknown, self.values(unknown.distribution).start())
                start = jnp.broadcast_to(start, unknown.shape)
                if unknown.evidence is not None:
                    seen = unknown.evidence.reshape(unknown.shape)
                    start = jnp.where(seen >= 0, seen + unknown.lowest, start)
                self.values.set(unknown.node, start)

    def in_turn(self, unknown: Unknown, typical: Any) -> Any:
        """Go through the states, from one chain and one element to the next."""
        places = np.arange(unknown.size).reshape(unknown.shape)
        state = unknown.lowest + (self.turn + places) % unknown.states
        return jnp.where(self.turn >= 0, state, typical)


def _scale(distribution: Any, typical: Any) -> Any:
    try:
        variance = jnp.broadcast_to(distribution._variance(), typical.shape)
    except NotImplementedError:
        return jnp.ones_like(typical)
    return jnp.where(jnp.isfinite(variance) & (variance > 0), jnp.sqrt(variance), 1.0)
