"""Indexing that is checked on the line that writes it.

JAX clamps an index that is out of bounds; a model that silently reads the last row in place of
the one that was asked for is wrong without a sign. Wherever an index is known (numbers, arrays,
data) it is checked here as NumPy would, and so are both ends of a discrete variable's states. Of an
index that is computed from unknowns it is asked between which numbers it lies; where it may leave
the range, what it takes is NaN there, never another row's value.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.errors import DTypeError, ShapeError
from aliquot.expression import text as texts
from aliquot.expression.apply import apply
from aliquot.expression.bounds import first, joined
from aliquot.expression.given import as_rows
from aliquot.expression.lengths import is_taken, of_rows_on_disk, told
from aliquot.expression.text import primary
from aliquot.precision import float64


def checked_index(source: Any, index: Any) -> Any:
    """Index an expression by numbers, slices, arrays or other expressions.

    A known index, or a state of a discrete variable, that is out of bounds is refused.
    """
    parts = index if isinstance(index, tuple) else (index,)
    parts = tuple(_part(source, part) for part in parts)
    written = f"{primary(texts.label(source))}[{', '.join(texts.label(part) for part in parts)}]"

    def may_leave(source: Any, parts: Any) -> bool:
        values = [_known(part) if hasattr(part, "text") else part for part in parts]
        lost = [i for i, part in enumerate(parts) if hasattr(part, "text") and values[i] is None]
        for i in lost:
            values[i] = np.zeros(parts[i].shape, dtype=int)
        _try(source, written, values)
        # Each is looked at: one may be refused, whatever is said of another.
        doubts = [_leaves(source, written, parts[i], values, i) for i in lost]
        return any(doubts)

    taken = _applied(_take, _take_or_nan, may_leave, source, parts, text=written, rule=first)
    taken.taken_from = source
    return taken


def _leaves(source: Any, written: str, part: Any, values: list[Any], i: int) -> bool:
    """Say whether an index that is not known before sampling may be out of range."""
    bounds = part.bounds
    if bounds is None or not np.all(np.isfinite(bounds)) or _counts_rows(part):
        return True
    why = f"{texts.label(part)} has the states {bounds[0]} to {bounds[1]}, but "
    for end in bounds:
        try:
            _try(source, written, [*values[:i], int(end), *values[i + 1 :]], why)
        except IndexError:
            if _is_variable(part):
                raise
            return True
    return False


def _counts_rows(part: Any) -> bool:
    """Say whether an index may be a total of rows on a disk, of which only some are here."""
    return of_rows_on_disk(part) and told(part) == part.shape


def _is_variable(part: Any) -> bool:
    """Say whether an expression is a variable, or elements taken from one."""
    while part.taken_from is not None:
        part = part.taken_from
    return part.state_bounds is not None


def _applied(
    take: Any, marked: Any, may_leave: Callable[..., bool], *operands: Any, text: str, rule: Any
) -> Any:
    """Take by an index, with NaN (`marked`) where it may leave its range.

    Data are refused with which an index may leave its range that could not.
    """
    doubt = may_leave(*operands)

    def check(*operands: Any) -> None:
        if may_leave(*operands) and not doubt:
            raise IndexError(
                f"with the new data, {text} may be out of range: write the model anew with them"
            )

    marked = marked if doubt else None
    return apply(take, *operands, text=text, check=check, marked=marked, rule=rule)


def _try(source: Any, written: str, index: list[Any], why: str = "") -> None:
    """Index a placeholder of the source's shape, and say what NumPy refuses."""
    try:
        np.broadcast_to(np.zeros(()), source.shape)[tuple(index)]
    except IndexError as error:
        shape = told(source) if hasattr(source, "text") else source.shape
        if shape != source.shape:
            raise IndexError(
                f"cannot index {written}: {texts.label(source)} has shape {shape}, of rows that "
                "lie on a disk and are gone through block by block. None can be picked by its "
                "number; what is [:, i] or [..., i] of each row can"
            ) from None
        raise IndexError(
            f"cannot index {written}: {why}{texts.label(source)} has shape {source.shape}; {error}"
        ) from None


def _take(array: Any, index: tuple[Any, ...]) -> Any:
    if isinstance(array, np.ndarray) and any(isinstance(part, jax.Array) for part in index):
        array = jnp.asarray(array)  # NumPy cannot be indexed by values that JAX is tracing
    return array[index]


def _take_or_nan(array: Any, index: tuple[Any, ...]) -> Any:
    if not any(isinstance(part, jax.Array) for part in (array, *index)):
        with suppress(IndexError):
            return array[index]
    return jnp.asarray(array).at[index].get(mode="fill", fill_value=np.nan)


def _part(source: Any, part: Any) -> Any:
    if part is None or part is Ellipsis or isinstance(part, slice | int | np.integer):
        return part
    part = as_rows(as_index(part))
    dtype = getattr(part, "dtype", None)
    if dtype is None or np.dtype(dtype).kind not in "bui":
        kind = type(part).__name__ if dtype is None else dtype
        raise DTypeError(
            f"{texts.label(source)} can be indexed by integers, not by {texts.label(part)} ({kind})"
        )
    if np.dtype(dtype).kind == "b" and hasattr(part, "text"):
        raise DTypeError(
            f"{texts.label(source)} cannot be indexed by the condition {texts.label(part)}: the "
            "shape of the result would not be known. Use np.where(condition, a, b), or a mask that "
            "is a plain array"
        )
    return part


def as_index(part: Any) -> Any:
    """Let lists and foreign arrays be arrays; an empty list is one of integers."""
    if isinstance(part, list) and any(hasattr(item, "text") for item in part):
        return apply(jnp.stack, part)
    if isinstance(part, list) or (hasattr(part, "__array__") and not hasattr(part, "text")):
        return np.asarray(part, dtype=None if np.size(part) else int)
    return part


def _known(part: Any) -> Any:
    """Give an index expression's value, ``None`` where it is not known before sampling."""
    from aliquot.expression.evaluate import Evaluation, leaves  # they need the node's class

    if not hasattr(part, "text"):
        return np.asarray(part)
    value = part.value_now()
    if value is None:
        sources = {leaf: leaf.value_now() for leaf in leaves(part)}
        if any(known is None for known in sources.values()):
            return None
        # Of rows on a disk some are known, with the smallest and the largest numbers: not so of
        # what is computed from them.
        if of_rows_on_disk(part) and not is_taken(part):
            return None
        with float64():
            value = np.asarray(Evaluation(sources)(part))
    return value


def known_or_bounds(operand: Any) -> tuple[np.ndarray | None, tuple[Any, Any] | None]:
    """Give the numbers that are known before sampling, else between which numbers they lie."""
    shown = hasattr(operand, "text") and of_rows_on_disk(operand)
    value = None if shown else _known(operand)
    return value, None if value is not None else operand.bounds


def take_checked(
    take: Callable[..., Any],
    source: Any,
    index: Any,
    limits: Callable[[Any], tuple[int, int]],
    written: str,
) -> Any:
    """Take by a function of an array, an index, and whether NaN is put where that is out of range.

    That is ``take(source, index, mark)``; without `mark` any number may stand there. The limits are
    the smallest and the largest index, which follow from the array's shape, which may change. A
    known index out of range is refused, and one that holds fractions.
    """
    index = as_index(index)
    if np.dtype(getattr(index, "dtype", type(index))).kind not in "ui":
        raise DTypeError(f"cannot compute {written}: an index must be an integer")

    def may_leave(source: Any, index: Any) -> bool:
        low, high = limits(source)
        value, bounds = known_or_bounds(index)
        if value is not None and value.size and not (low <= value.min() and value.max() <= high):
            wrong = value[(value < low) | (value > high)].flat[0]
            raise IndexError(
                f"cannot compute {written}: the index {wrong} is out of bounds, it must be from "
                f"{low} to {high}"
            )
        if value is not None:
            return False
        return bounds is None or not low <= bounds[0] <= bounds[1] <= high

    def plain(array: Any, at: Any) -> Any:
        return take(array, at, False)

    def marked(array: Any, at: Any) -> Any:
        return take(array, at, True)

    return _applied(plain, marked, may_leave, source, index, text=written, rule=joined)


def take(
    source: Any, indices: Any, axis: int | None = None, mode: str | None = "raise", **more: Any
) -> Any:
    """Take elements along an axis (of the flattened array by default), as `numpy.take`."""
    from aliquot.expression.node import constant  # it needs the node's class

    source = constant(source)
    shape = source.shape
    if axis is not None and not -len(shape) <= axis < len(shape):
        raise ShapeError(f"cannot take along axis {axis} of {source.text}, which has shape {shape}")
    if mode not in ("raise", None):  # what comes of an index out of range is chosen
        return apply(jnp.take, source, as_index(indices), axis=axis, mode=mode, **more)
    if axis is None:
        return checked_index(source if len(shape) == 1 else source.ravel(), _whole(indices))
    return checked_index(source, (*(slice(None),) * (axis % len(shape)), _whole(indices)))


def _whole(indices: Any) -> Any:
    """Let a tuple be an array, as `take` has it: as an index it would be one for each axis."""
    return as_index(list(indices)) if isinstance(indices, tuple) else indices


def take_along_axis(
    source: Any, indices: Any, axis: int | None = -1, mode: str | None = None, **more: Any
) -> Any:
    """Take elements by an index of the source's number of axes, as `numpy.take_along_axis`."""
    if mode is not None:
        return apply(jnp.take_along_axis, source, as_index(indices), axis, mode=mode, **more)
    written = texts.call("take_along_axis", (source, indices), {"axis": axis})

    def limits(array: Any) -> tuple[int, int]:
        length = int(np.prod(np.shape(array)) if axis is None else np.shape(array)[axis])
        return -length, length - 1

    if axis is not None and not -np.ndim(source) <= axis < np.ndim(source):
        raise ShapeError(f"cannot compute {written}: it has no axis {axis}")
    along = lambda x, at, mark: _along(x, at, axis, mark)  # noqa: E731
    return take_checked(along, source, indices, limits, written)


def _along(x: Any, index: Any, axis: int | None, mark: bool) -> Any:
    x = jnp.asarray(x)
    if axis is None:
        x, axis = x.ravel(), 0
    n = x.shape[axis]
    places = jnp.where(jnp.asarray(index) < 0, index + n, index)
    found = jnp.take_along_axis(x, jnp.clip(places, 0, n - 1), axis=axis)
    if not mark or found.dtype.kind not in "fc":
        return found
    return jnp.where((places >= 0) & (places < n), found, np.nan)


def choose(index: Any, choices: Any, mode: str = "raise") -> Any:
    """Choose from arrays element by element, as `numpy.choose`."""
    choices = list(choices) if isinstance(choices, list | tuple) else choices
    written = texts.call("choose", (index, choices), {})

    def limits(arrays: Any) -> tuple[int, int]:
        return 0, (len(arrays) if isinstance(arrays, list) else arrays.shape[0]) - 1

    def chosen(arrays: Any, at: Any, mark: bool) -> Any:
        _, *wide = jnp.broadcast_arrays(at, *arrays)
        stacked = jnp.stack(wide)
        if mode == "wrap":
            at = at % len(wide)
        last = len(wide) - 1
        at = jnp.broadcast_to(jnp.clip(at, 0, last) if mode != "raise" else at, stacked.shape[1:])
        found = _along(stacked, at[None], 0, mark)[0]
        negative = mark and found.dtype.kind in "fc"
        return jnp.where(at < 0, np.nan, found) if negative else found

    if mode != "raise":
        return apply(lambda arrays, at: chosen(arrays, at, False), choices, index, text=written)
    return take_checked(chosen, choices, index, limits, written)
