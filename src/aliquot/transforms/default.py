"""The transform that a variable gets from its distribution's support, when none is asked for."""

from __future__ import annotations

from aliquot.distributions import array_constraints, constraints
from aliquot.distributions.constraints import Constraint
from aliquot.errors import ModelError
from aliquot.transforms.base import Transform
from aliquot.transforms.bounds import circular, identity, interval, log
from aliquot.transforms.covariance import Cholesky, cholesky, correlation
from aliquot.transforms.order import ordered
from aliquot.transforms.probabilities import simplex
from aliquot.transforms.zero_sum import ZeroSum, zero_sum


def default_transform(support: Constraint) -> Transform:
    """Choose the transform of a support.

    Parameters
    ----------
    support : Constraint
        Of a continuous distribution; the bounds of an interval may be expressions.

    Returns
    -------
    Transform

    Raises
    ------
    ModelError
        For a support without one: discrete values, covariance matrices.

    Examples
    --------
    >>> default_transform(constraints.positive), default_transform(constraints.simplex)
    (<transform log>, <transform simplex>)
    """
    match support:
        case Constraint(discrete=True):
            raise ModelError(
                f"a value that must be {support.description} has no unconstrained coordinates: "
                "discrete variables are summed out or observed, not transformed"
            )
        case constraints.Interval():
            return interval(support.lower, support.upper)
        case constraints.ProbabilityVector():
            return simplex
        case constraints.OrderedVector():
            return ordered
        case constraints.Angle():
            return circular
        case constraints.LowerCholesky(scales=constraints.Interval() as scales):
            inner = interval(scales.lower, scales.upper)
            return cholesky if inner is log else Cholesky(inner)
        case constraints.LowerCholesky():
            return cholesky
        case array_constraints.CorrelationMatrix():
            return correlation
        case array_constraints.ZeroSumArray(event_dims=axes):
            return zero_sum if axes == 1 else ZeroSum(axes)
        case constraints.Real():
            return identity
        case constraints.PositiveDefinite():
            raise ModelError(
                "a free covariance matrix has no transform: give its Cholesky factor a prior "
                "instead, and use the factor times its transpose"
            )
        case _:
            raise ModelError(
                f"no transform is known for values that must be {support.description}: pass "
                "transform=, one of aliquot.transforms"
            )
