"""The methods and attributes of expressions, after those of NumPy's arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from aliquot.expression import text as texts
from aliquot.expression.apply import apply
from aliquot.expression.bounds import converted
from aliquot.expression.protocols import NumPyProtocols, call
from aliquot.expression.text import primary

if TYPE_CHECKING:
    from aliquot.expression.node import Expression

_IN_PLACE = {
    "byteswap": "",
    "fill": "np.full_like(x, value)",
    "itemset": "np.where(condition, new, x)",
    "partition": "np.partition(x, kth), which gives a new one",
    "put": "np.where(condition, new, x), or aq.lift with JAX's x.at[index].set(new)",
    "resize": "np.resize(x, shape), which gives a new one",
    "setfield": "",
    "setflags": "",
    "sort": "np.sort(x), which gives a new one",
}
_NUMBERS = {
    *("base", "ctypes", "data", "device", "dump", "dumps", "flags", "flat", "getfield", "item"),
    *("itemsize", "nbytes", "strides", "to_device", "tobytes", "tofile", "tolist", "view"),
}


def _called(name: str, *args: Any, **kwargs: Any) -> Any:
    return call(name, args, {k: v for k, v in kwargs.items() if k == "axis" or v is not None})


def _reduced(name: str, x: Any, *, axis: Any, out: Any, **more: Any) -> Any:
    if out is not None:
        raise TypeError(f"{x.text}.{name}: an expression takes no out=")
    given = {k: v for k, v in more.items() if v is not None}
    text = f"{primary(x.text)}.{name}({'' if axis is None else f'axis={axis}'})"
    return apply(getattr(jnp, name), x, axis=axis, **given, narrow="dtype" in given, text=text)


def _as_function(name: str, does: str, run: Any = _called) -> Callable[..., Expression]:
    """Make the method that takes what NumPy's function of the name takes, of an expression."""
    new: dict[str, Any] = {"a": {"name": "self"}, "keepdims": {"default": False}}
    own = inspect.signature(getattr(np, name)).parameters.values()
    takes = [each.replace(**new.get(each.name, {})) for each in own]
    signature = inspect.Signature(takes)
    needed = [p.name for p in takes if p.default is p.empty]

    def method(*args: Any, **kwargs: Any) -> Any:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{name}() {error}") from None
        bound.apply_defaults()
        given = {k: v for k, v in bound.arguments.items() if v is not np._NoValue}
        of = [given.pop(key) for key in needed]
        return run(name, *of, **given)

    method.__name__, method.__doc__ = name, does
    method.__qualname__ = f"Expression.{name}"
    method.__signature__ = signature  # type: ignore[attr-defined]
    return method


def _reduction(name: str, does: str) -> Callable[..., Expression]:
    return _as_function(name, f"{does} over the given axes (all by default).", _reduced)


class Methods(NumPyProtocols):
    """What can be called on an expression as on an array."""

    __slots__ = ()
    text: str

    def _why_not(self, name: str) -> str | None:
        """Say why there is no such method, where arrays have one."""
        if name in _IN_PLACE:
            instead = f": use {_IN_PLACE[name]}" if _IN_PLACE[name] else ""
            return (
                f"x.{name} changes an array in place, which the expression {self.text} cannot "
                f"be{instead}"
            )
        if name in _NUMBERS:
            return (
                f"x.{name} is about numbers in memory, and {self.text} has none yet: it is part of "
                "a model"
            )
        return None

    @property
    def T(self) -> Expression:
        """The transpose: axes reversed."""
        return apply(jnp.transpose, self, text=f"{primary(self.text)}.T")

    @property
    def mT(self) -> Expression:
        """The transpose of each matrix: the last two axes exchanged."""
        return apply(jnp.matrix_transpose, self, text=f"{primary(self.text)}.mT")

    @property
    def real(self) -> Expression:
        """The real part."""
        return apply(jnp.real, self)

    @property
    def imag(self) -> Expression:
        """The imaginary part."""
        return apply(jnp.imag, self)

    sum = _reduction("sum", "Sum")
    prod = _reduction("prod", "Multiply")
    mean = _reduction("mean", "Average")
    var = _reduction("var", "Compute the variance")
    std = _reduction("std", "Compute the standard deviation")
    min = _reduction("min", "Find the smallest")
    max = _reduction("max", "Find the largest")
    all = _reduction("all", "Say whether all are true")
    any = _reduction("any", "Say whether any is true")
    argmax = _as_function("argmax", "Find the index of the largest.")
    argmin = _as_function("argmin", "Find the index of the smallest.")
    cumsum = _as_function("cumsum", "Sum cumulatively along an axis.")
    cumprod = _as_function("cumprod", "Multiply cumulatively along an axis.")
    ravel = flatten = _as_function("ravel", "Flatten to one axis.")
    squeeze = _as_function("squeeze", "Drop axes of length one.")
    swapaxes = _as_function("swapaxes", "Swap two axes.")
    repeat = _as_function("repeat", "Repeat elements along an axis.")
    take = _as_function("take", "Take elements along an axis (of the flattened array by default).")
    choose = _as_function("choose", "Choose from arrays: each element says from which.")
    diagonal = _as_function("diagonal", "Take the diagonal of two axes.")
    trace = _as_function("trace", "Sum the diagonal of two axes.")
    searchsorted = _as_function(
        "searchsorted", "Find where elements would have to be put in to keep the order."
    )
    nonzero = _as_function("nonzero", "Refuse: how many there are is not known.")
    argsort = _as_function("argsort", "Find the indices that would sort along an axis.")

    def dot(self, other: Any) -> Expression:
        """Compute the dot product with another array."""
        return _called("dot", self, other)

    def reshape(self, *shape: Any, order: str = "C") -> Expression:
        """Give the elements another shape of the same size."""
        new = shape[0] if len(shape) == 1 and not np.isscalar(shape[0]) else shape
        text = f"{primary(self.text)}.reshape{tuple(new)}"
        return apply(jnp.reshape, self, tuple(new), order=order, text=text)

    def copy(self, order: str = "C") -> Expression:
        """Give the expression, which nothing can change."""
        return _called("copy", self)

    def transpose(self, *axes: Any) -> Expression:
        """Permute the axes (reversed by default)."""
        order = axes[0] if len(axes) == 1 and not np.isscalar(axes[0]) else axes
        return apply(jnp.transpose, self, tuple(order) if order else None)

    def compress(self, condition: Any, axis: int | None = None) -> Expression:
        """Take the elements along an axis where a mask is true."""
        return call("compress", (condition, self), {"axis": axis})

    def clip(self, min: Any = None, max: Any = None, out: None = None) -> Expression:
        """Limit the values to an interval."""
        return _called("clip", self, min, max, out=out)

    def round(self, decimals: int = 0, out: None = None) -> Expression:
        """Round to the given number of decimals."""
        return _called("round", self, decimals, out=out)

    def conj(self) -> Expression:
        """Give the complex conjugate."""
        return _called("conj", self)

    conjugate = conj

    def argpartition(self, kth: int, axis: int = -1) -> Expression:
        """Find the indices that would put the smallest first along an axis."""
        return _called("argpartition", self, kth, axis=axis)

    def astype(
        self,
        dtype: Any,
        order: str = "K",
        casting: str = "unsafe",
        subok: bool = True,
        copy: bool = True,
    ) -> Expression:
        """Convert to another dtype."""
        return apply(
            lambda x: x.astype(dtype),
            self,
            text=f"{primary(self.text)}.astype({texts.label(dtype)})",
            rule=converted(dtype),
            narrow=True,
        )
