"""The same model without some of its observations, and its posterior."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aliquot.arguments import as_seed
from aliquot.errors import ModelError, warn
from aliquot.expression import Expression, leaves
from aliquot.inference.described import observed_data
from aliquot.inference.sample import sample
from aliquot.marginal import depends_on
from aliquot.model import Model
from aliquot.model.rewritten import with_observations
from aliquot.model.variables import CountedRows, Data, FreeVariable, ObservedVariable, Potential


def without_observations(model: Model, gone: Mapping[str, np.ndarray]) -> Model:
    """Give a model in which some observations were never made.

    For some observed variables, `gone` says which entries, an array of bool of the variable's
    shape. Nothing else may depend on them, so that the unknowns are the same, and the posterior is
    that of the other observations. Whole events do not count, which is a matter of data: all such
    models share what is compiled. Others become missing values, and are integrated out.
    """
    counted = {name: _counted(model[name], which) for name, which in gone.items()}
    present = observed_data(model)
    held = with_observations(
        model,
        {
            name: np.where(which, np.nan, present[name])
            for name, which in gone.items()
            if counted[name] is None
        },
    )
    for name, counts in counted.items():
        if counts is not None:
            held[name].counted = CountedRows.of(held[name], counts)
    return held


def _counted(variable: ObservedVariable, gone: np.ndarray) -> np.ndarray | None:
    """Say which observations count, if those that are gone are whole and can be left out so."""
    distribution = variable.distribution
    if variable.latent is not None or distribution.improper(gone):
        return None
    axes = tuple(range(len(distribution.batch_shape), gone.ndim))
    left_out = gone.any(axis=axes)
    return ~left_out if (left_out == gone.all(axis=axes)).all() else None


def refuse_depended_on(model: Model, variable: ObservedVariable, user: str) -> None:
    """Refuse an observed variable of whose values something else in the model makes use.

    Raises
    ------
    ModelError
        Names both.
    """
    name = variable.name
    if variable.shape != variable.distribution.shape:
        raise ModelError(
            f"{user}: {name!r} has observations of shape {variable.shape}, and its distribution "
            f"has {variable.distribution.shape} since data were replaced: set the observations, "
            "too, with aq.set_data"
        )
    plan = model.density().marginal
    if plan is not None and any(unknown.name == name for unknown in plan.unknowns):
        return  # observed in part: what depends on an entry is summed over, too
    nodes: list[Expression] = [variable]
    if variable.latent is not None:
        nodes.append(variable.latent)
    for other in model.variables.values():
        if other is not variable and depends_on(_sources(other), nodes):
            raise ModelError(
                f"{user}: observations of {name!r} cannot be left out, because {other.name!r} "
                "depends on their values, and would tell them. Write it with data of its own "
                "(aq.Data), if these are known whatever is left out"
            )
    if variable.data_expression is None:
        return
    given = [leaf for leaf in leaves(variable.data_expression) if isinstance(leaf, Data)]
    for other in model.variables.values():
        read = leaves(_sources(other))
        shared = next((leaf for leaf in given if any(leaf is each for each in read)), None)
        if shared is not None:
            raise ModelError(
                f"{user}: observations of {name!r} cannot be left out, because {other.name!r} is "
                f"computed from {shared.name!r}, too, which holds them. Give it an aq.Data of its "
                "own, or an array, if that is known whatever is left out"
            )


def checked(model: Model, held: Model, names: str, user: str) -> Model:
    """Give a model without observations, or refuse one that has no density of the same unknowns.

    Raises
    ------
    ModelError
        Says what was to be left out, and why that does not work.
    """
    try:
        size = held.density().size
    except ModelError as error:
        raise ModelError(f"{user}: {names} cannot be left out. {error}") from error
    if size != model.density().size:
        raise ModelError(
            f"{user}: {names} cannot be left out: their missing values would have to be sampled, "
            "because other observations of the variable depend on them in a way that has no "
            "closed form"
        )
    return held


def refitted(held: Model, options: dict[str, Any], key: Sequence[int], what: str) -> Any:
    """Draw from the posterior of a model without some observations.

    The seed is made of that of the `options`, which is put there as a number, and of a `key`. What
    is said meanwhile says of which refit it is.
    """
    own = dict(options)
    if own.get("random_seed") is not None:
        options["random_seed"] = as_seed(own["random_seed"])  # a generator is drawn from once
        own["random_seed"] = [options["random_seed"], *key]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        trace = sample(model=held, **own)
    for each in said:
        warn(f"the refit without {what}: {each.message}", each.category)
    return trace


def _sources(variable: Any) -> Any:
    if isinstance(variable, Potential):
        return [variable]
    if isinstance(variable, FreeVariable | ObservedVariable):
        return [variable.distribution, getattr(variable, "transform", None) or ()]
    return []
