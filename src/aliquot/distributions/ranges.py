"""Which parameters are in their ranges, inside a traced function."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from aliquot.distributions.constraints import Constraint
from aliquot.expression import Expression

if TYPE_CHECKING:
    from aliquot.distributions.base import Distribution

Ask = Callable[[Any, Constraint], bool]


def keep_in_range(written: Distribution, filled: Distribution, doubt: Ask, replace: Ask) -> Any:
    """Say where parameters are in their ranges; put others in place of those that are not.

    Of a distribution as it is `written` in the model, and the same `filled` with arrays. Where
    ``doubt(parameter, constraint)`` holds, a parameter is looked at; where ``replace(...)`` does,
    values out of range are replaced by values inside, so that neither the density nor its gradient
    is NaN there. The result broadcasts to the batch shape; ``None`` where nothing is in doubt.
    """
    found = []
    for name, parameter in written.parameters.items():
        batch = written._batch_shape_of(name, parameter)
        value = filled.parameters[name]
        if not isinstance(parameter, Expression):
            if hasattr(parameter, "parameters"):
                inner = keep_in_range(parameter, value, doubt, replace)
                if inner is not None:
                    found.append(over_last(inner, len(parameter.batch_shape) - len(batch)))
            continue
        constraint = written.constraints.get(name)
        if constraint is None or not doubt(parameter, constraint):
            continue
        inside = constraint.check(value, jnp)
        found.append(over_last(inside, len(np.shape(parameter)) - len(batch)))
        if replace(parameter, constraint):
            wide = jnp.expand_dims(inside, tuple(range(-constraint.event_dims, 0)))
            safe = constraint.feasible(value, jnp).astype(value.dtype)
            filled.parameters[name] = jnp.where(wide, value, safe)
    return reduce(jnp.logical_and, found) if found else None


def vector_in_doubt(parameter: Any, constraint: Constraint) -> bool:
    """Say whether a parameter is a vector or matrix that is computed, and no variable of that set.

    Where all variables of a model are at hand, `aliquot.density.certainty` knows better.
    """
    if not constraint.event_dims or not constraint.constant() or parameter.value_now() is not None:
        return False
    support = getattr(getattr(parameter, "distribution", None), "support", None)
    return not (getattr(parameter, "fits", False) and type(support) is type(constraint))


def over_last(inside: Any, axes: int) -> Any:
    """Ask for all along the last axes: components, steps; an array may lack those it repeats."""
    present = min(axes, jnp.ndim(inside))
    return jnp.all(inside, axis=tuple(range(-present, 0))) if present else inside
