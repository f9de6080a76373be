"""Observed variables, with their missing entries as unknowns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import Constraint, Interval
from aliquot.distributions.missing_entries import partial_events
from aliquot.distributions.parameters import at
from aliquot.distributions.traced_function import ResultShapeError
from aliquot.errors import AliquotError, ModelError, ShapeError
from aliquot.expression import Evaluation, Expression, apply, leaves
from aliquot.model import observed as observations
from aliquot.model.variables import Data, MissingValues, ObservedVariable
from aliquot.precision import float64
from aliquot.transforms import Transform, default_transform


def observed_variable(
    model: Any,
    name: str,
    *,
    make: Callable[[Any], Distribution],
    shaped: Callable[[], tuple[int, ...] | None],
    dims: tuple[str, ...] | None,
    observed: Any,
) -> ObservedVariable:
    """Make an observed variable (and the latent of its missing entries) and add it to the model."""
    if not isinstance(observed, Expression) and model.rows:
        observed = model.rows.read(observations.as_values(name, observed))
    values = observations.as_values(name, known_values(model, name, observed))
    missing = observations.find_missing(values)
    distribution = likelihood(name, make, shaped(), values.shape)
    rows = model.rows.places() if model.rows and model.rows.has_rows(values.shape[:1]) else None
    values = observations.check_kind(name, values, distribution, rows)
    observations.check_support(name, values, missing, distribution, rows)
    latent = None
    if missing is not None:
        values, latent = _with_latent(model, name, values, missing, distribution)
        observations.warn_missing(name, missing, summed=distribution.discrete)
    source = (
        observed
        if isinstance(observed, Expression) and missing is None
        else Data(name, values.shape, values.dtype, value=values, owner=model)
    )
    if source.dtype != distribution.dtype:
        source = source.astype(distribution.dtype)
    variable = ObservedVariable(
        name,
        distribution,
        source,
        value=source if latent is None else _filled(source, latent, name),
        dims=dims,
        owner=model,
        missing=missing,
        latent=latent,
        data_expression=observed if isinstance(observed, Expression) else None,
        remake=lambda shape: predicted(make, shaped(), shape),
    )
    if latent is not None:
        model.add(latent)
    model.rows.count(variable)
    return model.add(variable)


def known_values(model: Any, name: str, observed: Any) -> Any:
    """Give the observed values as an array, computed where they are an expression of data."""
    if not isinstance(observed, Expression):
        return observed
    sources = leaves(observed)
    if not all(isinstance(leaf, Data) for leaf in sources):
        free = next(leaf.name for leaf in sources if not isinstance(leaf, Data))
        raise ModelError(
            f"{name}: observed must be data, but {observed.text} depends on the unknown {free!r}"
        )
    if any(leaf.owner is not model for leaf in sources):
        raise ModelError(f"{name}: observed={observed.text} belongs to another model")
    if isinstance(observed, Data):
        return observed.value
    with float64():
        return np.asarray(Evaluation({leaf: leaf.value for leaf in sources})(observed))


def likelihood(
    name: str,
    make: Callable[[Any], Distribution],
    asked: tuple[int, ...] | None,
    data_shape: tuple[int, ...],
) -> Distribution:
    """Make the distribution of observations, of the data's own shape and no other.

    Parameters that are one number serve all observations; parameters of another shape than the
    data are taken for a mistake, unless `shape` or `dims` say that they are meant to be repeated.
    """
    if asked is not None and asked != data_shape:
        raise ShapeError(
            f"{name}: the data have shape {data_shape}, but its shape or dims say {asked}"
        )
    try:
        distribution = make(data_shape)
    except ResultShapeError:
        raise
    except ShapeError as error:
        raise ShapeError(
            f"{error}. The observed data have shape {data_shape}, and a likelihood does not "
            "broadcast against its data: give both the same shape"
        ) from None
    own = parameter_shape(make)
    if asked is None and own not in ((), distribution.batch_shape):
        raise ShapeError(
            f"{name}: its parameters have shape {own}, but the observed data have shape "
            f"{data_shape}, and a likelihood does not broadcast against its data in silence. If "
            "the parameters are to be repeated along the data, say so with "
            f"shape={data_shape} or dims"
        )
    return distribution


def parameter_shape(make: Callable[[Any], Distribution]) -> tuple[int, ...]:
    """Give the batch shape that the parameters have by themselves; () where it is not known."""
    try:
        return make(None).batch_shape
    except AliquotError:  # a family that asks for a shape, such as a walk without steps
        return ()


def predicted(
    make: Callable[[Any], Distribution],
    asked: tuple[int, ...] | None,
    data_shape: tuple[int, ...],
) -> Distribution:
    """Make the distribution anew after covariates were replaced: they may ask for other rows."""
    if asked is not None:
        return make(asked)
    try:
        return make(data_shape)
    except ShapeError:
        return make(None)


def _with_latent(
    model: Any, name: str, values: np.ndarray, missing: np.ndarray, distribution: Distribution
) -> tuple[np.ndarray, MissingValues]:
    """Put placeholders where values are missing, and make the latent of those."""
    index = tuple(np.nonzero(missing))
    support = distribution.support
    transform = None
    if distribution.discrete:
        if support.elementwise().event_dims:
            _check_whole(name, missing, distribution)
        if support.constant():
            placeholder = np.asarray(support.feasible(values)).astype(values.dtype)
            values = np.where(missing, placeholder, values)
    elif default_transform(support).event_dims:
        _check_whole(name, missing, distribution)
        values = np.where(missing, support.feasible(np.where(missing, 0.0, values)), values)
    else:
        transform = transform_at(distribution, index)
        values = np.where(missing, _typical(values, missing, support), values)
    latent = MissingValues(
        f"{name}_missing",
        distribution,
        index=index,
        transform=transform,
        placeholder=values[index],
        owner=model,
    )
    model.check_name(latent.name)
    return values, latent


def _typical(values: np.ndarray, missing: np.ndarray, support: Constraint) -> np.ndarray:
    """Give placeholders for missing numbers: one that was seen, where it may be.

    What else is computed from them, such as a logarithm, has then a value, too.
    """
    seen = values[~missing]
    typical = np.full(values.shape, seen[0] if seen.size else 0.0)
    if not support.constant():
        return typical
    inside = np.asarray(support.check(typical))
    inside = np.expand_dims(inside, tuple(range(-support.event_dims, 0)))
    return np.where(inside, typical, support.feasible(typical))


def _check_whole(name: str, missing: np.ndarray, distribution: Distribution) -> None:
    """Refuse events that are missing in part, where their entries determine one another."""
    broken = partial_events(missing, distribution.event_dims)
    if broken.any():
        where = at(np.argwhere(broken)[0])
        raise ModelError(
            f"{name}: missing values of {distribution.family} cannot be imputed entry by entry, "
            f"because a value must be {distribution.support.description}; some but not all are "
            f"missing{where}: give them, leave those rows out, or "
            "put NaN in all entries of such a row"
        )


def part_of(latent: MissingValues, entries: np.ndarray) -> MissingValues:
    """Make a latent of some of a latent's entries."""
    index = tuple(positions[entries] for positions in latent.index)
    transform = None if latent.transform is None else transform_at(latent.distribution, index)
    return MissingValues(
        latent.name,
        latent.distribution,
        index=index,
        transform=transform,
        placeholder=latent.placeholder[entries],
        owner=latent.owner,
    )


def transform_at(distribution: Distribution, index: tuple[np.ndarray, ...]) -> Transform:
    """Give the transform of the entries at an index: bounds that vary are taken there."""
    support = distribution.support
    if not isinstance(support, Interval):
        return default_transform(support)
    shape = distribution.shape

    def pick(bound: Any) -> Any:
        if bound is None or np.shape(bound) == ():
            return bound
        return apply(lambda b: jnp.broadcast_to(b, shape)[index], bound)

    return default_transform(
        Interval(pick(support.lower), pick(support.upper), closed=support.closed)
    )


def _filled(source: Expression, latent: MissingValues, name: str) -> Expression:
    """Put the latent values where the missing ones were."""
    index = latent.index
    filled: Expression = apply(
        lambda base, unknown: jnp.asarray(base).at[index].set(unknown), source, latent, text=name
    )
    return filled
