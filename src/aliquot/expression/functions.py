"""NumPy's functions that JAX does not have, or in which the two differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.errors import DTypeError
from aliquot.expression import integers
from aliquot.expression import text as texts
from aliquot.expression.apply import apply
from aliquot.expression.index import choose, known_or_bounds, take, take_along_axis
from aliquot.hints.explain import for_all

IN_PLACE = {
    "copyto": "np.where(condition, new, x)",
    "fill_diagonal": "np.where(np.eye(n, dtype=bool), new, x)",
    **for_all("place putmask", "np.where(mask, new, x)"),
    **for_all("put put_along_axis", "np.where, or aq.lift with JAX's x.at[index].set(new)"),
}

# The shape of these depends on the numbers.
OF_VALUES = {
    "bincount": "(x[:, None] == np.arange(k)).sum(axis=0) counts k of them",
    **for_all(
        "argwhere compress extract flatnonzero nonzero trim_zeros",
        "np.where(condition, a, b) keeps the shape",
    ),
    **for_all("intersect1d setdiff1d setxor1d union1d", "np.isin keeps the shape"),
    **for_all(
        "unique unique_all unique_counts unique_inverse unique_values",
        "take it of the plain data, before the model",
    ),
}


def _fix(x: Any) -> Any:
    return apply(jnp.trunc, x, text=texts.call("fix", (x,), {}))


def _piecewise(x: Any, conditions: Any, functions: Any, *args: Any, **named: Any) -> Any:
    """Put together what each function gives where its condition holds, in the dtype of x."""
    conditions = list(conditions) if isinstance(conditions, list | tuple) else [conditions]
    values = [f(x, *args, **named) if callable(f) else f for f in functions]
    default = values.pop() if len(values) > len(conditions) else 0
    return np.select(conditions, values, default).astype(x.dtype)


def _compress(condition: Any, x: Any, axis: int | None = None) -> Any:
    if hasattr(condition, "text"):
        raise of_values("compress", condition)
    return take(x, np.flatnonzero(condition), axis)


def _extract(condition: Any, x: Any) -> Any:
    return _compress(condition if hasattr(condition, "text") else np.ravel(condition), x)


def _unravel_index(indices: Any, shape: Any, order: str = "C") -> Any:
    _in_range("unravel_index", indices, int(np.prod(shape)))
    if order == "F":
        return np.unravel_index(indices, tuple(shape)[::-1])[::-1]
    return apply(jnp.unravel_index, indices, shape)


def _ravel_multi_index(multi: Any, dims: Any, mode: Any = "raise", order: str = "C") -> Any:
    if mode == "raise":
        for part, length in zip(multi, dims, strict=True):
            _in_range("ravel_multi_index", part, length)
        mode = "clip"
    return apply(jnp.ravel_multi_index, multi, dims, mode=mode, order=order)


def _in_range(name: str, index: Any, length: int) -> None:
    value, bounds = known_or_bounds(index)
    if value is not None and value.size:
        bounds = value.min(), value.max()
    if bounds is None or not 0 <= bounds[0] <= bounds[1] < length:
        has = "may have any value" if bounds is None else f"goes from {bounds[0]} to {bounds[1]}"
        raise IndexError(
            f"cannot compute {name}: {texts.label(index)} {has}, and must be from 0 to "
            f"{length - 1}: np.clip({texts.label(index)}, 0, {length - 1})"
        )


def _where(condition: Any, *values: Any) -> Any:
    if not values:
        raise of_values("nonzero", condition)
    return apply(jnp.where, condition, *values)


def _lexsort(keys: Any, axis: int = -1) -> Any:
    return apply(jnp.lexsort, keys, axis=axis)


def _sorting(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a sort always stable, which any that NumPy calls by `kind` may be."""

    def sort(
        x: Any,
        axis: int | None = -1,
        kind: Any = None,
        order: Any = None,
        *,
        stable: Any = None,
        **more: Any,
    ) -> Any:
        if order is not None:
            raise DTypeError("order= names fields, which arrays of numbers do not have")
        return apply(function, x, axis=axis, **more)

    return sort


def _sliding(function: Callable[..., Any], default: str) -> Callable[..., Any]:
    """Give sums of products of integers as integers; JAX computes them of floats."""

    def slide(a: Any, v: Any, mode: str = default, **more: Any) -> Any:
        result = apply(function, a, v, mode=mode, **more)
        return np.rint(result).astype(np.int64) if integers.are_integers(a, v) else result

    return slide


def _triangle(name: str) -> Callable[..., Any]:
    function = getattr(jnp, name)

    def cut(x: Any, k: int = 0) -> Any:
        # NumPy repeats a vector as rows.
        if np.ndim(x) == 1:
            return apply(lambda v: function(jnp.broadcast_to(v, (v.shape[0],) * 2), k), x)
        return apply(function, x, k)

    return cut


def of_values(name: str, operand: Any) -> TypeError:
    """Say that a function's result would have a shape that is not known, and what to write."""
    return TypeError(
        f"np.{name} of {texts.label(operand)} has a shape that depends on its numbers, which are "
        f"not known yet: {OF_VALUES[name]}"
    )


REPLACED: dict[str, Callable[..., Any]] = {
    "argsort": _sorting(jnp.argsort),
    "choose": choose,
    "compress": _compress,
    "convolve": _sliding(jnp.convolve, "full"),
    "correlate": _sliding(jnp.correlate, "valid"),
    "divmod": integers.divide_with_remainder,
    "extract": _extract,
    "fix": _fix,
    "floor_divide": integers.floor_divide,
    "fmod": integers.fmod,
    "left_shift": integers.left_shift,
    "lexsort": _lexsort,
    "mod": integers.remainder,
    "piecewise": _piecewise,
    "pow": integers.power,
    "power": integers.power,
    "ravel_multi_index": _ravel_multi_index,
    "reciprocal": integers.reciprocal,
    "remainder": integers.remainder,
    "right_shift": integers.right_shift,
    "sort": _sorting(jnp.sort),
    "take": take,
    "take_along_axis": take_along_axis,
    "tril": _triangle("tril"),
    "triu": _triangle("triu"),
    "unravel_index": _unravel_index,
    "where": _where,
}
