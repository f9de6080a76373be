"""Reading what is cut off or censored: a univariate distribution and its bounds."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import Bound, Constraint, integer
from aliquot.distributions.parameters import as_parameter, at
from aliquot.errors import ParameterError, ShapeError
from aliquot.expression import Expression, apply

LOWER, UPPER = Bound(-np.inf), Bound(np.inf)
BOUNDS: dict[str, Constraint] = {"lower": LOWER, "upper": UPPER}
WHOLE_BOUNDS: dict[str, Constraint] = {"lower": integer, "upper": integer}
# Beyond, no count is told from the next one.
_MOST = 2.0**62


def univariate(family: str, dist: Any) -> Distribution:
    """Give the distribution, ready for its tails, or say what keeps it from having any."""
    if not isinstance(dist, Distribution):
        what = dist.text if isinstance(dist, Expression) else f"{dist!r:.60}"
        raise ParameterError(
            f"{family}: dist must be a distribution, made with Normal.dist(...) or the like and "
            f"not registered in the model; got {what}"
        )
    if dist.event_dims:
        raise ShapeError(
            f"{family}: dist must be of single numbers; the values of {dist.family} are "
            f"{'vectors' if dist.event_dims == 1 else 'matrices'}"
        )
    try:
        return dist.with_tails()
    except ParameterError as error:
        raise ParameterError(f"{family}: dist cannot be {dist.family}: {error}") from None


def given_bounds(family: str, dist: Distribution, lower: Any, upper: Any) -> dict[str, Any]:
    """Read the bounds that there are; those of integers are whole numbers."""
    bounds = {}
    for name, value, constraint in (("lower", lower, LOWER), ("upper", upper, UPPER)):
        if value is None:
            continue
        bound = as_parameter(family, name, value, constraint)
        if isinstance(bound, np.ndarray) and np.all(bound == constraint.absent):
            continue
        bounds[name] = _whole(bound, name == "lower") if dist.discrete else bound
    return bounds


def check_order(family: str, bounds: dict[str, Any], equal: bool) -> None:
    """Refuse bounds that are known to leave nothing, or one value where that is not enough."""
    low, high = (_known(bounds.get(name)) for name in ("lower", "upper"))
    if low is None or high is None:
        return
    low, high = np.broadcast_arrays(low, high)
    wrong = low > high if equal else low >= high
    if wrong.any():
        index = tuple(np.argwhere(wrong)[0])
        raise ParameterError(
            f"{family}: upper must be {'at least' if equal else 'greater than'} lower; "
            f"got lower={low[index]:g} and upper={high[index]:g}{at(index)}"
        )


def check_overlap(family: str, dist: Distribution, bounds: dict[str, Any]) -> None:
    """Refuse bounds between which the distribution is known to have no values."""
    support = dist.support
    for name, own in (("lower", "upper"), ("upper", "lower")):
        bound, end = _known(bounds.get(name)), _known(getattr(support, own, None))
        if bound is None or end is None:
            continue
        bound, end = np.broadcast_arrays(bound, end)
        beyond = bound > end if name == "lower" else bound < end
        if not dist.discrete:
            beyond = beyond | (bound == end)
        if beyond.any():
            index = tuple(np.argwhere(beyond)[0])
            raise ParameterError(
                f"{family}: {name}={bound[index]:g}{at(index)} leaves no value of {dist.family}, "
                f"which must be {support.description}"
            )


def _whole(bound: Any, lower: bool) -> Any:
    if isinstance(bound, Expression):
        if bound.dtype.kind in "biu":
            return bound
        return apply(jnp.ceil if lower else jnp.floor, bound)
    rounded = np.ceil(bound) if lower else np.floor(bound)
    return np.clip(rounded, -_MOST, _MOST).astype(np.int64)


def _known(bound: Any) -> np.ndarray | None:
    if bound is None:
        return None
    value = bound.value_now() if isinstance(bound, Expression) else bound
    return None if value is None else np.asarray(value)
