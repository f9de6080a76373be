"""Free variables: transform and start value, checked where they are written; ordered priors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aliquot.compilation import compiled, light
from aliquot.distributions.base import Distribution
from aliquot.distributions.dirichlet import Dirichlet
from aliquot.errors import DTypeError, ModelError, ShapeError, SupportError
from aliquot.expression import Expression, expressions
from aliquot.model.observed import whole
from aliquot.model.variables import FreeVariable
from aliquot.precision import float64
from aliquot.transforms import (
    Ordered,
    PositiveOrdered,
    Transform,
    default_transform,
    log,
)


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
    """Make a free variable and add it to the model."""
    distribution = remake()
    if distribution.support.mixed:
        raise ModelError(
            f"{name}: some values of {distribution.family} have a probability of their own, and "
            "the others a density, so that no coordinates reach both. Observe it; or, if it is not "
            "observed, make the variable one without them and compute the rest: of a censored "
            "variable x that is np.clip(x, lower, upper)"
        )
    chosen = (
        _default(distribution) if transform is default else _checked(name, transform, distribution)
    )
    if chosen is not None:
        try:
            chosen.unconstrained_shape(distribution.shape)
        except ShapeError as error:
            raise ShapeError(f"{name}: {error}") from None
        if transform is not default and not _same_reach(chosen, distribution):
            _check_reach(name, chosen, distribution)
    variable = FreeVariable(
        name,
        distribution,
        dims=dims,
        owner=model,
        transform=chosen,
        fits=transform is default or _same_reach(chosen, distribution),
        initval=None if initval is None else _start(name, initval, distribution, chosen),
        remake=remake,
    )
    return model.add(variable)


def _default(distribution: Distribution) -> Transform | None:
    return None if distribution.discrete else default_transform(distribution.support)


def _same_reach(transform: Transform | None, distribution: Distribution) -> bool:
    """Say whether a transform surely stays inside the support."""
    if transform is None or distribution.discrete:
        return False
    natural = default_transform(distribution.support)
    if isinstance(transform, PositiveOrdered):
        return natural is log
    return transform is natural or isinstance(transform, Ordered)


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
    if isinstance(transform, Ordered):
        return _fitted(name, transform, distribution)
    return transform


def _fitted(name: str, transform: Ordered, distribution: Distribution) -> Transform:
    """Give an order within the support, or say which cannot be."""
    shape, dims = distribution.shape, distribution.event_dims
    try:
        fitted = transform.fitted(default_transform(distribution.support), shape)
        axis = fitted.ordered_axis(shape)
    except ShapeError as error:
        raise ShapeError(f"{name}: {error}") from None
    except ModelError as error:
        raise ModelError(f"{name}: {error}") from None
    if dims and not fitted.at and axis < len(shape) - dims:
        raise ModelError(
            f"{name}: values of {distribution.family} are vectors, and transform ordered would "
            "order each entry of them by itself. Order the vectors by one entry: "
            f"{transform.name}(axis={axis}, at=0)"
        )
    return fitted


def _check_reach(name: str, transform: Transform, distribution: Distribution) -> None:
    """Refuse a transform that leaves the support, where both are known, or is too small for it."""
    own = transform.unconstrained_shape(distribution.shape)
    natural = default_transform(distribution.support).unconstrained_shape(distribution.shape)
    if np.prod(own) < np.prod(natural):
        raise ModelError(
            f"{name}: transform {transform.name} has {np.prod(own, dtype=int)} coordinates, and so "
            f"does not reach all values of {distribution.family}, which have "
            f"{np.prod(natural, dtype=int)}. Leave transform= out: the one that fits is chosen "
            "from the support"
        )
    if not distribution.support.constant() or expressions(transform):
        return
    with float64():
        points = np.stack([np.full(own, y) for y in (-3.0, -0.5, 0.0, 0.5, 3.0)])
        # One program: operation by operation, each would be compiled by itself.
        reached = np.asarray(compiled(transform.backward, points, options=light()).call(points))
    support = distribution.support
    inside = support.check(reached)
    if not inside.all():
        raise ModelError(
            f"{name}: transform {transform.name} reaches "
            f"{reached[~inside].flat[0]:.3g}, but values of {distribution.family} must be "
            f"{support.description}. Leave transform= out: the one that fits is chosen from the "
            "support"
        )


def _start(
    name: str, initval: Any, distribution: Distribution, transform: Transform | None
) -> np.ndarray:
    if isinstance(initval, Expression):
        raise ModelError(f"{name}: initval must be numbers; got the expression {initval.text}")
    value = np.asarray(initval)
    if value.dtype.kind not in "buif" or (distribution.discrete and np.isnan(value).any()):
        raise DTypeError(f"{name}: initval must be numbers; got {initval!r}")
    if distribution.discrete:
        value = whole(f"{name}: initval", value, distribution)
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
    if isinstance(transform, Ordered) and not np.all(transform.increases(value)):
        raise SupportError(
            f"{name}: initval must be {transform.describe(value.shape)}, because the variable is "
            f"ordered; got {initval}"
        )
    return value


def exchangeable(distribution: Distribution, axis: int = -1) -> bool:
    """Say whether the slices along an axis are independent and alike under a prior.

    The elements of an exchangeable vector can be put in order K! ways, each as likely as the
    others; so the prior restricted to one order has the density of the whole times K!, and a draw
    from it is a sorted draw. Where the elements differ a priori, neither holds.
    """
    n = len(distribution.shape)
    if not -n <= axis < n:
        return False
    # Counted from the last axis of the batch: those of a parameter may be fewer.
    place = axis - n * (axis >= 0) + distribution.event_dims
    if not distribution.alike:
        return False
    if place >= 0:
        return isinstance(distribution, Dirichlet) and _same(distribution.parameters["a"], -1)
    return all(_alike(distribution, place, *each) for each in distribution.parameters.items())


def _alike(distribution: Distribution, place: int, name: str, value: Any) -> bool:
    """Say whether a parameter is the same for all slices along an axis of the batch.

    A parameter's own axes, such as the components of a mixture's weights, are not elements.
    """
    batch = distribution._batch_shape_of(name, value)
    if -place > len(batch) or batch[place] == 1:
        return True
    return _same(value, len(batch) + place)


def _same(value: Any, axis: int) -> bool:
    if isinstance(value, Expression | Distribution):
        return False
    return bool(np.all(value == np.take(value, [0], axis=axis)))
