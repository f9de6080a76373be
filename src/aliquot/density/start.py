"""Start values: inside every support, at typical values under the prior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp

from aliquot.density.layout import Slot
from aliquot.expression import Evaluation
from aliquot.model.variables import FreeVariable


def start_values(slots: Sequence[Slot], fixed: Mapping[str, Any], values: Evaluation) -> None:
    """Give every free variable a start value, parents before those that depend on them.

    Parameters
    ----------
    slots : sequence of Slot
    fixed : mapping from str to array
        Values that the user gave.
    values : Evaluation
        Holds the data; gets the values.
    """
    for slot in slots:
        variable = slot.variable
        if variable.name in fixed:
            values.set(variable, fixed[variable.name])
            continue
        distribution = values(variable.distribution)
        typical = jnp.broadcast_to(distribution.start(), variable.distribution.shape)
        if not isinstance(variable, FreeVariable):
            values.set(variable, typical[variable.index])
            continue
        values.set(variable, values(slot.transform).start(typical, _spread(distribution, typical)))


def _spread(distribution: Any, typical: Any) -> Any:
    try:
        variance = jnp.broadcast_to(distribution._variance(), typical.shape)
    except NotImplementedError:
        return jnp.ones_like(typical)
    return jnp.where(jnp.isfinite(variance) & (variance > 0), jnp.sqrt(variance), 1.0)
