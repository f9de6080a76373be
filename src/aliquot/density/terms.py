"""The terms of the log density: one for each free variable, observed variable and potential."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import lgamma
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.density.exact import Notes, note
from aliquot.density.integrated import Integrated
from aliquot.density.layout import Slot
from aliquot.density.validity import filled_in
from aliquot.distributions.base import Distribution
from aliquot.distributions.missing_entries import whole_events
from aliquot.errors import ShapeError
from aliquot.expression import Evaluation
from aliquot.marginal.terms import Term
from aliquot.model.free import exchangeable
from aliquot.model.variables import FreeVariable, ObservedVariable, Potential
from aliquot.transforms import Identity, Ordered


def assign(slots: Sequence[Slot], flat: Any, values: Evaluation) -> tuple[dict[str, Any], Notes]:
    """Give every free variable its constrained value.

    Returns the log-Jacobians by name, and a note of each variable that has a transform.
    """
    jacobians: dict[str, Any] = {}
    notes: Notes = []
    for slot in slots:
        unconstrained = flat[slot.start : slot.stop].reshape(slot.shape)
        transform = values.safely(slot.transform)
        value = transform.backward(unconstrained)
        slot.give(values, value)
        jacobians[slot.variable.name] = transform.log_det_jacobian(unconstrained)
        if not isinstance(transform, Identity):
            notes.append(note(value, unconstrained, transform))
    return jacobians, notes


def prior(slot: Slot, values: Evaluation) -> Any:
    """Compute a free variable's log density on its own scale, one number for each event."""
    variable = slot.variable
    distribution, valid = filled_in(variable.distribution, values)
    value = values(variable)
    on_support = variable.fits and variable.distribution.support.constant()
    log_prob = distribution._log_prob if on_support else distribution.checked_log_prob
    log_prob_value = jnp.broadcast_to(log_prob(value), variable.distribution.batch_shape)
    return _if(valid, log_prob_value)


def constant(slot: Slot) -> float:
    """Give what an ordered variable's density has besides that of its elements."""
    if not isinstance(slot.transform, Ordered):
        return 0.0
    return log_orderings(slot.variable.distribution, slot.transform)


def terms_of(
    slots: Sequence[Slot],
    observed: Sequence[ObservedVariable],
    potentials: Sequence[Potential],
    integrated: Sequence[Integrated],
) -> list[Term]:
    """List the terms of a log density besides the discrete unknowns' own and the Jacobians.

    `observed` lacks the variables that are unknowns themselves because values are missing. The
    missing entries in `integrated` contribute nothing.
    """
    result = [
        Term(v.name, "free", (v.distribution, v), partial(prior, slot))
        for slot in slots
        if isinstance(v := slot.variable, FreeVariable)
    ]
    gone = {found.variable.name: found for found in integrated}
    for variable in observed:
        found = gone.get(variable.name)
        compute = partial(pointwise, variable, integrated=found)
        result.append(Term(variable.name, "observed", _sources(variable, found), compute))
    return result + [Term(p.name, "potential", p, partial(_value, p)) for p in potentials]


def _value(potential: Potential, values: Evaluation) -> Any:
    value = values.safely(potential)
    if not potential.may_be_nan:
        return value
    # NaN where an index is out of range, -inf where it is that of a density's value.
    marked = jax.lax.stop_gradient(values(potential))
    return _if(~(jnp.isnan(marked) | (marked == -jnp.inf)), value)


def _if(valid: Any, log_prob: Any) -> Any:
    """Put ``-inf`` where a parameter that is computed has left its range."""
    return log_prob if valid is None else jnp.where(valid, log_prob, -jnp.inf)


def log_orderings(distribution: Distribution, transform: Ordered) -> float:
    """Give log K! for each ordered vector whose elements are exchangeable a priori, else 0.

    With it the ordered variable's prior integrates to one. Elements that differ a priori have no
    such closed form; their density is then known up to that constant, which no posterior needs.
    """
    axis = transform.ordered_axis(distribution.shape)
    if not exchangeable(distribution, axis):
        return 0.0
    return transform.vectors_of(distribution.shape) * lgamma(distribution.shape[axis] + 1)


def _sources(variable: ObservedVariable, integrated: Integrated | None) -> Any:
    """Give what a likelihood is computed from; what is integrated out of it is no part of that."""
    counted = () if variable.counted is None else variable.counted
    if integrated is None:
        return variable.distribution, variable.value, counted
    if integrated.missing.all():
        return ()
    held = () if integrated.held is None else integrated.latent
    return variable.distribution, variable.observed, held, counted


def pointwise(
    variable: ObservedVariable, values: Evaluation, *, integrated: Integrated | None = None
) -> Any:
    """Compute an observed variable's log likelihood, one number for each observation.

    Its missing entries that are integrated out contribute nothing, nor does what does not count.
    """
    terms = _pointwise(variable, values, integrated)
    if variable.counted is None:
        return terms
    return jnp.where(values(variable.counted), terms, 0.0)


def _pointwise(
    variable: ObservedVariable, values: Evaluation, integrated: Integrated | None
) -> Any:
    distribution = variable.distribution
    if np.shape(variable.value) != distribution.shape:
        raise ShapeError(
            f"{variable.name}: its distribution has shape {distribution.shape}, its observed data "
            f"{np.shape(variable.value)}. After set_data of one, set the other too; for "
            "predictions only, use sample_posterior_predictive"
        )
    if integrated is not None and integrated.missing.all():
        return jnp.zeros(distribution.batch_shape)
    bound, valid = filled_in(distribution, values)
    checked = not distribution.support.constant()
    if integrated is None:
        log_prob = bound.checked_log_prob if checked else bound._log_prob
        terms = log_prob(values(variable.value))
    else:
        terms = bound.seen_log_prob(integrated.seen(values), integrated.missing, checked)
    terms = _if(valid, jnp.broadcast_to(terms, distribution.batch_shape))
    if integrated is None:
        return terms
    return jnp.where(whole_events(integrated.missing, distribution.event_dims), 0.0, terms)
