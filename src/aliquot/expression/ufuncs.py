"""The methods of NumPy's ufuncs on expressions: ``np.add.outer``, ``np.maximum.reduce``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.expression.apply import apply

_REDUCE: dict[str, Callable[..., Any]] = {
    "add": jnp.sum,
    "multiply": jnp.prod,
    "maximum": jnp.max,
    "minimum": jnp.min,
    "logical_and": jnp.all,
    "logical_or": jnp.any,
}
_ACCUMULATE: dict[str, Callable[..., Any]] = {"add": jnp.cumsum, "multiply": jnp.cumprod}
_PLACES = ("axis", "dtype", "out", "keepdims", "initial", "where")


def method_of(ufunc: Any, method: str, inputs: tuple[Any, ...], given: dict[str, Any]) -> Any:
    """Apply a method of a ufunc other than the call itself, if it makes a new array."""
    name = ufunc.__name__
    if method == "at":
        raise TypeError(
            f"np.{name}.at changes an array in place, which an expression cannot be. Make a new "
            "one with aq.lift and JAX's x.at[index].add(y) and its kin"
        )
    if method == "outer":
        first, second = inputs
        first = first if hasattr(first, "text") else np.asarray(first)
        # Room for the axes of the other operand.
        return ufunc(first[(..., *(None,) * np.ndim(second))], second)
    array, *rest = inputs
    places = ("indices", "axis", "dtype", "out") if method == "reduceat" else _PLACES
    given = dict(zip(places, rest, strict=False)) | {
        key: value for key, value in given.items() if value is not None or key == "axis"
    }
    if given.pop("out", None) is not None:
        raise TypeError(f"np.{name}.{method}: an expression takes no out=: use what is returned")
    given = {"axis": 0, **given}
    text = f"{name}.{method}"
    table = {"reduce": _REDUCE, "accumulate": _ACCUMULATE}.get(method, {})
    function = table.get(name)
    if function is None:
        own = getattr(jnp, name)
        own = own if hasattr(own, method) else jnp.frompyfunc(own, nin=2, nout=1)
        function = _named(getattr(own, method), text)
    elif name in ("maximum", "minimum") or method == "accumulate":
        given.pop("dtype", None)
    elif name in ("logical_and", "logical_or"):
        given = {key: value for key, value in given.items() if key not in ("dtype", "initial")}
    if method == "reduceat":
        return apply(function, array, np.asarray(given.pop("indices")), **given)
    return apply(function, array, **given)


def _named(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    call.__name__ = name
    return call
