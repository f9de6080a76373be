"""Simulating a model forwards: every variable drawn given those before it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from aliquot.density.validity import filled_in, indexed_in_range
from aliquot.distributions.base import Distribution
from aliquot.errors import AliquotWarning, ModelError, ShapeError, warn
from aliquot.expression import Evaluation
from aliquot.model import Model
from aliquot.model.describe import parents
from aliquot.model.free import exchangeable
from aliquot.model.variables import (
    Deterministic,
    FreeVariable,
    MissingValues,
    ObservedVariable,
    Potential,
)
from aliquot.transforms import Ordered

# Before a variable's name: whether its parameters were in range. No variable's name has a slash.
VALID = "/"
# An ordered vector whose elements differ a priori is drawn by rejection, so many times at most.
TRIES = 10_000


def simulator(
    model: Model, wanted: Iterable[str], parameters_of: str | None = None
) -> Callable[[Any, Any, Any], dict[str, Any]]:
    """Make a pure function ``simulate(key, fixed, data) -> dict`` that draws every variable once.

    `fixed` holds the values of free variables that are not to be drawn (posterior draws), `data`
    the values of the model's data by name. Besides the draws of the variables `wanted` the result
    says under ``VALID + name`` whether the parameters that a variable was drawn with were in range,
    where that is not certain; under `VALID` it has the distribution that `parameters_of` was drawn
    from.
    """
    wanted = tuple(wanted)

    def simulate(key: Any, fixed: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
        values = Evaluation({leaf: data[leaf.name] for leaf in model.data})
        result: dict[str, Any] = {}

        def evaluated(variable: Any) -> Any:
            distribution, valid = filled_in(variable.distribution, values)
            if valid is not None:
                result[VALID + variable.name] = jnp.all(valid)
            if variable.name == parameters_of:
                result[VALID] = values(variable.distribution)
            return distribution

        # All keys at once: compiling a generator for each variable would take most of the time.
        keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(len(model.variables)))
        left_out = without_draws(model, fixed)
        for its_key, variable in zip(keys, model.variables.values(), strict=True):
            if variable.name in left_out:
                continue
            if isinstance(variable, FreeVariable):
                value = fixed.get(variable.name)
                if value is None:
                    value = _draw_free(its_key, variable, evaluated(variable))
                    value = _marked(value, variable.distribution, values)
                values.set(variable, value)
            elif isinstance(variable, ObservedVariable):
                drawn = evaluated(variable).draw(its_key, variable.distribution.shape)
                drawn = _marked(drawn, variable.distribution, values)
                # What depends on it goes on from the values that the draw of the posterior has.
                values.set(variable, fixed.get(variable.name, drawn))
                if variable.name in wanted:
                    result[variable.name] = drawn
                if variable.latent is not None and variable.latent.name in wanted:
                    _check_rows(variable, variable.latent.name)
                    values.set(variable.latent, drawn[variable.latent.index])
                    result[variable.latent.name] = values(variable.latent)
                continue
            elif not isinstance(variable, Deterministic):
                continue
            if variable.name in wanted:
                result[variable.name] = values(variable)
        return result

    return simulate


def _marked(drawn: Any, distribution: Distribution, values: Evaluation) -> Any:
    """Put NaN where a parameter was taken by an index out of range: there is nothing to draw."""
    valid = indexed_in_range(distribution, values)
    if valid is None or drawn.dtype.kind != "f":
        return drawn
    wide = jnp.expand_dims(valid, tuple(range(-distribution.event_dims, 0)))
    return jnp.where(wide, drawn, jnp.nan)


def names(model: Model, *kinds: type[Any]) -> list[str]:
    """List the names of a model's variables of the given kinds."""
    return [v.name for v in model.variables.values() if isinstance(v, kinds)]


def check_simulable(model: Model) -> None:
    """Refuse a model with a variable that cannot be drawn.

    That is one with an improper prior, or with a prior that a transform restricts.
    """
    for variable in [*model.free, *model.observed]:
        family = variable.distribution.family
        if (why := variable.distribution.without_draws) is not None:
            raise ModelError(f"{variable.name!r} cannot be drawn: {why}")
        if not isinstance(variable, FreeVariable) or variable.transform is None:
            continue
        if not variable.fits:
            raise ModelError(
                f"{variable.name!r} cannot be drawn: its transform {variable.transform.name} keeps "
                f"it to a part of what {family} can be. Give it a prior on that part, such as "
                "aq.TruncatedNormal or aq.HalfNormal"
            )


def without_draws(model: Model, fixed: Container[str] = ()) -> dict[str, str]:
    """Say why variables cannot be drawn: those without draws, and what is computed from them.

    The values of the free variables in `fixed` are given.
    """
    found: dict[str, str] = {}
    for variable in model.variables.values():
        if variable.name in fixed and isinstance(variable, FreeVariable | MissingValues):
            continue
        distribution = getattr(variable, "distribution", None)
        why = None if distribution is None else distribution.without_draws
        if why is None and found:
            above = next((name for name in parents(variable) if name in found), None)
            why = None if above is None else f"it depends on {above!r}, and {found[above]}"
        if why is not None:
            found[variable.name] = why
    return found


def potentials(model: Model) -> list[str]:
    """List the potentials, which forward simulation cannot take into account."""
    return names(model, Potential)


def wanted(
    var_names: Sequence[str] | None,
    allowed: Sequence[str],
    default: Sequence[str] | None = None,
) -> list[str]:
    """Read which variables to return: one at least, all among those allowed."""
    if var_names is None:
        return list(allowed if default is None else default)
    asked = [var_names] if isinstance(var_names, str) else list(var_names)
    if not asked:
        raise ModelError(f"var_names is empty: name some of {', '.join(allowed)}, or leave it out")
    for name in asked:
        if name not in allowed:
            raise ModelError(f"var_names: {name!r} is not one of {', '.join(allowed)}")
    return asked


def check_predictable(model: Model, user: str) -> None:
    """Refuse a model in which nothing is observed, and say what predictions leave out."""
    left_out = ", ".join(potentials(model))
    if not model.observed:
        computed = ", ".join(names(model, Deterministic))
        which = f" ({computed})" if computed else ", as aq.Deterministic"
        advice = (
            f"The potentials {left_out} are terms of the log density, which cannot be simulated. "
            "What stands for data is predicted where it is written as a variable with observed="
            if left_out
            else "Give the variable that stands for data observed="
        )
        raise ModelError(
            f"{user}: the model has no observed variables, so there is nothing to predict. "
            f"{advice}; what is computed from the draws{which} can be asked for by var_names="
        )
    if left_out:
        warn(
            f"predictions leave out the potentials {left_out}: a term of the log density cannot be "
            "simulated. Where one stands for data, these are not predicted; name what you want in "
            "var_names=, and this is not said",
            AliquotWarning,
        )


def _draw_free(key: Any, variable: FreeVariable, distribution: Distribution) -> Any:
    shape = variable.distribution.shape
    drawn = distribution.draw(key, shape)
    order = variable.transform
    if not isinstance(order, Ordered):
        return drawn
    if exchangeable(variable.distribution, order.ordered_axis(shape)):
        return order.sort(drawn)  # the prior given the order, exactly: see model.free

    def again(state: Any) -> Any:
        count, x = state
        fresh = distribution.draw(jax.random.fold_in(key, count + 1), shape)
        return count + 1, jnp.where(order.increases(x), x, fresh)

    _, drawn = jax.lax.while_loop(
        lambda state: (state[0] < TRIES) & ~jnp.all(order.increases(state[1])), again, (0, drawn)
    )
    return jnp.where(order.increases(drawn), drawn, jnp.nan)


def _check_rows(variable: ObservedVariable, latent: str) -> None:
    """Refuse to draw missing entries of observations that the model no longer describes."""
    if variable.distribution.shape != variable.value.shape:
        raise ShapeError(
            f"{variable.name}: {latent!r} stands for missing entries of data of shape "
            f"{variable.value.shape}, but after set_data the distribution has shape "
            f"{variable.distribution.shape}: leave it out of var_names"
        )
