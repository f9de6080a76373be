"""Reading the draws of a model's variables from a tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aliquot.density.point import is_point, read_point
from aliquot.distributions.constraints import Interval, ProbabilityVector
from aliquot.errors import AliquotWarning, ModelError, ShapeError, SupportError, warn
from aliquot.inference import origin
from aliquot.inference.described import described
from aliquot.inference.draws import flat, in_chains
from aliquot.model import Model
from aliquot.model.observed import known_support
from aliquot.model.stored import OtherLabelsError, values_of
from aliquot.model.variables import MissingValues
from aliquot.results import build_tree


def posterior_of(trace: Any, user: str) -> Any:
    """Give the dataset of posterior draws; refuse what has none, or no dims chain and draw."""
    if "posterior" not in getattr(trace, "children", {}):
        raise ModelError(
            f"{user}: give a DataTree with a group 'posterior', as aq.sample returns; "
            f"got {type(trace).__name__}"
        )
    posterior = trace["posterior"].dataset
    for dim in ("chain", "draw"):
        if dim not in posterior.dims:
            raise ModelError(
                f"{user}: the posterior has no dim {dim!r}, but "
                f"{', '.join(map(str, posterior.dims))}. "
                f"Choose draws so that it stays, as in .isel({dim}=[0]), and unstack what was "
                "stacked"
            )
    return posterior


def as_trace(trace: Any, model: Model, user: str) -> Any:
    """Give a trace as it is, and a point as a trace of a single draw.

    A point has a value for each continuous free variable, as `find_map` returns them. What is not
    one of this model is refused, in the name of `user`.
    """
    if not is_point(trace):
        return trace
    density = model.density()
    values = {n: v[None] for n, v in read_point(density, model, trace, user).items()}
    values |= density.deterministics_of(values, 1)
    return build_tree(posterior=in_chains(values, 1, 1), **described(model))


def posterior_values(model: Model, posterior: Any, user: str) -> dict[str, np.ndarray]:
    """Read the free variables' draws from a posterior, one row for each draw of each chain.

    Discrete variables that are not there, or that belong to other rows than the model's data have
    now, are left out: they are drawn anew, as missing values are. Observed variables are given
    where their missing entries were summed out and recovered. Refused is a continuous variable that
    is not in the posterior, of another shape or other dims, or with a value that is no number or
    outside of what it can be.
    """
    result = {}
    free: list[Any] = [v for v in model.free if not isinstance(v, MissingValues)]
    partly: list[Any] = [
        v for v in model.observed if v.latent is not None and v.distribution.discrete
    ]
    for variable in (*free, *partly):
        if not variable.distribution.discrete:
            result[variable.name] = _continuous(model, posterior, variable)
        elif (found := discrete_values(model, posterior, variable, user)) is not None:
            result[variable.name] = found
    return result


def continuous_values(model: Model, posterior: Any) -> dict[str, np.ndarray]:
    """Read the draws of all that a model's density is a function of, as `posterior_values` does."""
    result = {}
    for slot in model.density().slots:
        variable, part = slot.variable, slot.integrated
        if part is not None and variable.name in posterior:
            stored = posterior[variable.name]
            if stored.sizes.get(f"{variable.name}_dim_0") == part.latent.size:
                # With those that were recovered.
                whole = _continuous(model, posterior, part.latent)
                result[variable.name] = whole[..., part.places]
                continue
        result[variable.name] = _continuous(model, posterior, variable)
    return result


def discrete_values(
    model: Model, posterior: Any, variable: Any, user: str, doing: str = "they are drawn afresh"
) -> np.ndarray | None:
    """Read the draws of a discrete variable, one row for each draw of each chain.

    ``None`` where there are none, or only those of other rows than the model's data have now: of
    another length, with other labels, or (with a warning) recovered from other data. Dims that are
    not the model's, and a state that the variable does not have, are refused.
    """
    name = variable.name
    if name not in posterior:
        return None
    try:
        array = values_of(posterior[name], variable, model.coords.as_dict())
    except OtherLabelsError as error:
        warn(f"{user}: {error}. Its recovered values are not used: {doing}", AliquotWarning)
        return None
    if array.shape[2:] != variable.distribution.shape:
        return None
    change = origin.change(model, posterior[name].attrs)
    if change is not None:
        data = ", ".join(map(repr, change.data))
        if change.stale:
            warn(
                f"{user}: {name!r} was recovered from other data ({data} changed since), so its "
                f"values are those of other rows and are not used: {doing}. Call aq.recover(trace) "
                "again for the labels of the present data",
                AliquotWarning,
            )
            return None
        if change.observed:
            warn(
                f"{user}: {name!r} was recovered from other data ({data} changed since). Several "
                "observations share each of its elements, which are taken to be the same ones as "
                "then. Call aq.recover(trace) again if they are others",
                AliquotWarning,
            )
    _check(array, variable)
    return flat(array).astype(variable.distribution.dtype)


def refuse_other_states(model: Model, posterior: Any, variable: Any) -> None:
    """Refuse draws of a discrete variable in which it is in a state that it does not have."""
    if variable.name not in posterior:
        return
    try:
        array = values_of(posterior[variable.name], variable, model.coords.as_dict())
    except OtherLabelsError:
        return
    if array.shape[2:] == variable.distribution.shape:
        _check(array, variable)


def _continuous(model: Model, posterior: Any, variable: Any) -> np.ndarray:
    name = variable.name
    if name not in posterior:
        raise ModelError(
            f"the posterior has no draws of {name!r} (it has "
            f"{', '.join(map(str, posterior.data_vars))}): is it of another model?"
        )
    array = values_of(posterior[name], variable, model.coords.as_dict())
    if array.shape[2:] != variable.shape:
        raise ShapeError(
            f"{name}: the posterior holds shape {array.shape[2:]}, the model has "
            f"{variable.shape}: is it of another model? A free variable whose length follows "
            "replaced data cannot be predicted from draws of another length"
        )
    _refuse(
        array,
        ~np.isfinite(array),
        lambda value, where: ModelError(
            f"{name} is not finite in {where} ({value}): nothing can be computed from such a "
            "draw. Leave it out, as in trace.sel(draw=...)"
        ),
    )
    if not isinstance(variable, MissingValues):
        _check(array, variable)
    return flat(array)


def _check(array: np.ndarray, variable: Any) -> None:
    """Refuse values that a variable cannot have, where its support is known before sampling."""
    support = known_support(variable.distribution.support)
    if not isinstance(support, Interval | ProbabilityVector) or array.size == 0:
        return  # of matrices, rounding may decide
    what, mend = "values", "is it of another model?"
    if variable.distribution.discrete:
        what, mend = "states", "leave these draws out, or draw it anew with aq.recover"
    # A number next to a bound is stored as the bound itself.
    each = support.elementwise().with_bounds()
    outside = ~np.asarray(each.check(array))
    outside = outside.reshape((*outside.shape, *(1,) * (array.ndim - outside.ndim)))
    _refuse(
        array,
        outside,
        lambda value, where: SupportError(
            f"{variable.name}: the posterior holds {value} in {where}, which is none of its "
            f"{what}: {support.description}; {mend}"
        ),
    )


def _refuse(array: np.ndarray, wrong: np.ndarray, error: Callable[[Any, str], Exception]) -> None:
    """Raise where some values are wrong, with the first of them and the draws they are in."""
    draws = wrong.reshape((*wrong.shape[:2], -1)).any(axis=-1)
    if not draws.any():
        return
    first = tuple(np.argwhere(wrong)[0])[: array.ndim]
    at = tuple(np.argwhere(draws)[0])
    value = array[first] if wrong.shape == array.shape else array[at].tolist()
    raise error(value, f"{int(draws.sum()):,} of {draws.size:,} draws: {named_draws(draws)}")


def named_draws(draws: np.ndarray) -> str:
    """Name the first few of the draws that are true, in an array of shape (chain, draw)."""
    found = np.argwhere(draws)
    places = ", ".join(f"(chain {c}, draw {d})" for c, d in found[:3].tolist())
    return f"{places}, ..." if len(found) > 3 else places
