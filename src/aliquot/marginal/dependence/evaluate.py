"""Working out a known value: NumPy for what index computations are made of, JAX for the rest.

An operation that JAX runs by itself is compiled first, which takes longer than most analyses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.extend.core import (  # type: ignore[attr-defined]
    ClosedJaxpr,
    Jaxpr,
    Var,
    jaxpr_as_fun,
)
from numpy.typing import NDArray

from aliquot.precision import float64

_Function = Callable[..., Any]


def _broadcast(params: Any, x: NDArray[Any]) -> Any:
    shape = [1] * len(params["shape"])
    for axis, length in zip(params["broadcast_dimensions"], x.shape, strict=True):
        shape[axis] = length
    return np.broadcast_to(x.reshape(shape), params["shape"])


def _iota(params: Any) -> Any:
    shape, axis = params["shape"], params["dimension"]
    along = [1] * len(shape)
    along[axis] = -1
    return np.broadcast_to(np.arange(shape[axis]).reshape(along), shape)


def _select(_params: Any, which: NDArray[Any], *cases: NDArray[Any]) -> Any:
    if len(cases) == 2:
        return np.where(which.astype(bool), cases[1], cases[0])
    return np.choose(which, cases)


def _slice(params: Any, x: NDArray[Any]) -> Any:
    strides = params["strides"] or (1,) * x.ndim
    bounds = zip(params["start_indices"], params["limit_indices"], strides, strict=True)
    return x[tuple(slice(*each) for each in bounds)]


def _plain(function: Callable[..., Any]) -> _Function:
    return lambda _params, *operands: function(*operands)


def _along(function: Callable[..., Any]) -> _Function:
    return lambda params, x: function(x, axis=tuple(params["axes"]))


_ELEMENTWISE: dict[str, _Function] = {
    "abs": np.abs,
    "add": np.add,
    "and": np.bitwise_and,
    "ceil": np.ceil,
    "clamp": lambda low, x, high: np.minimum(np.maximum(x, low), high),
    "copy": np.asarray,
    "eq": np.equal,
    "floor": np.floor,
    "ge": np.greater_equal,
    "gt": np.greater,
    "is_finite": np.isfinite,
    "le": np.less_equal,
    "lt": np.less,
    "max": np.maximum,
    "min": np.minimum,
    "mul": np.multiply,
    "ne": np.not_equal,
    "neg": np.negative,
    "not": np.invert,
    "or": np.bitwise_or,
    "sign": np.sign,
    "stop_gradient": np.asarray,
    "sub": np.subtract,
}
_NUMPY = {name: _plain(function) for name, function in _ELEMENTWISE.items()}
_NUMPY |= {
    "broadcast_in_dim": _broadcast,
    "concatenate": lambda params, *xs: np.concatenate(xs, params["dimension"]),
    "iota": _iota,
    "reduce_and": _along(np.bitwise_and.reduce),
    "reduce_max": _along(np.max),
    "reduce_min": _along(np.min),
    "reduce_or": _along(np.bitwise_or.reduce),
    "reshape": lambda params, x: x.reshape(params["new_sizes"]),
    "rev": lambda params, x: np.flip(x, tuple(params["dimensions"])),
    "select_n": _select,
    "slice": _slice,
    "squeeze": lambda params, x: x.squeeze(axis=tuple(params["dimensions"])),
    "transpose": lambda params, x: x.transpose(params["permutation"]),
}


def _is_conversion(equation: Any) -> bool:
    """Tell whether NumPy changes the type as XLA does: to what holds any number of the kind."""
    if equation.primitive.name != "convert_element_type":
        return False
    old, new = equation.invars[0].aval.dtype, equation.outvars[0].aval.dtype
    return np.can_cast(old, new, "same_kind") or (
        np.issubdtype(old, np.integer) and np.issubdtype(new, np.integer)
    )


def evaluate(equation: Any, *operands: Any) -> list[NDArray[Any]]:
    """Return the results of one equation for known operands, as NumPy arrays."""
    given = [
        np.asarray(value, atom.aval.dtype)
        for value, atom in zip(operands, equation.invars, strict=True)
    ]
    function = _NUMPY.get(equation.primitive.name)
    if _is_conversion(equation):
        function = _plain(np.asarray)
    if function is not None:
        (var,) = equation.outvars
        with np.errstate(all="ignore"):
            result = np.asarray(function(equation.params, *given))
        return [result.astype(var.aval.dtype, copy=False)]

    inputs = [Var(atom.aval) for atom in equation.invars]
    outputs = [Var(var.aval) for var in equation.outvars]
    alone = equation.replace(invars=inputs, outvars=outputs)
    with float64(), jax.ensure_compile_time_eval():
        about = jax.make_jaxpr(lambda: ())().jaxpr.debug_info
        jaxpr = Jaxpr([], inputs, outputs, [alone], debug_info=about)
        return [np.asarray(each) for each in jaxpr_as_fun(ClosedJaxpr(jaxpr, []))(*given)]
