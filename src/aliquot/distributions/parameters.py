"""Reading what a user gives as a parameter or a shape, with errors that name it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from aliquot.distributions.constraints import Constraint
from aliquot.errors import DTypeError, ParameterError, ShapeError
from aliquot.expression import Expression


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
    """Pick the one of several alternative parameters that was given, with its name.

    Where none was, it is the first with the default, if there is one.
    """
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
    for size in dims:
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 0:
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
