"""Indexing that is checked on the line that writes it.

JAX clamps an index that is out of bounds; a model that silently reads the last row in place of
the one that was asked for is wrong without a sign. Wherever an index is known (numbers, arrays,
data) it is checked here as NumPy would; where only the range of its values is, as of a discrete
variable, both ends of it are.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.errors import DTypeError
from aliquot.expression import text as texts
from aliquot.expression.apply import apply
from aliquot.expression.precedence import primary
from aliquot.precision import float64


def checked_index(source: Any, index: Any) -> Any:
    """Index an expression by numbers, slices, arrays or other expressions.

    Raises
    ------
    IndexError
        Where a known index, or a state of a discrete variable, is out of bounds, naming the
        expression and its shape.
    DTypeError
        Where an index holds fractions.
    """
    parts = index if isinstance(index, tuple) else (index,)
    parts = tuple(_part(source, part) for part in parts)
    written = f"{primary(texts.label(source))}[{', '.join(texts.label(part) for part in parts)}]"

    def check() -> None:
        values = [_known(part) if hasattr(part, "text") else part for part in parts]
        lost = [i for i, part in enumerate(parts) if hasattr(part, "text") and values[i] is None]
        for i in lost:
            values[i] = np.zeros(parts[i].shape, dtype=int)
        _try(source, written, values)
        for i in lost:
            bounds = parts[i].bounds
            for end in bounds or ():
                of_states = (
                    f"{texts.label(parts[i])} has the states {bounds[0]} to {bounds[1]}, but "
                )
                trial = [*values[:i], np.full(parts[i].shape, end), *values[i + 1 :]]
                _try(source, written, trial, of_states)

    check()
    taken = apply(_take, source, parts, text=written, check=check)
    taken.taken_from = source
    return taken


def _try(source: Any, written: str, index: list[Any], why: str = "") -> None:
    """Index a stand-in of the source's shape, and say what NumPy refuses."""
    try:
        np.broadcast_to(np.zeros(()), source.shape)[tuple(index)]
    except IndexError as error:
        raise IndexError(
            f"cannot index {written}: {why}{texts.label(source)} has shape {source.shape}; {error}"
        ) from None


def _take(array: Any, index: tuple[Any, ...]) -> Any:
    if isinstance(array, np.ndarray) and any(isinstance(part, jax.Array) for part in index):
        array = jnp.asarray(array)  # NumPy cannot be indexed by values that JAX is tracing
    return array[index]


def _part(source: Any, part: Any) -> Any:
    if part is None or part is Ellipsis or isinstance(part, slice | int | np.integer):
        return part
    if isinstance(part, list) or (hasattr(part, "__array__") and not hasattr(part, "text")):
        part = np.asarray(part, dtype=None if np.size(part) else int)
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


def _known(part: Any) -> Any:
    """Give an index expression's value, ``None`` where it is not known before sampling."""
    from aliquot.expression.evaluate import Evaluation, leaves  # they need the node's class

    value = part.value_now()
    if value is None:
        sources = {leaf: leaf.value_now() for leaf in leaves(part)}
        if any(known is None for known in sources.values()):
            return None
        with float64():
            value = np.asarray(Evaluation(sources)(part))
    return value
