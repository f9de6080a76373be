"""Where a parameter that is computed leaves its range, the density is zero.

Many densities go on beyond the range of their parameters: a normal density depends on the square of
its scale, so a negative one would be taken for a positive one without a sign. What a transform
keeps inside its range anyway is not looked at, so that nothing is paid for it.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import Constraint, Interval, Real
from aliquot.expression import Evaluation, Expression
from aliquot.model.variables import FreeVariable


def parameters_in_range(distribution: Distribution, values: Evaluation) -> Any:
    """Say whether the parameters are in their ranges; a scalar, ``None`` where that is certain.

    Parameters
    ----------
    distribution : Distribution
        As it stands in the model, its parameters expressions.
    values : Evaluation
        Holds the values of the variables.
    """
    found = []
    for name, parameter in distribution.parameters.items():
        if isinstance(parameter, Distribution):
            found.append(parameters_in_range(parameter, values))
            continue
        constraint = distribution.constraints.get(name)
        if constraint is not None and _in_doubt(parameter, constraint):
            found.append(jnp.all(constraint.check(values(parameter), jnp)))
    checks = [check for check in found if check is not None]
    return jnp.all(jnp.stack(checks)) if checks else None


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
