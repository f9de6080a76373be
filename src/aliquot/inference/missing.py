"""Drawing missing values that were integrated out of the density, given everything else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from aliquot.density.integrated import Integrated
from aliquot.density.validity import filled_in
from aliquot.errors import ModelError
from aliquot.expression import Evaluation


def draw_missing(integrated: Sequence[Integrated], values: Evaluation, key: Any) -> dict[str, Any]:
    """Draw missing values, inside a traced function, and put them into the evaluation.

    `integrated` is in the order of the model: a later one may depend on what is drawn for an
    earlier one. `values` is fresh, with the values of everything else: nothing that depends on
    missing values may have been computed in it. The result has the missing entries by the name of
    the latent; those that are coordinates are among them, as they are. NaN where the parameters are
    out of their range, so that there is no distribution to draw from.
    """
    result = {}
    for number, found in enumerate(integrated):
        variable, latent = found.variable, found.latent
        if (why := variable.distribution.without_draws) is not None:
            raise ModelError(f"{latent.name!r} cannot be drawn: {why}")
        distribution, valid = filled_in(variable.distribution, values)
        seen = found.seen(values)
        drawn = distribution.draw_missing(jax.random.fold_in(key, number), seen, found.missing)
        drawn = jnp.broadcast_to(drawn, variable.distribution.shape)
        if valid is not None and not latent.distribution.discrete:
            valid = jnp.expand_dims(valid, tuple(range(-variable.distribution.event_dims, 0)))
            drawn = jnp.where(found.missing & ~valid, jnp.nan, drawn)
        values.set(latent, drawn[latent.index])
        result[latent.name] = values(latent)
    return result
