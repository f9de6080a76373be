"""Where a parameter that is computed leaves its range, the density is zero.

Many densities go on beyond the range of their parameters: a normal density depends on the square of
its scale, so a negative one would be taken for a positive one without a sign, and weights that sum
to 1.3 make any likelihood larger. What cannot leave its range, by a transform or by how it is
computed, is not looked at, so that nothing is paid for it.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.density.certainty.certain import certain
from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import Constraint, Interval, Real
from aliquot.distributions.parameters import keep_in_range, over_last
from aliquot.expression import Evaluation, Expression, leaves
from aliquot.expression.lengths import on_disk
from aliquot.model.variables import FreeVariable


def filled_in(distribution: Distribution, values: Evaluation) -> tuple[Distribution, Any]:
    """Give a distribution the values of its parameters, and say where these are in their ranges.

    A vector or matrix outside of its set is replaced by one inside, and so is a number that
    depends on a discrete variable: the density is not used there, but among several states one
    that is impossible must not put a NaN into the gradient of the others.

    The parameters of the given distribution are expressions, those of the result arrays. The second
    result is an array of bool that broadcasts to the distribution's batch shape, or ``None`` where
    all is certain. It has one answer for each event and not one for all: what is in doubt in one
    row says nothing about another, so that rows which depend on different unknowns stay apart.
    """
    filled: Distribution = values.safely(distribution)
    valid = keep_in_range(distribution, filled, in_doubt, _replaced)
    return filled, both(valid, indexed_in_range(distribution, values))


def both(first: Any, second: Any) -> Any:
    """Join what is valid; ``None`` stands for all."""
    if first is None or second is None:
        return second if first is None else first
    return jnp.logical_and(first, second)


def indexed_in_range(written: Distribution, values: Evaluation) -> Any:
    """Say where no parameter was taken by an index out of range; ``None`` where none can be.

    Such a parameter is NaN. What is computed of it for the density is another number, so that the
    gradient of what else is in a sum stays finite.
    """
    found = None
    for name, parameter in written.parameters.items():
        if isinstance(parameter, Distribution):
            here, own = indexed_in_range(parameter, values), len(parameter.batch_shape)
        elif isinstance(parameter, Expression) and parameter.may_be_nan:
            here = ~jnp.isnan(jax.lax.stop_gradient(values(parameter)))
            own = len(parameter.shape)
        else:
            continue
        if here is not None:
            batch = written._batch_shape_of(name, parameter)
            found = both(found, over_last(here, own - len(batch)))
    return found


def in_doubt(parameter: Any, constraint: Constraint) -> bool:
    """Say whether a parameter may leave its range when the density is evaluated."""
    if not isinstance(parameter, Expression):
        return False
    # Of rows on a disk the extremes were looked at, not each row as a whole.
    if parameter.value_now() is not None and not (constraint.event_dims and on_disk(parameter)):
        return False
    # A number that is not finite makes a density that is not.
    if isinstance(constraint, Real) or not constraint.constant():
        return False
    if constraint.event_dims:
        return not certain(parameter, constraint)
    if isinstance(parameter, FreeVariable) and parameter.fits:
        return not _within(parameter.distribution.support, constraint)
    return True


def _replaced(parameter: Expression, constraint: Constraint) -> bool:
    return bool(constraint.event_dims) or _varies_by_state(parameter)


def _varies_by_state(parameter: Expression) -> bool:
    below = (getattr(leaf, "distribution", None) for leaf in leaves(parameter))
    return any(distribution is not None and distribution.discrete for distribution in below)


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
