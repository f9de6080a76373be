"""Choosing the transform of an interval from its bounds: both, one or none."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from aliquot.errors import ParameterError
from aliquot.expression import Expression
from aliquot.transforms.base import Transform
from aliquot.transforms.one_bound import Log, UpperLog, log
from aliquot.transforms.two_bounds import Logit, logodds
from aliquot.transforms.unbounded import identity


def interval(lower: Any = None, upper: Any = None) -> Transform:
    """Give the transform of the numbers between two bounds, either of which may be absent.

    Parameters
    ----------
    lower, upper : float, array, Expression or None
        A bound that is ``None``, or infinite throughout, is no bound.

    Returns
    -------
    Transform
        :class:`Logit` for two bounds, :class:`Log` or :class:`UpperLog` for one, the identity for
        none; the shared instances `logodds` and `log` for (0, 1) and (0, infinity).

    Raises
    ------
    ParameterError
        For a bound that is not a number, is NaN, or is infinite in some places only; and where
        the lower bound is not below the upper one.

    Examples
    --------
    >>> interval(0, None), interval(0, 1), interval(-1, 1), interval()
    (<transform log>, <transform logodds>, <transform interval>, <transform identity>)
    """
    low = _bound("lower", lower, -np.inf)
    up = _bound("upper", upper, np.inf)
    if low is None and up is None:
        return identity
    if up is None:
        return log if _is(low, 0.0) else Log(low)
    if low is None:
        return UpperLog(up)
    if isinstance(low, np.ndarray) and isinstance(up, np.ndarray) and not _below(low, up):
        raise ParameterError(
            f"interval: lower must be less than upper; got lower={lower}, upper={upper}"
        )
    return logodds if _is(low, 0.0) and _is(up, 1.0) else Logit(low, up)


Interval = interval
"""PyMC's name for :func:`interval`."""


def _bound(name: str, value: Any, absent: float) -> Any:
    """Read one bound: a float64 array, ``None``, or what gets its value later."""
    if value is None or isinstance(value, Expression | jax.core.Tracer):
        return value
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ParameterError(
            f"interval: {name} must be a number, an array, an expression or None; got {value!r}"
        ) from None
    if np.isnan(array).any():
        raise ParameterError(f"interval: {name} is NaN")
    if (array == absent).all():
        return None
    if not np.isfinite(array).all():
        raise ParameterError(
            f"interval: {name} must be finite everywhere or {absent} everywhere; got {value}. "
            "Write the bounded and the unbounded elements as two variables"
        )
    return array


def _below(low: np.ndarray, up: np.ndarray) -> bool:
    try:
        return bool((low < up).all())
    except ValueError:
        raise ParameterError(
            f"interval: the shapes of lower {low.shape} and upper {up.shape} do not fit together"
        ) from None


def _is(bound: Any, value: float) -> bool:
    return isinstance(bound, np.ndarray) and bool((bound == value).all())
