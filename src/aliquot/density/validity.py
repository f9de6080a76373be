"""Where a parameter that is computed leaves its range, the density is zero.

Many densities go on beyond the range of their parameters: a normal density depends on the square of
its scale, so a negative one would be taken for a positive one without a sign. What a transform
keeps inside its range anyway is not looked at, so that nothing is paid for it.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import Constraint, Interval, Real
from aliquot.expression import Evaluation, Expression
from aliquot.model.variables import FreeVariable


def parameters_in_range(distribution: Distribution, values: Evaluation) -> Any:
    """Say where the parameters are in their ranges; ``None`` where that is certain.

    One answer for each event and not one for all: what is in doubt in one row says nothing about
    another, so that rows which depend on different unknowns stay apart.

    Parameters
    ----------
    distribution : Distribution
        As it stands in the model, its parameters expressions.
    values : Evaluation
        Holds the values of the variables.

    Returns
    -------
    array of bool, or None
        Broadcasts to the distribution's batch shape.
    """
    found = []
    for name, parameter in distribution.parameters.items():
        batch = distribution._batch_shape_of(name, parameter)
        if isinstance(parameter, Distribution):
            inner = parameters_in_range(parameter, values)
            if inner is not None:
                found.append(_over_last(inner, len(parameter.batch_shape) - len(batch)))
            continue
        constraint = distribution.constraints.get(name)
        if constraint is not None and _in_doubt(parameter, constraint):
            inside = constraint.check(values(parameter), jnp)
            found.append(_over_last(inside, len(np.shape(parameter)) - len(batch)))
    return reduce(jnp.logical_and, found) if found else None


def _over_last(inside: Any, axes: int) -> Any:
    """Ask for all along the last axes: components, steps; an array may lack those it repeats."""
    present = min(axes, jnp.ndim(inside))
    return jnp.all(inside, axis=tuple(range(-present, 0))) if present else inside


def _in_doubt(parameter: Any, constraint: Constraint) -> bool:
    if not isinstance(parameter, Expression) or parameter.value_now() is not None:
        return False
    # A vector or matrix that is off its set is refused by its own density, or costs too much here;
    # a number that is not finite makes a density that is not.
    if constraint.event_dims or isinstance(constraint, Real) or not constraint.constant():
        return False
    if isinstance(parameter, FreeVariable) and parameter.fits:
        return not _within(parameter.distribution.support, constraint)
    return True


def _within(support: Constraint, constraint: Constraint) -> bool:
    """Say whether a transform to the inside of a support cannot leave the other interval."""
    if not isinstance(support, Interval) or not isinstance(constraint, Interval):
        return False
    if not support.constant():
        return False
    low = _bound(support.lower, -np.inf) >= _bound(constraint.lower, -np.inf)
    up = _bound(support.upper, np.inf) <= _bound(constraint.upper, np.inf)
    return bool(np.all(low) and np.all(up))


def _bound(value: Any, absent: float) -> Any:
    return absent if value is None else np.asarray(value)
