"""Reading what a user gives as a parameter or a shape, with errors that name it.

What is not known yet is looked at inside a traced function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from aliquot.arguments import is_whole_number
from aliquot.distributions.constraints import Constraint
from aliquot.errors import DTypeError, ParameterError, ShapeError
from aliquot.expression import Expression
from aliquot.primitives.internals import is_traced

if TYPE_CHECKING:
    from aliquot.distributions.base import Distribution


def as_parameter(family: str, name: str, value: Any, constraint: Constraint | None) -> Any:
    """Make a parameter an array or keep it an expression, checked where its value is known.

    What is missing, no number, not finite or out of range is refused by its name and index.
    """
    from aliquot.distributions.base import Distribution

    if isinstance(value, Distribution):
        if constraint is not None:
            raise DTypeError(
                f"{family}: {name} must be numbers; got a distribution, {value!r:.80}. Make it a "
                "variable of the model, with a name of its own, in place of .dist(...)"
            )
        return value
    if isinstance(value, list | tuple) and any(isinstance(item, Expression) for item in value):
        value = np.stack(value)
    if isinstance(value, Expression):
        if constraint is not None and (known := value.value_now()) is not None:
            check_parameter(family, name, known, constraint)
        return value
    if is_traced(value):
        whole = constraint is not None and constraint.discrete
        return jnp.asarray(value, np.int64 if whole else np.float64)
    if value is None:
        raise ParameterError(f"{family}: {name} is missing")
    array = np.asarray(value)
    if array.dtype.kind not in "bif" or array.dtype == object:
        raise DTypeError(f"{family}: {name} must be numbers; got {value!r} of dtype {array.dtype}")
    if constraint is not None:
        check_parameter(family, name, array, constraint)
    wanted = np.int64 if constraint is not None and constraint.discrete else np.float64
    return array.astype(wanted)


def check_parameter(family: str, name: str, value: np.ndarray, constraint: Constraint) -> None:
    """Refuse a known value outside its constraint, with the first place where it is outside."""
    if np.ndim(value) < constraint.event_dims:
        return  # said with its shape, when the batch shape is worked out
    missing = np.isnan(value) if value.dtype.kind == "f" else np.zeros(np.shape(value), bool)
    if missing.any():
        raise ParameterError(f"{family}: {name} is NaN{at(np.argwhere(missing)[0])}")
    if not constraint.constant():
        return
    inside = np.asarray(constraint.check(value))
    if not inside.all():
        index = tuple(int(i) for i in np.argwhere(~inside)[0])
        wrong = np.asarray(value)[index]
        expected = constraint.description
        if constraint.event_dims == 0 and np.isinf(wrong) and "finite" not in expected:
            expected = f"finite and {expected}"
        raise ParameterError(
            f"{family}: {name} must be {expected}; "
            f"got {wrong}{at(index)}{constraint.detail(np.asarray(value), index)}"
        )


def at(index: Any) -> str:
    """Say at which index, where there is one."""
    return f" at index {tuple(int(i) for i in index)}" if len(index) else ""


def exactly_one(family: str, default: Any = None, /, **choices: Any) -> tuple[str, Any]:
    """Pick the one alternative that was given, with its name; else the first, with the default."""
    given = {name: value for name, value in choices.items() if value is not None}
    if len(given) == 1:
        return next(iter(given.items()))
    if not given and default is not None:
        return next(iter(choices)), default
    names = " or ".join(choices)
    raise ParameterError(
        f"{family}: give {names}, and one of them only; got "
        f"{' and '.join(given) if given else 'none'}"
    )


def exactly_one_set(family: str, *sets: tuple[str, ...], **choices: Any) -> dict[str, Any]:
    """Give the parameters that were given, which have to be one of several sets of names."""
    given = {name: value for name, value in choices.items() if value is not None}
    if not any(given.keys() == set(names) for names in sets):
        raise ParameterError(
            f"{family}: give {', or '.join(' and '.join(names) for names in sets)}; "
            f"got {' and '.join(given) or 'none'}"
        )
    return given


def number_of_steps(
    family: str, said: Mapping[str, int], *, otherwise: str, advice: str = ""
) -> int:
    """Give the number of steps that all agree on who say it, each in words.

    Where nobody says it, the error tells what to do `otherwise`.
    """
    if not said:
        raise ShapeError(f"{family}: {otherwise}")
    if len(set(said.values())) > 1:
        raise ShapeError(
            f"{family}: the number of steps is not the same everywhere: "
            + ", ".join(f"{what} says {number}" for what, number in said.items())
            + advice
        )
    return next(iter(said.values()))


def as_shape(shape: Any) -> tuple[int, ...]:
    """Read a shape given as an int or a sequence of ints."""
    dims = (shape,) if np.isscalar(shape) else tuple(shape)
    if not all(is_whole_number(size) and size >= 0 for size in dims):
        raise ShapeError(f"shape must be a whole number or a tuple of them; got {shape!r}")
    return tuple(int(size) for size in dims)


def as_sample_shape(family: str, shape: Any) -> tuple[int, ...]:
    """Read the shape of independent draws, in whose place other libraries take a seed or a key."""
    try:
        return as_shape(shape)
    except (TypeError, ShapeError):
        raise ShapeError(
            f"{family}.sample: the shape of the draws must be a whole number or a tuple of them; "
            f"got {shape!r:.60}. A seed goes in as random_seed="
        ) from None


def full_shape(
    family: str,
    batches: Mapping[str, tuple[int, ...]],
    shape: Any,
    event_shape: tuple[int, ...],
) -> tuple[int, ...]:
    """Work out the shape of a draw from the parameters' batch shapes and the shape asked for."""
    named = ", ".join(f"{name} {batch}" for name, batch in batches.items() if batch)
    try:
        batch = np.broadcast_shapes(*batches.values())
    except ValueError:
        raise ShapeError(
            f"{family}: the parameters' shapes do not broadcast together: {named}"
        ) from None
    if shape is None:
        return batch + event_shape
    wanted = as_shape(shape)
    k = len(event_shape)
    event = wanted[len(wanted) - k :]
    if event != event_shape:
        raise ShapeError(
            f"{family}: shape {wanted} must end in the shape of one event, {event_shape}"
        )
    try:
        fits = np.broadcast_shapes(batch, wanted[: len(wanted) - k]) == wanted[: len(wanted) - k]
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(
            f"{family}: the parameters' shapes do not broadcast to shape {wanted}: {named}"
        )
    return wanted


Ask = Callable[[Any, Constraint], bool]


def keep_in_range(written: Distribution, filled: Distribution, doubt: Ask, replace: Ask) -> Any:
    """Say where parameters are in their ranges; put others in place of those that are not.

    Of a distribution as it is `written` in the model, and the same `filled` with arrays. Where
    ``doubt(parameter, constraint)`` holds, a parameter is looked at; where ``replace(...)`` does,
    values out of range are replaced by values inside, so that neither the density nor its gradient
    is NaN there. The result broadcasts to the batch shape; ``None`` where nothing is in doubt.
    """
    found = []
    for name, parameter in written.parameters.items():
        batch = written._batch_shape_of(name, parameter)
        value = filled.parameters[name]
        if not isinstance(parameter, Expression):
            if hasattr(parameter, "parameters"):
                inner = keep_in_range(parameter, value, doubt, replace)
                if inner is not None:
                    found.append(over_last(inner, len(parameter.batch_shape) - len(batch)))
            continue
        constraint = written.constraints.get(name)
        if constraint is None or not doubt(parameter, constraint):
            continue
        inside = constraint.check(value, jnp)
        own = len(np.shape(parameter)) - constraint.event_dims
        found.append(over_last(inside, own - len(batch)))
        if replace(parameter, constraint):
            wide = jnp.expand_dims(inside, tuple(range(-constraint.event_dims, 0)))
            safe = constraint.feasible(value, jnp).astype(value.dtype)
            filled.parameters[name] = jnp.where(wide, value, safe)
    return reduce(jnp.logical_and, found) if found else None


def vector_in_doubt(parameter: Any, constraint: Constraint) -> bool:
    """Say whether a parameter is a vector or matrix that is computed, and no variable of that set.

    Where all variables of a model are at hand, `aliquot.density.certainty` knows better.
    """
    if not constraint.event_dims or not constraint.constant() or parameter.value_now() is not None:
        return False
    support = getattr(getattr(parameter, "distribution", None), "support", None)
    return not (getattr(parameter, "fits", False) and type(support) is type(constraint))


def traced_in_range(distribution: Distribution) -> Any:
    """Say where parameters are in their ranges, of a distribution made inside a traced function."""
    valid: Any = True
    for name, value in distribution.parameters.items():
        constraint = distribution.constraints.get(name)
        if hasattr(value, "parameters"):
            inside, own = traced_in_range(value), len(value.batch_shape)
        elif is_traced(value) and constraint is not None:
            inside, own = constraint.check(value, jnp), len(value.shape) - constraint.event_dims
        else:
            continue
        batch = distribution._batch_shape_of(name, value)
        valid = valid & over_last(inside, own - len(batch))
    return valid


def over_last(inside: Any, axes: int) -> Any:
    """Ask for all along the last axes: components, steps; an array may lack those it repeats."""
    present = min(axes, jnp.ndim(inside))
    return jnp.all(inside, axis=tuple(range(-present, 0))) if present else inside
