"""Reading the draws of a model's variables from a tree."""

from __future__ import annotations

from typing import Any

import numpy as np

from aliquot.errors import ModelError, ShapeError
from aliquot.model import Model
from aliquot.model.variables import MissingValues


def posterior_of(trace: Any, user: str) -> Any:
    """Give the dataset of posterior draws.

    Raises
    ------
    ModelError
        Where there is none.
    """
    if "posterior" not in getattr(trace, "children", {}):
        raise ModelError(
            f"{user}: give a DataTree with a group 'posterior', as aq.sample returns; "
            f"got {type(trace).__name__}"
        )
    return trace["posterior"].dataset


def posterior_values(model: Model, posterior: Any) -> dict[str, np.ndarray]:
    """Read the free variables' draws from a posterior, one row for each draw of each chain.

    Missing values and discrete variables that are not there, or that are there for data of another
    length, are left out: they are drawn anew. Observed variables are given where their missing
    entries were recovered.

    Raises
    ------
    ModelError
        Where a continuous variable is not in the posterior.
    ShapeError
        Where its shape is another one.
    """
    result = {}
    for variable in model.free:
        optional = isinstance(variable, MissingValues) or variable.distribution.discrete
        if optional and variable.name not in posterior:
            continue
        array = _draws(posterior, variable)
        if variable.distribution.discrete and array.shape[2:] != variable.shape:
            continue
        result[variable.name] = _flat(array, variable)
    for observed in model.observed:
        latent = observed.latent
        if latent is None or not latent.distribution.discrete or observed.name not in posterior:
            continue
        array = _draws(posterior, observed)
        if array.shape[2:] == observed.shape:
            result[observed.name] = _flat(array, observed)
    return result


def continuous_values(model: Model, posterior: Any) -> dict[str, np.ndarray]:
    """Read the draws of all that a model's density is a function of.

    Raises
    ------
    ModelError, ShapeError
        Where one is not in the posterior, or has another shape.
    """
    variables = [slot.variable for slot in model.density().slots]
    return {v.name: _flat(_draws(posterior, v), v) for v in variables}


def _draws(posterior: Any, variable: Any) -> np.ndarray:
    if variable.name not in posterior:
        raise ModelError(
            f"the posterior has no draws of {variable.name!r} (it has "
            f"{', '.join(map(str, posterior.data_vars))}): is it of another model?"
        )
    return np.asarray(posterior[variable.name].transpose("chain", "draw", ...).values)


def _flat(array: np.ndarray, variable: Any) -> np.ndarray:
    if array.shape[2:] != variable.shape:
        raise ShapeError(
            f"{variable.name}: the posterior holds shape {array.shape[2:]}, the model has "
            f"{variable.shape}: is it of another model? A free variable whose length follows "
            "replaced data cannot be predicted from draws of another length"
        )
    return array.reshape((array.shape[0] * array.shape[1], *variable.shape))
