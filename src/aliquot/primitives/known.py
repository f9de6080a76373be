"""What primitives make of known numbers, by NumPy.

An index is computed from data or states by a few of these (wrapping negative ones, say). Worked out
here it is known before the program runs, and nothing has to be compiled for it, which would take
longer than most analyses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jax import lax
from numpy.typing import NDArray

Array = NDArray[Any]


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda _params, *operands: function(*operands)


def _quotient(_params: Any, x: Array, y: Array) -> Any:
    if x.dtype.kind == "f":
        return x / y
    if x.dtype.kind not in "iu" or not np.all(y):
        return None
    # Cut off towards zero. The smallest number has no absolute value.
    above = (x % y != 0) & ((x < 0) != (y < 0))
    return np.add(x // y, above, dtype=x.dtype)


def _remainder(_params: Any, x: Array, y: Array) -> Any:
    return np.fmod(x, y) if x.dtype.kind == "f" or np.all(y) else None


def _integer_pow(params: Any, x: Array) -> Any:
    power = params["y"]
    if power >= 0:
        return np.power(x, power)
    return 1 / np.power(x, -power) if x.dtype.kind == "f" else None


def _convert(params: Any, x: Array) -> Any:
    new = np.dtype(params["new_dtype"])
    if new.kind == "b":
        return x != 0
    if x.dtype.kind == "f" and new.kind in "iu":
        limits = np.iinfo(new)
        if not np.all((x > float(limits.min)) & (x < float(limits.max))):
            return None  # NumPy and XLA differ on what does not fit
    return x.astype(new)


def _round(params: Any, x: Array) -> Any:
    to_even = params["rounding_method"] == lax.RoundingMethod.TO_NEAREST_EVEN
    return np.round(x) if to_even else None


def _select(_params: Any, which: Array, *cases: Array) -> Any:
    if which.dtype == bool:
        return np.where(which, cases[1], cases[0])
    return np.select([which == i for i in range(len(cases))], cases, cases[-1])


def _broadcast(params: Any, x: Array) -> Any:
    shape = [1] * len(params["shape"])
    for axis, length in zip(params["broadcast_dimensions"], x.shape, strict=True):
        shape[axis] = length
    return np.broadcast_to(x.reshape(shape), params["shape"])


def _iota(params: Any) -> Any:
    shape, axis = params["shape"], params["dimension"]
    along = [1] * len(shape)
    along[axis] = -1
    return np.broadcast_to(np.arange(shape[axis]).reshape(along), shape)


def _slice(params: Any, x: Array) -> Any:
    strides = params["strides"] or (1,) * x.ndim
    bounds = zip(params["start_indices"], params["limit_indices"], strides, strict=True)
    return x[tuple(slice(*each) for each in bounds)]


def _cholesky(_params: Any, x: Array) -> Any:
    try:
        return np.linalg.cholesky(x)
    except np.linalg.LinAlgError:
        return None  # XLA has NaN


def _reshape(params: Any, x: Array) -> Any:
    return None if params["dimensions"] is not None else x.reshape(params["new_sizes"])


_SAME: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "add": np.add,
    "add_any": np.add,
    "and": np.bitwise_and,
    "ceil": np.ceil,
    "clamp": lambda low, x, high: np.minimum(np.maximum(x, low), high),
    "copy": np.asarray,
    "copy_p": np.asarray,
    "eq": np.equal,
    "exp": np.exp,
    "expm1": np.expm1,
    "floor": np.floor,
    "ge": np.greater_equal,
    "gt": np.greater,
    "is_finite": np.isfinite,
    "le": np.less_equal,
    "log": np.log,
    "log1p": np.log1p,
    "lt": np.less,
    "max": np.maximum,
    "min": np.minimum,
    "mul": np.multiply,
    "ne": np.not_equal,
    "neg": np.negative,
    "not": np.invert,
    "or": np.bitwise_or,
    "sign": np.sign,
    "sqrt": np.sqrt,
    "square": np.square,
    "stop_gradient": np.asarray,
    "sub": np.subtract,
    "xor": np.bitwise_xor,
}
# These are called with axes. Of whole numbers "and" and "or" are those of the bits.
_REDUCTIONS: dict[str, Callable[..., Any]] = {
    "reduce_and": np.bitwise_and.reduce,
    "reduce_max": np.max,
    "reduce_min": np.min,
    "reduce_or": np.bitwise_or.reduce,
    "reduce_prod": np.prod,
    "reduce_sum": np.sum,
}
NUMPY: dict[str, Callable[..., Any]] = {name: _plain(each) for name, each in _SAME.items()}
NUMPY |= _REDUCTIONS
NUMPY |= {
    "broadcast_in_dim": _broadcast,
    "cholesky": _cholesky,
    "concatenate": lambda params, *xs: np.concatenate(xs, params["dimension"]),
    "convert_element_type": _convert,
    "div": _quotient,
    "integer_pow": _integer_pow,
    "iota": _iota,
    "rem": _remainder,
    "reshape": _reshape,
    "rev": lambda params, x: np.flip(x, tuple(params["dimensions"])),
    "round": _round,
    "select_n": _select,
    "slice": _slice,
    "squeeze": lambda params, x: x.squeeze(axis=tuple(params["dimensions"])),
    "transpose": lambda params, x: x.transpose(params["permutation"]),
}
