"""A model written again, line by line, with some of its lines replaced: `do` and `observe`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from aliquot.errors import DTypeError, ModelError, ShapeError, SupportError, heard
from aliquot.expression import Expression
from aliquot.expression.lengths import told
from aliquot.expression.rebuild import Rebuilding
from aliquot.hints.arguments import DO
from aliquot.hints.explain import explained
from aliquot.model import observed as observations
from aliquot.model.constructors import Constructor, data, deterministic, potential
from aliquot.model.context import Model, resolve_model
from aliquot.model.dims import as_mapping
from aliquot.model.on_disk import rows_of
from aliquot.model.variables import (
    Data,
    Deterministic,
    FreeVariable,
    MissingValues,
    ObservedVariable,
)
from aliquot.transforms import Ordered


@explained(DO)
def do(model: Model, values: Mapping[str, Any]) -> Model:
    r"""Set variables to values, whatever they depend on: an intervention.

    Parameters
    ----------
    model : Model
        It is left as it is.
    values : mapping from str to array
        Of free, observed or deterministic variables: numbers of their shape, or one number for all
        of their elements, in their support.

    Returns
    -------
    Model
        In which these variables are `aq.Data` of the same names and dims, without a prior or
        likelihood, and all others are written as before.

    Raises
    ------
    ModelError
        For an unknown name, and what is no variable (data, a potential).
    ShapeError, DTypeError, SupportError
        For values of another shape, that are no numbers, or off the variable's support.

    Notes
    -----
    Draws of the model are from the interventional distribution, of which Pearl, Causality (2nd
    ed., 2009), definition 3.2.1, writes :math:`P(y \mid do(x))`: the graph without the edges into
    x. `aq.set_data` gives other values later.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model() as model:
    ...     rain = aq.Bernoulli("rain", 0.3)
    ...     wet = aq.Bernoulli("wet", 0.1 + 0.8 * rain)
    ...     slip = aq.Beta("slip", 1 + 5 * wet, 5)
    >>> aq.do(model, {"wet": 1})
    rain ~ Bernoulli(p=0.3)
     wet = data
    slip ~ Beta(alpha=1 + 5 * wet, beta=5)
    """
    model = resolve_model(model, "aq.do")
    values = as_mapping("aq.do: values", values, "{'x': 1.0}")
    can_be = (FreeVariable, ObservedVariable, Deterministic)
    replaced = {
        name: _intervention(_variable(model, "aq.do", name, can_be), value)
        for name, value in values.items()
    }
    return _written_again(model, replaced, {})


@explained(DO)
def observe(model: Model, values: Mapping[str, Any]) -> Model:
    """Give free variables observed values.

    Parameters
    ----------
    model : Model
        It is left as it is.
    values : mapping from str to array
        Of free variables, discrete ones too: numbers of their shape, in their support. Missing ones
        (NaN, ``None``, masked) become latent variables, as where a variable is written with
        ``observed=``.

    Returns
    -------
    Model
        The same as if it were written with ``observed=values``.

    Raises
    ------
    ModelError
        For an unknown name, and what is not a free variable; for one that is kept in an order or
        to a part of its support by its transform, which data have none of.
    ShapeError, DTypeError, SupportError
        For values of another shape, that are no numbers, or off the variable's support.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model() as model:
    ...     mu = aq.Normal("mu", 0, 1)
    ...     y = aq.Normal("y", mu, 1, shape=3)
    >>> aq.observe(model, {"y": [0.3, 1.2, -0.5]})
    mu ~ Normal(mu=0, sigma=1)
     y ~ Normal(mu=mu, sigma=1)  observed (3)
    """
    model = resolve_model(model, "aq.observe")
    values = as_mapping("aq.observe: values", values, "{'y': data}")
    for name, value in values.items():
        _check_observable(_variable(model, "aq.observe", name, (FreeVariable,)), value)
    return _written_again(model, {}, values)


def with_observations(model: Model, values: Mapping[str, np.ndarray]) -> Model:
    """Write a model again with other observed values, NaN where there are none."""
    return _written_again(model, {}, values)


def _written_again(
    model: Model, replaced: Mapping[str, np.ndarray], observed: Mapping[str, Any]
) -> Model:
    """Write a model anew, some variables as data, and some as observed, or observed otherwise."""
    new = Model(max_table=model.max_table)
    new.coords.restore(model.coords.as_dict())
    rebuilding = Rebuilding()
    places = []  # how many variables there are before each of the model's
    with new:
        for leaf in model.arrays:
            if leaf.on_disk:
                rebuilding.set(leaf, rows_of(leaf, unnamed=True))
        for variable in model.variables.values():
            places.append(len(new.variables))
            if not isinstance(variable, MissingValues):
                _write(variable, rebuilding, replaced, observed)
        places.append(len(new.variables))
    for at, read in model.noted:
        known = rebuilding(read.source) if isinstance(read.source, Expression) else new.coords
        new.note_read(replace(read, source=known), after=places[at])
    return new


def _write(
    variable: Any,
    rebuilding: Rebuilding,
    replaced: Mapping[str, np.ndarray],
    observed: Mapping[str, Any],
) -> None:
    """Write one variable into the model whose ``with`` block is running."""
    name, dims = variable.name, variable.dims
    made: Any
    if name in replaced:
        made = data(name, replaced[name], dims=dims)
    elif isinstance(variable, Data) and variable.on_disk:
        made = rows_of(variable)
    elif isinstance(variable, Data):
        made = data(name, variable.value, dims=dims)
    elif isinstance(variable, FreeVariable) and name in observed:
        made = _random(variable, rebuilding, observed=observed[name])
    elif isinstance(variable, FreeVariable):
        written = variable.written
        transform = rebuilding(written.transform)
        made = _random(variable, rebuilding, transform=transform, initval=written.initval)
    elif isinstance(variable, ObservedVariable):
        values = observed[name] if name in observed else rebuilding(_observations(variable))
        with heard():  # of missing values it was said when the model was written
            made = _random(variable, rebuilding, observed=values)
        if variable.latent is not None:
            rebuilding.set(variable.latent, made.latent)
    elif isinstance(variable, Deterministic):
        made = deterministic(name, rebuilding(variable.inputs[0]), dims=dims)
    else:
        made = potential(name, rebuilding(variable.inputs[0]))
    rebuilding.set(variable, made)


def _random(variable: Any, rebuilding: Rebuilding, **keywords: Any) -> Any:
    """Write a random variable, and nothing that its constructor adds to it."""
    written = variable.written
    args, kwargs = rebuilding((written.args, written.kwargs))
    return Constructor.__call__(
        written.constructor,
        variable.name,
        *args,
        shape=written.shape,
        dims=variable.dims,
        **keywords,
        **kwargs,
    )


def _observations(variable: ObservedVariable) -> Any:
    """Give what was observed, NaN where it is missing."""
    if variable.data_expression is not None:
        return variable.data_expression
    values = variable.observed.value_now()
    if variable.observed.on_disk:
        return variable.observed
    if variable.missing is None:
        return values
    return np.where(variable.missing, np.nan, values)


def _variable(model: Model, user: str, name: str, kinds: tuple[type[Any], ...]) -> Any:
    variable = model.variables.get(name)
    if isinstance(variable, kinds):
        return variable
    known = ", ".join(repr(v.name) for v in model.variables.values() if isinstance(v, kinds))
    if variable is None:
        raise ModelError(f"{user}: the model has no variable {name!r}; it can be {known or 'none'}")
    why = {
        Data: "data, which are replaced with aq.set_data",
        MissingValues: "the missing values of an observed variable: give the whole of that",
        ObservedVariable: "observed already: replace its data with aq.set_data, where they are "
        "aq.Data, or set it to values with aq.do",
        Deterministic: "computed from others, and has no distribution of its own: write it as a "
        "random variable, or set it to values with aq.do",
    }
    said = next((text for kind, text in why.items() if isinstance(variable, kind)), None)
    raise ModelError(
        f"{user}: {name!r} is {said or 'a potential, a term of the log density without values'}"
        f" (it can be {known or 'none'})"
    )


def _intervention(variable: Any, value: Any) -> np.ndarray:
    """Read the values that a variable is set to."""
    name = variable.name
    if isinstance(value, Expression):
        raise ModelError(f"{name}: give numbers; got the expression {value.text}")
    values = observations.as_values(name, value)
    shape = told(variable)
    if values.ndim == 0:
        values = np.broadcast_to(values, shape)
    if values.shape != shape:
        raise ShapeError(f"{name}: the values have shape {values.shape}, it has {shape}")
    if observations.find_missing(values) is not None:
        raise ModelError(f"{name}: the values hold NaN; an intervention has to be complete")
    if isinstance(variable, Deterministic):
        kinds = "buif"
        whole = values.dtype.kind == "f" and bool(np.all(values == np.floor(values)))
        if kinds.index(values.dtype.kind) > kinds.index(variable.dtype.kind) and not (
            whole and variable.dtype.kind == "i"
        ):
            raise DTypeError(f"{name}: it is {variable.dtype}, the values are {values.dtype}")
        return values.astype(variable.dtype)
    values = observations.check_kind(name, values, variable.distribution)
    observations.check_support(name, values, None, variable.distribution)
    order = getattr(variable, "transform", None)
    if isinstance(order, Ordered) and not np.all(order.increases(values)):
        raise SupportError(
            f"{name}: the values must be {order.describe(values.shape)}, because the variable is "
            f"ordered; got {values}"
        )
    return values


def _check_observable(variable: FreeVariable, value: Any) -> None:
    """Refuse data of another shape than the variable's, and a transform that changes its prior."""
    name, transform = variable.name, variable.transform
    if isinstance(value, Expression):
        raise ModelError(f"{name}: give numbers; got the expression {value.text}")
    if isinstance(transform, Ordered) or (transform is not None and not variable.fits):
        raise ModelError(
            f"{name}: its transform {transform.name} keeps it to a part of what "
            f"{variable.distribution.family} can be, and an observed variable has no transform. "
            "Write the model anew, without transform= or with a prior on that part"
        )
    shape = observations.as_values(name, value).shape
    if shape != told(variable):
        raise ShapeError(f"{name}: the data have shape {shape}, the variable {told(variable)}")
