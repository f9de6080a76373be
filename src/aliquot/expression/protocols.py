"""NumPy's own functions on expressions: ``np.exp(x)``, ``np.stack([...])``, ``np.add.outer``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.errors import ModelError
from aliquot.expression import text as texts
from aliquot.expression.apply import apply, as_arrays
from aliquot.expression.lengths import Lengths, is_user_code, note

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


def jax_function(name: str, module: str = "") -> Callable[..., Any] | None:
    """Find JAX's function of NumPy's or SciPy's name."""
    import jax.scipy.special as jax_special

    from aliquot import special

    if module.startswith("numpy.linalg") and hasattr(jnp.linalg, name):
        return getattr(jnp.linalg, name)
    if module.startswith("numpy.fft") and hasattr(jnp.fft, name):
        return getattr(jnp.fft, name)
    for source in (jnp, special, jax_special):
        if hasattr(source, name):
            return getattr(source, name)
    return None


# What is asked for follows from shapes and dtypes alone.
FACTS = {"result_type", "common_type", "can_cast", "iscomplexobj", "isrealobj", "ndim"}
# Keywords of NumPy's functions that say how, and not what; with these values they change nothing.
_HOW = {"out": (None,), "casting": ("same_kind",), "order": ("K", "C"), "subok": (True,)}


def call(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], module: str = "") -> Any:
    """Call the function of NumPy's name on expressions, or say what to write in its place."""
    from aliquot.expression import functions  # they call this module's protocols

    kwargs = {key: value for key, value in kwargs.items() if not _says_nothing(key, value)}
    if kwargs.get("out") is not None:
        raise TypeError(f"np.{name}: an expression takes no out=: use what is returned")
    if name in functions.IN_PLACE:
        raise TypeError(
            f"np.{name} changes an array in place, which an expression cannot be. Make a new one: "
            f"{functions.IN_PLACE[name]}"
        )
    # NumPy takes lists for arrays anywhere, JAX nowhere.
    args, kwargs = as_arrays((args, kwargs))
    if name in functions.REPLACED and not module.startswith(("numpy.linalg", "numpy.fft")):
        return functions.REPLACED[name](*args, **kwargs)
    if name in functions.OF_VALUES and "size" not in kwargs:
        raise functions.of_values(name, args[0])
    function = jax_function(name, module)
    if function is None:
        raise TypeError(
            f"np.{name} has no counterpart in JAX: write it with other functions, or give a JAX "
            "function to aq.lift"
        )
    text = (
        texts.infix(texts.SYMBOLS[name], *args)
        if name in texts.SYMBOLS and len(args) == 2
        else None
    )
    return apply(function, *args, text=text, narrow="dtype" in kwargs, **kwargs)


def _says_nothing(key: str, value: Any) -> bool:
    return key in _HOW and any(value is one or value == one for one in _HOW[key])


class NumPyProtocols:
    """What makes NumPy hand its functions over to JAX when an operand is an expression."""

    __slots__ = ()
    __array_priority__ = 1000
    dtype: np.dtype[Any]
    shape: Any

    # pandas leaves an operation to what has a higher one than its own (at most 4000).
    __pandas_priority__ = 5000

    @property
    def __jax_array__(self) -> Any:
        """Say what to use where JAX's own functions ask for an array.

        JAX's operators ask, too, before they leave the operation to the other operand. (It would
        catch a TypeError and say something else.)
        """
        if sys._getframe(1).f_code.co_name.startswith("_operator_"):
            raise AttributeError("__jax_array__")
        raise ModelError(
            f"{texts.label(self)} has no numbers yet, so JAX's functions cannot take it: use "
            "NumPy's (np.exp) or aq.math's (aq.math.exp), or aq.lift(f) for any JAX function f. To "
            "pick from an array by it, make the array an expression: aq.constant(array)[...]"
        )

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        # A ufunc's operands are arrays, tuples of numbers too.
        inputs = as_arrays(tuple(list(x) if type(x) is tuple else x for x in inputs))
        if method != "__call__":
            return method_of(ufunc, method, inputs, kwargs)
        if kwargs.get("where", True) is not True:
            raise TypeError(
                f"np.{ufunc.__name__} with where= leaves the other elements as they happen to be: "
                "use np.where(condition, a, b)"
            )
        kwargs.pop("where", None)
        dtype = kwargs.pop("dtype", None)
        if dtype is not None:
            inputs = tuple(_converted(operand, dtype) for operand in inputs)
        return call(ufunc.__name__, inputs, kwargs)

    def __array_function__(
        self, func: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        name = func.__name__
        if func in (np.size, np.shape):
            return _lengths(func, args, kwargs, sys._getframe(1))
        if name in FACTS:
            return func(*(_placeholder(arg) for arg in args), **kwargs)
        return call(name, args, kwargs, func.__module__)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            f"{texts.label(self)} has no numbers yet, so it cannot be made into a NumPy array: "
            "use np functions on it directly, or aq.math, or aq.lift for a function of your own. "
            "Join it with NumPy's arrays: of pandas .to_numpy(), of a masked array .filled(...). "
            "To pick from an array by it, make the array an expression: aq.constant(array)[...]"
        )


def _converted(operand: Any, dtype: Any) -> Any:
    return operand.astype(dtype) if hasattr(operand, "text") else np.asarray(operand, dtype)


def _placeholder(operand: Any) -> Any:
    """Give an array of the shape and dtype of an expression."""
    if not isinstance(operand, NumPyProtocols):
        return operand
    return np.broadcast_to(np.zeros((), operand.dtype), operand.shape)


def _lengths(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], frame: Any) -> Any:
    """Give a shape or a size, and note it where the caller keeps it."""
    x, axis = args[0], (args[1] if len(args) > 1 else kwargs.get("axis"))
    keeps = is_user_code(frame)
    if func is np.shape:
        return Lengths(x, x.shape) if keeps else x.shape
    if keeps:
        note(x, axis, frame)
    return x.size if axis is None else x.shape[axis]
