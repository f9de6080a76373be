"""NumPy's functions that JAX does not have, or in which the two differ.

XLA goes on without a word where there is no result: an integer to a negative power is garbage
there, and so is a quotient of integers by zero. What is known is checked where it is written and
when data are replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.errors import DTypeError, ParameterError
from aliquot.expression import text as texts
from aliquot.expression.apply import apply, as_array
from aliquot.expression.bounds import RULES
from aliquot.expression.index import choose, known_or_bounds, take, take_along_axis
from aliquot.hints.explain import for_all


def are_integers(*operands: Any) -> bool:
    """Say whether all operands are integers or booleans."""
    return all(_dtype(operand).kind in "biu" for operand in operands)


def _dtype(operand: Any) -> np.dtype[Any]:
    operand = operand if hasattr(operand, "text") else as_array(operand)
    return np.dtype(getattr(operand, "dtype", None) or np.asarray(operand).dtype)


def power(left: Any, right: Any, text: str | None = None) -> Any:
    """Raise to a power; an integer to one that may be negative is refused."""
    written = text or texts.infix("**", left, right)
    if not are_integers(left, right):
        return apply(_to_power, left, right, text=written, rule=RULES[jnp.power])

    def check(left: Any, right: Any) -> None:
        value, bounds = known_or_bounds(right)
        if value is not None:
            low = value.min() if value.size else 0
            what = f"holds {low}"
        else:
            low = -1 if bounds is None else bounds[0]
            what = "may be negative" if bounds is None else f"may be {low}"
        if low < 0:
            raise ParameterError(
                f"cannot compute {written}: {texts.label(right)} {what}, and an integer to a "
                f"negative power is no integer. Make the base a float: {_as_float(left)} ** "
                f"{texts.label(right)}"
            )

    check(left, right)
    rule = RULES[jnp.power]
    return apply(_int_power, left, right, text=written, check=check, rule=rule)


def _to_power(left: Any, right: Any) -> Any:
    # A plain exponent is a product, which is faster and has a derivative at zero.
    return left**right if isinstance(right, int | float) else jnp.power(left, right)


def _int_power(left: Any, right: Any) -> Any:
    if isinstance(right, int) and not isinstance(right, bool):
        return _int64(left) ** right
    return _of_integers("power")(left, right)


def _as_float(operand: Any) -> str:
    if isinstance(operand, int):
        return f"{operand}.0"
    return f"{texts.label(operand)}.astype(float)"


def _division(symbol: str, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def divide(left: Any, right: Any, text: str | None = None) -> Any:
        written = text or (
            texts.infix(symbol, left, right) if symbol else texts.call(name, (left, right), {})
        )
        if not are_integers(left, right):
            return apply(_FLOATING[name], left, right, text=written, rule=RULES.get(function))

        def may_be_zero(_: Any, right: Any) -> bool:
            value, bounds = known_or_bounds(right)
            if value is not None and not np.all(value):
                raise ParameterError(
                    f"cannot compute {written}: {texts.label(right)} holds 0, and an integer "
                    "divided by it is no number. Leave those rows out, or make it a float"
                )
            return value is None and (bounds is None or bounds[0] <= 0 <= bounds[1])

        doubt = may_be_zero(left, right)
        return apply(
            (lambda a, b: _or_zero(function, a, b)) if doubt else _of_integers(name),
            left,
            right,
            text=written,
            check=may_be_zero,
            rule=RULES.get(function),
        )

    return divide


def _of_integers(name: str) -> Callable[..., Any]:
    def of_integers(a: Any, b: Any) -> Any:
        # On the host, where known values are computed, NumPy's: each of JAX's would be compiled.
        xp = jnp if isinstance(a, jax.Array) or isinstance(b, jax.Array) else np
        return getattr(xp, name)(_int64(a), _int64(b))

    return of_integers


def _int64(x: Any) -> Any:
    return (x if isinstance(x, jax.Array) else np.asarray(x)).astype(np.int64)


def _or_zero(function: Callable[..., Any], a: Any, b: Any) -> Any:
    """Give 0 where an integer is divided by 0, as NumPy does."""
    a, b = _int64(a), _int64(b)
    return jnp.where(b == 0, 0, function(a, jnp.where(b == 0, 1, b)))


def _floor_divide(a: Any, b: Any) -> Any:
    """Divide as NumPy does, which gives an infinity where a number is divided by zero."""
    if not isinstance(a, jax.Array) and not isinstance(b, jax.Array):
        return np.floor_divide(a, b)
    return jnp.where(b == 0, jax.lax.stop_gradient(a / b), jnp.floor_divide(a, b))


_FLOATING = {
    "floor_divide": _floor_divide,
    "remainder": jnp.remainder,
    "fmod": jnp.fmod,
}
floor_divide = _division("//", "floor_divide", jnp.floor_divide)
remainder = _division("%", "remainder", jnp.remainder)
fmod = _division("", "fmod", jnp.fmod)


def divide_with_remainder(left: Any, right: Any) -> tuple[Any, Any]:
    """Give quotient and remainder, as `divmod`."""
    return floor_divide(left, right), remainder(left, right)


def _shift(symbol: str, name: str) -> Callable[..., Any]:
    def shift(left: Any, right: Any, text: str | None = None) -> Any:
        written = text or texts.infix(symbol, left, right)
        if not are_integers(left, right):
            raise DTypeError(f"cannot compute {written}: only integers can be shifted")

        def check(_: Any, right: Any) -> None:
            value, _ = known_or_bounds(right)
            if value is not None and value.size and value.min() < 0:
                raise ParameterError(
                    f"cannot compute {written}: {texts.label(right)} holds {value.min()}, and "
                    "integers are not shifted by negative numbers"
                )

        check(left, right)
        return apply(_of_integers(name), left, right, text=written, check=check)

    return shift


left_shift = _shift("<<", "left_shift")
right_shift = _shift(">>", "right_shift")


def reciprocal(x: Any) -> Any:
    """Give 1 / x; of integers that is 0 in NumPy, and so refused."""
    if are_integers(x):
        raise DTypeError(
            f"cannot compute reciprocal({texts.label(x)}): of integers NumPy gives integers, "
            f"nearly all of them 0. Write 1 / {texts.label(x)}"
        )
    return apply(jnp.reciprocal, x)


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
        x: Any, axis: int | None = -1, kind: Any = None, order: Any = None, **more: Any
    ) -> Any:
        if order is not None:
            raise DTypeError("order= names fields, which arrays of numbers do not have")
        more.pop("stable", None)
        return apply(function, x, axis=axis, **more)

    return sort


def _sliding(function: Callable[..., Any], default: str) -> Callable[..., Any]:
    """Give sums of products of integers as integers; JAX computes them of floats."""

    def slide(a: Any, v: Any, mode: str = default, **more: Any) -> Any:
        result = apply(function, a, v, mode=mode, **more)
        return np.rint(result).astype(np.int64) if are_integers(a, v) else result

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
    "divmod": divide_with_remainder,
    "extract": _extract,
    "fix": _fix,
    "floor_divide": floor_divide,
    "fmod": fmod,
    "left_shift": left_shift,
    "lexsort": _lexsort,
    "mod": remainder,
    "piecewise": _piecewise,
    "pow": power,
    "power": power,
    "ravel_multi_index": _ravel_multi_index,
    "reciprocal": reciprocal,
    "remainder": remainder,
    "right_shift": right_shift,
    "sort": _sorting(jnp.sort),
    "take": take,
    "take_along_axis": take_along_axis,
    "tril": _triangle("tril"),
    "triu": _triangle("triu"),
    "unravel_index": _unravel_index,
    "where": _where,
}
