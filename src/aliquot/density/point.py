"""Reading one point: a value for each continuous free variable, on its own scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.distributions.constraints import Interval
from aliquot.errors import DTypeError, ModelError, ShapeError, SupportError
from aliquot.model.stored import values_of
from aliquot.precision import float64

if TYPE_CHECKING:
    from aliquot.density.density import Density
    from aliquot.density.layout import Slot


def is_point(given: Any) -> bool:
    """Say whether something may be a point: a mapping, or a dataset such as `find_map` gives."""
    if getattr(given, "children", None):
        return False  # a whole tree of results
    return isinstance(given, Mapping) and not {"chain", "draw"} & set(getattr(given, "dims", ()))


def read_point(density: Density, model: Any, given: Any, user: str) -> dict[str, np.ndarray]:
    """Read a point, refusing by name what is not one of this model.

    A point is a mapping from names to values, or a dataset. Of a dataset, what the model computes
    from the others or has summed out is not read. `user` is who asks, for error messages. Each
    value of the result has its variable's shape. Values on a bound of a support are allowed.
    """
    if not is_point(given):
        what = type(given).__name__
        if {"chain", "draw"} & set(getattr(given, "dims", ())):
            what = "draws: choose one, as in trace.posterior.isel(chain=0, draw=0)"
        raise ModelError(
            f"{user}: give a point, a value by name for each free variable, or what aq.find_map "
            f"returns; got {what}"
        )
    stored = hasattr(given, "data_vars")
    present = [str(name) for name in (given.data_vars if stored else given)]
    _check_names(density, model, present, user, lenient=stored)
    coords = model.coords.as_dict()
    result = {}
    for slot in density.slots:
        variable, value = slot.variable, given[slot.variable.name]
        name = variable.name
        if hasattr(value, "dims") and hasattr(value, "coords"):
            value = values_of(value, variable, coords, sample=())
        array = numbers(f"{user}: {name}", value)
        if array.shape != variable.shape:
            raise ShapeError(
                f"{user}: {name}: the value has shape {array.shape}, the variable {variable.shape}"
            )
        if not np.all(np.isfinite(array)):
            raise SupportError(f"{user}: {name}: the value {array} is not finite")
        result[name] = array
    _check_supports(density, result, user)
    return result


def _check_names(
    density: Density, model: Any, present: list[str], user: str, *, lenient: bool
) -> None:
    names = [slot.variable.name for slot in density.slots]
    missing = [name for name in names if name not in present]
    if missing:
        raise ModelError(
            f"{user}: there is no value of {', '.join(map(repr, missing))}; give one for each free "
            f"variable ({', '.join(names)})"
        )
    summed = [unknown.name for unknown in density.unknowns]
    computed = [d.name for d in model.deterministics]
    for name in present:
        if name in names or (lenient and name in (*summed, *computed)):
            continue
        why = (
            "is discrete and summed out: leave it out"
            if name in summed
            else "is computed from the others: leave it out"
            if name in computed
            else f"is not a free variable of the model ({', '.join(names) or 'it has none'})"
        )
        raise ModelError(f"{user}: {name!r} {why}")


def _check_supports(density: Density, values: Mapping[str, np.ndarray], user: str) -> None:
    with float64():
        known = density.evaluation_of(values, density.data)
        for slot in density.slots:
            variable = slot.variable
            support = variable.distribution.support.with_bounds()
            if not hasattr(variable, "fits"):
                continue  # missing entries: the term of their variable says where they can be
            if isinstance(support, Interval):
                support.lower, support.upper = (
                    None if bound is None else np.asarray(known(bound))
                    for bound in (support.lower, support.upper)
                )
            inside = np.asarray(support.check(values[variable.name]))
            if not inside.all():
                at = tuple(np.argwhere(~inside)[0].tolist())
                value = values[variable.name]
                raise SupportError(
                    f"{user}: {variable.name}: the value {value[at]} is outside its support: it "
                    f"must be {variable.distribution.support.description}"
                    f"{support.detail(value, at)}"
                )


def numbers(name: str, value: Any) -> np.ndarray:
    """Read numbers; a `DTypeError` names what they are of."""
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise DTypeError(f"{name}: the value must be numbers; got {value!r:.60}") from None


def of_slots(slots: Sequence[Slot], values: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Read a value for each free variable, of its own shape; any other is refused."""
    names = [slot.variable.name for slot in slots]
    if set(values) != set(names):
        missing = [n for n in names if n not in values]
        unknown = [n for n in values if n not in names]
        raise ModelError(
            f"give a value for each free variable ({', '.join(names)})"
            + (f"; missing: {', '.join(missing)}" if missing else "")
            + (f"; unknown: {', '.join(unknown)}" if unknown else "")
        )
    arrays = {}
    for slot in slots:
        name = slot.variable.name
        array = numbers(name, values[name])
        if array.shape != slot.variable.shape:
            raise ShapeError(
                f"{name}: the value has shape {array.shape}, the variable {slot.variable.shape}"
            )
        arrays[name] = array
    return arrays
