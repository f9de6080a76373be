"""The methods and attributes of expressions, after those of NumPy's arrays."""

from __future__ import annotations

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
_UNSET: Any = np._NoValue


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

    def sum(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: None = None,
        keepdims: bool = False,
        initial: Any = _UNSET,
        where: Any = _UNSET,
    ) -> Expression:
        """Sum over the given axes (all by default)."""
        return self._reduce(
            "sum", axis, keepdims, dtype=dtype, out=out, initial=initial, where=where
        )

    def prod(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: None = None,
        keepdims: bool = False,
        initial: Any = _UNSET,
        where: Any = _UNSET,
    ) -> Expression:
        """Multiply over the given axes (all by default)."""
        return self._reduce(
            "prod", axis, keepdims, dtype=dtype, out=out, initial=initial, where=where
        )

    def mean(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: None = None,
        keepdims: bool = False,
        *,
        where: Any = _UNSET,
    ) -> Expression:
        """Average over the given axes (all by default)."""
        return self._reduce("mean", axis, keepdims, dtype=dtype, out=out, where=where)

    def var(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: None = None,
        ddof: float = 0,
        keepdims: bool = False,
        *,
        where: Any = _UNSET,
        mean: Any = _UNSET,
        correction: Any = _UNSET,
    ) -> Expression:
        """Compute the variance over the given axes (all by default)."""
        more = {"dtype": dtype, "out": out, "where": where, "mean": mean}
        ddof = ddof if correction is _UNSET else correction
        return self._reduce("var", axis, keepdims, ddof=ddof, **more)

    def std(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: None = None,
        ddof: float = 0,
        keepdims: bool = False,
        *,
        where: Any = _UNSET,
        mean: Any = _UNSET,
        correction: Any = _UNSET,
    ) -> Expression:
        """Compute the standard deviation over the given axes (all by default)."""
        more = {"dtype": dtype, "out": out, "where": where, "mean": mean}
        ddof = ddof if correction is _UNSET else correction
        return self._reduce("std", axis, keepdims, ddof=ddof, **more)

    def min(
        self,
        axis: Any = None,
        out: None = None,
        keepdims: bool = False,
        initial: Any = _UNSET,
        where: Any = _UNSET,
    ) -> Expression:
        """Find the smallest over the given axes (all by default)."""
        return self._reduce("min", axis, keepdims, out=out, initial=initial, where=where)

    def max(
        self,
        axis: Any = None,
        out: None = None,
        keepdims: bool = False,
        initial: Any = _UNSET,
        where: Any = _UNSET,
    ) -> Expression:
        """Find the largest over the given axes (all by default)."""
        return self._reduce("max", axis, keepdims, out=out, initial=initial, where=where)

    def all(
        self, axis: Any = None, out: None = None, keepdims: bool = False, *, where: Any = _UNSET
    ) -> Expression:
        """Say whether all are true over the given axes (all by default)."""
        return self._reduce("all", axis, keepdims, out=out, where=where)

    def any(
        self, axis: Any = None, out: None = None, keepdims: bool = False, *, where: Any = _UNSET
    ) -> Expression:
        """Say whether any is true over the given axes (all by default)."""
        return self._reduce("any", axis, keepdims, out=out, where=where)

    def argmax(
        self, axis: int | None = None, out: None = None, *, keepdims: bool = False
    ) -> Expression:
        """Find the index of the largest."""
        return self._call("argmax", axis=axis, out=out, keepdims=keepdims)

    def argmin(
        self, axis: int | None = None, out: None = None, *, keepdims: bool = False
    ) -> Expression:
        """Find the index of the smallest."""
        return self._call("argmin", axis=axis, out=out, keepdims=keepdims)

    def cumsum(self, axis: int | None = None, dtype: Any = None, out: None = None) -> Expression:
        """Sum cumulatively along an axis."""
        return self._call("cumsum", axis=axis, dtype=dtype, out=out)

    def cumprod(self, axis: int | None = None, dtype: Any = None, out: None = None) -> Expression:
        """Multiply cumulatively along an axis."""
        return self._call("cumprod", axis=axis, dtype=dtype, out=out)

    def dot(self, other: Any) -> Expression:
        """Compute the dot product with another array."""
        return self._call("dot", other)

    def reshape(self, *shape: Any, order: str = "C") -> Expression:
        """Give the elements another shape of the same size."""
        new = shape[0] if len(shape) == 1 and not np.isscalar(shape[0]) else shape
        text = f"{primary(self.text)}.reshape{tuple(new)}"
        return apply(jnp.reshape, self, tuple(new), order=order, text=text)

    def ravel(self, order: str = "C") -> Expression:
        """Flatten to one axis."""
        return self._call("ravel", order=order)

    flatten = ravel

    def copy(self, order: str = "C") -> Expression:
        """Give the expression, which nothing can change."""
        return self._call("copy")

    def squeeze(self, axis: Any = None) -> Expression:
        """Drop axes of length one."""
        return self._call("squeeze", axis=axis)

    def transpose(self, *axes: Any) -> Expression:
        """Permute the axes (reversed by default)."""
        order = axes[0] if len(axes) == 1 and not np.isscalar(axes[0]) else axes
        return apply(jnp.transpose, self, tuple(order) if order else None)

    def swapaxes(self, first: int, second: int) -> Expression:
        """Swap two axes."""
        return apply(jnp.swapaxes, self, first, second)

    def repeat(self, repeats: Any, axis: int | None = None) -> Expression:
        """Repeat elements along an axis."""
        return self._call("repeat", repeats, axis=axis)

    def take(
        self, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise"
    ) -> Expression:
        """Take elements along an axis (of the flattened array by default)."""
        return self._call("take", indices, axis=axis, out=out, mode=mode)

    def compress(self, condition: Any, axis: int | None = None) -> Expression:
        """Take the elements along an axis where a mask is true."""
        return call("compress", (condition, self), {"axis": axis})

    def choose(self, choices: Any, out: None = None, mode: str = "raise") -> Expression:
        """Choose from arrays: each element says from which."""
        return self._call("choose", choices, out=out, mode=mode)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Expression:
        """Take the diagonal of two axes."""
        return self._call("diagonal", offset=offset, axis1=axis1, axis2=axis2)

    def trace(
        self, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: None = None
    ) -> Expression:
        """Sum the diagonal of two axes."""
        return self._call("trace", offset=offset, axis1=axis1, axis2=axis2, dtype=dtype, out=out)

    def searchsorted(self, v: Any, side: str = "left", sorter: Any = None) -> Expression:
        """Find where elements would have to be put in to keep the order."""
        return self._call("searchsorted", v, side=side, sorter=sorter)

    def clip(self, min: Any = None, max: Any = None, out: None = None) -> Expression:
        """Limit the values to an interval."""
        return self._call("clip", min, max, out=out)

    def round(self, decimals: int = 0, out: None = None) -> Expression:
        """Round to the given number of decimals."""
        return self._call("round", decimals, out=out)

    def conj(self) -> Expression:
        """Give the complex conjugate."""
        return self._call("conj")

    conjugate = conj

    def nonzero(self) -> Any:
        """Refuse: how many there are is not known."""
        return self._call("nonzero")

    def argsort(
        self, axis: int | None = -1, kind: Any = None, order: Any = None, *, stable: Any = None
    ) -> Expression:
        """Find the indices that would sort along an axis."""
        return self._call("argsort", axis=axis, kind=kind, order=order)

    def argpartition(self, kth: int, axis: int = -1) -> Expression:
        """Find the indices that would put the smallest first along an axis."""
        return self._call("argpartition", kth, axis=axis)

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

    def _call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        kwargs = {key: value for key, value in kwargs.items() if key == "axis" or value is not None}
        return call(name, (self, *args), kwargs)

    def _reduce(self, name: str, axis: Any, keepdims: bool, **more: Any) -> Expression:
        along = "" if axis is None else f"axis={axis}"
        if more.pop("out", None) is not None:
            raise TypeError(f"{self.text}.{name}: an expression takes no out=")
        given = {k: v for k, v in more.items() if v is not _UNSET and v is not None}
        return apply(
            getattr(jnp, name),
            self,
            axis=axis,
            keepdims=keepdims,
            **given,
            narrow="dtype" in given,
            text=f"{primary(self.text)}.{name}({along})",
        )
