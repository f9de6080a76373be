"""Elementwise operations on known numbers, by NumPy.

An index is computed from states by a few of these (wrapping negative ones, say). Done here, it is
known where it is used, and no kernel has to be compiled for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jax import lax

Fold = Callable[..., Any]


def _quotient(x: np.ndarray, y: np.ndarray) -> Any:
    if x.dtype.kind == "f":
        return x / y
    if x.dtype.kind not in "iu" or not np.all(y):
        return None
    # Cut off towards zero. The smallest number has no absolute value.
    above = (x % y != 0) & ((x < 0) != (y < 0))
    return np.add(x // y, above, dtype=x.dtype)


def _remainder(x: np.ndarray, y: np.ndarray) -> Any:
    return np.fmod(x, y) if x.dtype.kind == "f" or np.all(y) else None


def _integer_pow(x: np.ndarray, *, y: int) -> Any:
    if y >= 0:
        return np.power(x, y)
    return 1 / np.power(x, -y) if x.dtype.kind == "f" else None


def _convert(x: np.ndarray, *, new_dtype: Any, **_: Any) -> Any:
    new = np.dtype(new_dtype)
    if new.kind == "b":
        return x != 0
    if x.dtype.kind == "f" and new.kind in "iu":
        limits = np.iinfo(new)
        if not np.all((x > float(limits.min)) & (x < float(limits.max))):
            return None  # NumPy and XLA differ on what does not fit
    return x.astype(new)


def _round(x: np.ndarray, *, rounding_method: Any) -> Any:
    return np.round(x) if rounding_method == lax.RoundingMethod.TO_NEAREST_EVEN else None


def _select(which: np.ndarray, *cases: np.ndarray) -> Any:
    if which.dtype == bool:
        return np.where(which, cases[1], cases[0])
    return np.select([which == i for i in range(len(cases))], cases, cases[-1])


def _clamp(low: np.ndarray, x: np.ndarray, high: np.ndarray) -> Any:
    return np.minimum(np.maximum(x, low), high)


# These depend on parameters of their primitive.
_PARAMETERS = frozenset({"integer_pow", "round", "convert_element_type"})

FOLDS: Mapping[str, Fold] = {
    "add": np.add,
    "add_any": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": _quotient,
    "rem": _remainder,
    "max": np.maximum,
    "min": np.minimum,
    "neg": np.negative,
    "abs": np.abs,
    "sign": np.sign,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": _round,
    "square": np.square,
    "integer_pow": _integer_pow,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "is_finite": np.isfinite,
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "not": np.invert,
    "select_n": _select,
    "clamp": _clamp,
    "convert_element_type": _convert,
    "copy": lambda x: x,
    "copy_p": lambda x: x,
    "stop_gradient": lambda x: x,
}


def fold(name: str, values: tuple[np.ndarray, ...], params: dict[str, Any], dtype: Any) -> Any:
    """Compute an elementwise operation of known numbers; None where NumPy has not the same one."""
    function = FOLDS.get(name)
    if function is None or np.dtype(dtype).kind not in "biuf":
        return None
    with np.errstate(all="ignore"):
        result = function(*values, **(params if name in _PARAMETERS else {}))
    return None if result is None else np.asarray(result, dtype)
