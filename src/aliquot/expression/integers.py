"""Operations on integers that have no result for some of them: refused, or what NumPy gives.

XLA goes on without a word: an integer to a negative power is garbage there, and so is a quotient by
zero. What is known is checked where it is written and when data are replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.errors import DTypeError, ParameterError
from aliquot.expression import text as texts
from aliquot.expression.apply import apply
from aliquot.expression.bounds import RULES
from aliquot.expression.foreign import as_array
from aliquot.expression.index import known_or_bounds


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

    def check() -> None:
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

    check()
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

        def may_be_zero() -> bool:
            value, bounds = known_or_bounds(right)
            if value is not None and not np.all(value):
                raise ParameterError(
                    f"cannot compute {written}: {texts.label(right)} holds 0, and an integer "
                    "divided by it is no number. Leave those rows out, or make it a float"
                )
            return value is None and (bounds is None or bounds[0] <= 0 <= bounds[1])

        doubt = may_be_zero()
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

        def check() -> None:
            value, _ = known_or_bounds(right)
            if value is not None and value.size and value.min() < 0:
                raise ParameterError(
                    f"cannot compute {written}: {texts.label(right)} holds {value.min()}, and "
                    "integers are not shifted by negative numbers"
                )

        check()
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
