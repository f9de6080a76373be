"""The log prior alone, of the coordinates: what a model says before its data and potentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.density import terms
from aliquot.density.exact import exactly
from aliquot.density.trace import Traced
from aliquot.density.validity import filled_in
from aliquot.marginal import Plan, depends_on
from aliquot.model.variables import MissingValues

if TYPE_CHECKING:
    from aliquot.density.density import Density


def log_prior(density: Density) -> Traced | None:
    """Return the log prior as a function of (flat, data), with its data: Jacobians included.

    Discrete unknowns on which free variables depend are summed out of it with their own
    probabilities. It is ``None`` where prior and data are not apart: a coordinate is a missing
    observation, a free variable depends on what was observed, or on a discrete variable of which a
    part was.
    """
    if any(isinstance(slot.variable, MissingValues) for slot in density.slots):
        return None
    free = [slot.variable.distribution for slot in density.slots]
    free += [unknown.distribution for unknown in density.unknowns]
    if depends_on(free, density.observed):
        return None
    marginal = _marginal(density)
    if marginal is not None and any(u.evidence is not None for u in marginal.unknowns):
        return None

    def compute(flat: Any, data: Any) -> Any:
        values, jacobians, notes = density._assign(flat, data)
        total = jnp.zeros(())
        for slot in density.slots:
            total += jnp.sum(jacobians[slot.variable.name]) + terms.constant(slot)
        for term in density._terms:
            if term.kind == "free":
                total += jnp.sum(term.compute(values))
        if marginal is not None:
            total += marginal.evaluate(values).log_sum()
        return total, notes

    flat = jax.ShapeDtypeStruct((density.size,), np.float64)
    return Traced(exactly(compute), flat, density._leaves.arrays())


def _marginal(density: Density) -> Plan | None:
    """Plan the sum over discrete unknowns of the free variables' own terms, if there are any."""
    whole = density.marginal
    if whole is None:
        return None
    free = [term for term in whole.terms if term.kind == "free"]
    return Plan(whole.unknowns, free, whole.largest, filled_in) if free else None
