"""The terms of the log density: one for each free variable, observed variable and potential."""

from __future__ import annotations

from collections.abc import Sequence
from math import lgamma
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.density.layout import Slot
from aliquot.density.validity import parameters_in_range
from aliquot.distributions.base import Distribution
from aliquot.errors import ShapeError
from aliquot.expression import Evaluation
from aliquot.model.ordering import exchangeable
from aliquot.model.variables import FreeVariable, ObservedVariable
from aliquot.transforms import Ordered, PositiveOrdered


def assign(slots: Sequence[Slot], flat: Any, values: Evaluation) -> dict[str, Any]:
    """Give every free variable its constrained value; return the log-Jacobians by name."""
    jacobians: dict[str, Any] = {}
    for slot in slots:
        unconstrained = flat[slot.start : slot.stop].reshape(slot.shape)
        transform = values(slot.transform)
        values.set(slot.variable, transform.backward(unconstrained))
        jacobians[slot.variable.name] = transform.log_det_jacobian(unconstrained)
    return jacobians


def density_term(slot: Slot, jacobian: Any, values: Evaluation) -> Any:
    """Compute a free variable's log density in unconstrained coordinates, a scalar."""
    variable = slot.variable
    total = jnp.sum(jacobian)
    if not isinstance(variable, FreeVariable):
        return total  # missing values: the observed variable's density covers them
    distribution = values(variable.distribution)
    value = values(variable)
    on_support = variable.fits and variable.distribution.support.constant()
    log_prob = distribution._log_prob if on_support else distribution.checked_log_prob
    log_prob_value = jnp.broadcast_to(log_prob(value), variable.distribution.batch_shape)
    total = total + jnp.sum(_if_valid(variable.distribution, values, log_prob_value))
    if isinstance(slot.transform, Ordered | PositiveOrdered):
        total = total + log_orderings(variable.distribution)
    return total


def _if_valid(distribution: Distribution, values: Evaluation, log_prob: Any) -> Any:
    valid = parameters_in_range(distribution, values)
    return log_prob if valid is None else jnp.where(valid, log_prob, -jnp.inf)


def log_orderings(distribution: Distribution) -> float:
    """Give log K! for each ordered vector whose elements are exchangeable a priori, else 0.

    With it the ordered variable's prior integrates to one. Elements that differ a priori have no
    such closed form; their density is then known up to that constant, which no posterior needs.
    """
    if not exchangeable(distribution):
        return 0.0
    vectors = int(np.prod(distribution.shape[:-1], dtype=int))
    return vectors * lgamma(distribution.shape[-1] + 1)


def pointwise(variable: ObservedVariable, values: Evaluation) -> Any:
    """Compute an observed variable's log likelihood, one number for each observation.

    Missing entries of a discrete variable get 0: summed out, they contribute nothing.
    """
    distribution = variable.distribution
    if np.shape(variable.value) != distribution.shape:
        raise ShapeError(
            f"{variable.name}: its distribution has shape {distribution.shape}, its observed data "
            f"{np.shape(variable.value)}. After set_data of one, set the other too; for "
            "predictions only, use sample_posterior_predictive"
        )
    bound = values(distribution)
    value = values(variable.value)
    checked = not distribution.support.constant()
    terms = (bound.checked_log_prob if checked else bound._log_prob)(value)
    terms = _if_valid(distribution, values, jnp.broadcast_to(terms, distribution.batch_shape))
    if variable.missing is not None and variable.latent is None:
        terms = jnp.where(variable.missing, 0.0, terms)
    return terms
