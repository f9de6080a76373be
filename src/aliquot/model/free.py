"""Free variables: their transform and their start value, checked where they are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import Interval
from aliquot.errors import DTypeError, ModelError, ShapeError, SupportError
from aliquot.model.variables import FreeVariable
from aliquot.transforms import Ordered, Transform, default_transform


def free_variable(
    model: Any,
    name: str,
    *,
    remake: Callable[[], Distribution],
    dims: tuple[str, ...] | None,
    transform: Any,
    default: Any,
    initval: Any,
) -> FreeVariable:
    """Make a free variable and add it to the model.

    Raises
    ------
    ModelError, ShapeError, SupportError
        For a transform that does not fit the support, or a start value outside of it.
    """
    distribution = remake()
    chosen = (
        _default(distribution) if transform is default else _checked(name, transform, distribution)
    )
    if chosen is not None:
        try:
            chosen.unconstrained_shape(distribution.shape)
        except ShapeError as error:
            raise ShapeError(f"{name}: {error}") from None
    variable = FreeVariable(
        name,
        distribution,
        dims=dims,
        owner=model,
        transform=chosen,
        initval=None if initval is None else _start(name, initval, distribution, chosen),
        remake=remake,
    )
    return model.add(variable)


def _default(distribution: Distribution) -> Transform | None:
    return None if distribution.discrete else default_transform(distribution.support)


def _checked(name: str, transform: Any, distribution: Distribution) -> Transform | None:
    if transform is None:
        return None
    if not isinstance(transform, Transform):
        raise ModelError(
            f"{name}: transform must be one of aq.transforms, such as aq.transforms.ordered; "
            f"got {transform!r}"
        )
    if distribution.discrete:
        raise ModelError(f"{name}: a discrete variable takes no transform")
    support = distribution.support
    if type(transform) is Ordered and isinstance(support, Interval):
        raise ModelError(
            f"{name}: transform ordered reaches every real number, but values of "
            f"{distribution.family} must be {support.description}. Use "
            "aq.transforms.positive_ordered, or order another variable"
        )
    return transform


def _start(
    name: str, initval: Any, distribution: Distribution, transform: Transform | None
) -> np.ndarray:
    value = np.asarray(initval)
    if value.dtype.kind not in "buif":
        raise DTypeError(f"{name}: initval must be numbers; got {initval!r}")
    value = value.astype(distribution.dtype)
    if value.shape != distribution.shape:
        try:
            value = np.broadcast_to(value, distribution.shape)
        except ValueError:
            raise ShapeError(
                f"{name}: initval has shape {value.shape}, the variable {distribution.shape}"
            ) from None
    support = distribution.support
    if support.constant() and not np.all(support.check(value)):
        raise SupportError(f"{name}: initval must be {support.description}; got {initval}")
    if isinstance(transform, Ordered) and not np.all(np.diff(value, axis=-1) > 0):
        raise SupportError(
            f"{name}: initval must be strictly increasing, because the variable is ordered; "
            f"got {initval}"
        )
    return value
