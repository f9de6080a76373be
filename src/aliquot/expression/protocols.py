"""NumPy's own functions on expressions: ``np.exp(x)``, ``np.where(...)``, ``np.stack([...])``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.errors import ModelError
from aliquot.expression import text as texts
from aliquot.expression.apply import apply, as_arrays

_INFIX = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "true_divide": "/",
    "floor_divide": "//",
    "remainder": "%",
    "power": "**",
    "matmul": "@",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
    "equal": "==",
    "not_equal": "!=",
    "bitwise_and": "&",
    "bitwise_or": "|",
}
_REDUCTIONS = {
    "add": "sum",
    "multiply": "prod",
    "maximum": "max",
    "minimum": "min",
    "logical_and": "all",
    "logical_or": "any",
}


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


class NumPyProtocols:
    """What makes NumPy hand its functions over to JAX when an operand is an expression."""

    __slots__ = ()
    __array_priority__ = 1000
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
        name = ufunc.__name__
        if method == "reduce" and name in _REDUCTIONS and not set(kwargs) - {"axis", "keepdims"}:
            # The reduce method of a ufunc goes along the first axis by default, np.sum over all.
            return getattr(inputs[0], _REDUCTIONS[name])(**{"axis": 0, **kwargs})
        function = jax_function(name) if method == "__call__" else None
        if function is None or kwargs.pop("out", None) is not None:
            raise TypeError(
                f"np.{name} with method {method!r} has no counterpart in JAX: write it with other "
                "functions, or give a JAX function to aq.lift"
            )
        text = texts.infix(_INFIX[name], *inputs) if name in _INFIX else None
        # A ufunc's operands are arrays, tuples of numbers too.
        operands = [list(item) if type(item) is tuple else item for item in inputs]
        return apply(function, *as_arrays(tuple(operands)), text=text, **kwargs)

    def __array_function__(
        self, func: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if func is np.size and len(args) == 2:
            return args[0].shape[args[1]]
        if func in (np.shape, np.ndim, np.size):
            return getattr(args[0], func.__name__)
        function = jax_function(func.__name__, func.__module__)
        if function is None:
            raise TypeError(
                f"np.{func.__name__} has no counterpart in JAX: write it with other functions, or "
                "give a JAX function to aq.lift"
            )
        # NumPy takes lists for arrays anywhere, JAX nowhere.
        args, kwargs = as_arrays((args, kwargs))
        return apply(function, *args, **kwargs)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            f"{texts.label(self)} has no numbers yet, so it cannot be made into a NumPy array: "
            "use np functions on it directly, or aq.math, or aq.lift for a function of your own. "
            "Join it with NumPy's arrays: of pandas .to_numpy(), of a masked array .filled(...). "
            "To pick from an array by it, make the array an expression: aq.constant(array)[...]"
        )
