"""Operators, indexing and methods of expressions, after NumPy's arrays."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from aliquot.errors import ShapeError
from aliquot.expression import text as texts
from aliquot.expression.apply import apply
from aliquot.expression.index import checked_index
from aliquot.expression.precedence import primary, unary
from aliquot.expression.protocols import NumPyProtocols

if TYPE_CHECKING:
    from aliquot.expression.node import Expression


def _binary(symbol: str, function: Any, left: Any, right: Any) -> Any:
    if _is_foreign(left) or _is_foreign(right):
        return NotImplemented
    left, right = _operand(left), _operand(right)
    return apply(function, left, right, text=texts.infix(symbol, left, right))


def _is_foreign(operand: Any) -> bool:
    return operand is None or isinstance(operand, str | dict | set)


def _operand(operand: Any) -> Any:
    if isinstance(operand, list | tuple):
        if any(hasattr(item, "function") for item in operand):
            return apply(jnp.stack, list(operand))
        return np.asarray(operand)
    return operand


class Operators(NumPyProtocols):
    """What can be written with an expression as with an array."""

    __slots__ = ()
    shape: tuple[int, ...]
    text: str

    def __add__(self, other: Any) -> Expression:
        return _binary("+", operator.add, self, other)

    def __radd__(self, other: Any) -> Expression:
        return _binary("+", operator.add, other, self)

    def __sub__(self, other: Any) -> Expression:
        return _binary("-", operator.sub, self, other)

    def __rsub__(self, other: Any) -> Expression:
        return _binary("-", operator.sub, other, self)

    def __mul__(self, other: Any) -> Expression:
        return _binary("*", operator.mul, self, other)

    def __rmul__(self, other: Any) -> Expression:
        return _binary("*", operator.mul, other, self)

    def __truediv__(self, other: Any) -> Expression:
        return _binary("/", operator.truediv, self, other)

    def __rtruediv__(self, other: Any) -> Expression:
        return _binary("/", operator.truediv, other, self)

    def __floordiv__(self, other: Any) -> Expression:
        return _binary("//", operator.floordiv, self, other)

    def __rfloordiv__(self, other: Any) -> Expression:
        return _binary("//", operator.floordiv, other, self)

    def __mod__(self, other: Any) -> Expression:
        return _binary("%", operator.mod, self, other)

    def __rmod__(self, other: Any) -> Expression:
        return _binary("%", operator.mod, other, self)

    def __pow__(self, other: Any) -> Expression:
        return _binary("**", operator.pow, self, other)

    def __rpow__(self, other: Any) -> Expression:
        return _binary("**", jnp.power, other, self)

    def __matmul__(self, other: Any) -> Expression:
        return _binary("@", jnp.matmul, self, other)

    def __rmatmul__(self, other: Any) -> Expression:
        return _binary("@", jnp.matmul, other, self)

    def __and__(self, other: Any) -> Expression:
        return _binary("&", operator.and_, self, other)

    def __rand__(self, other: Any) -> Expression:
        return _binary("&", operator.and_, other, self)

    def __or__(self, other: Any) -> Expression:
        return _binary("|", operator.or_, self, other)

    def __ror__(self, other: Any) -> Expression:
        return _binary("|", operator.or_, other, self)

    def __xor__(self, other: Any) -> Expression:
        return _binary("^", operator.xor, self, other)

    def __rxor__(self, other: Any) -> Expression:
        return _binary("^", operator.xor, other, self)

    def __lt__(self, other: Any) -> Expression:
        return _binary("<", operator.lt, self, other)

    def __le__(self, other: Any) -> Expression:
        return _binary("<=", operator.le, self, other)

    def __gt__(self, other: Any) -> Expression:
        return _binary(">", operator.gt, self, other)

    def __ge__(self, other: Any) -> Expression:
        return _binary(">=", operator.ge, self, other)

    def __eq__(self, other: object) -> Any:
        return _binary("==", operator.eq, self, other)

    def __ne__(self, other: object) -> Any:
        return _binary("!=", operator.ne, self, other)

    __hash__ = object.__hash__

    def __neg__(self) -> Expression:
        return apply(operator.neg, self, text=unary("-", self.text))

    def __pos__(self) -> Expression:
        return apply(operator.pos, self, text=self.text)

    def __abs__(self) -> Expression:
        return apply(jnp.abs, self, text=f"abs({self.text})")

    def __invert__(self) -> Expression:
        return apply(operator.invert, self, text=unary("~", self.text))

    def __getitem__(self, index: Any) -> Expression:
        return checked_index(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError(
            f"{self.text} cannot be changed in place: make another with np.where(condition, new, "
            f"{self.text}), np.concatenate, or aq.lift(lambda x, new: x.at[index].set(new))"
        )

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError(f"{self.text} is a scalar: it has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Expression]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        raise TypeError(
            f"the truth of {self.text} is not known while the model is being written: "
            "use np.where(condition, a, b) in place of if, and & | ~ in place of and, or, not"
        )

    def __float__(self) -> float:
        raise TypeError(f"{self.text} has no number yet: it is part of a model")

    __int__ = __float__
    __index__ = __float__

    @property
    def T(self) -> Expression:
        """The transpose: axes reversed."""
        return apply(jnp.transpose, self, text=f"{primary(self.text)}.T")

    def sum(self, axis: Any = None, *, keepdims: bool = False) -> Expression:
        """Sum over the given axes (all by default)."""
        return self._reduce(jnp.sum, axis, keepdims)

    def prod(self, axis: Any = None, *, keepdims: bool = False) -> Expression:
        """Multiply over the given axes (all by default)."""
        return self._reduce(jnp.prod, axis, keepdims)

    def mean(self, axis: Any = None, *, keepdims: bool = False) -> Expression:
        """Average over the given axes (all by default)."""
        return self._reduce(jnp.mean, axis, keepdims)

    def var(self, axis: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Expression:
        """Compute the variance over the given axes (all by default)."""
        return self._reduce(jnp.var, axis, keepdims, ddof=ddof)

    def std(self, axis: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Expression:
        """Compute the standard deviation over the given axes (all by default)."""
        return self._reduce(jnp.std, axis, keepdims, ddof=ddof)

    def min(self, axis: Any = None, *, keepdims: bool = False) -> Expression:
        """Find the smallest over the given axes (all by default)."""
        return self._reduce(jnp.min, axis, keepdims)

    def max(self, axis: Any = None, *, keepdims: bool = False) -> Expression:
        """Find the largest over the given axes (all by default)."""
        return self._reduce(jnp.max, axis, keepdims)

    def all(self, axis: Any = None, *, keepdims: bool = False) -> Expression:
        """Say whether all are true over the given axes (all by default)."""
        return self._reduce(jnp.all, axis, keepdims)

    def any(self, axis: Any = None, *, keepdims: bool = False) -> Expression:
        """Say whether any is true over the given axes (all by default)."""
        return self._reduce(jnp.any, axis, keepdims)

    def argmax(self, axis: int | None = None) -> Expression:
        """Find the index of the largest."""
        return apply(jnp.argmax, self, axis=axis)

    def argmin(self, axis: int | None = None) -> Expression:
        """Find the index of the smallest."""
        return apply(jnp.argmin, self, axis=axis)

    def cumsum(self, axis: int | None = None) -> Expression:
        """Sum cumulatively along an axis."""
        return apply(jnp.cumsum, self, axis=axis)

    def cumprod(self, axis: int | None = None) -> Expression:
        """Multiply cumulatively along an axis."""
        return apply(jnp.cumprod, self, axis=axis)

    def dot(self, other: Any) -> Expression:
        """Compute the dot product with another array."""
        return apply(jnp.dot, self, _operand(other))

    def reshape(self, *shape: Any) -> Expression:
        """Give the elements another shape of the same size."""
        new = shape[0] if len(shape) == 1 and not np.isscalar(shape[0]) else shape
        return apply(
            jnp.reshape, self, tuple(new), text=f"{primary(self.text)}.reshape{tuple(new)}"
        )

    def ravel(self) -> Expression:
        """Flatten to one axis."""
        return apply(jnp.ravel, self)

    flatten = ravel

    def squeeze(self, axis: Any = None) -> Expression:
        """Drop axes of length one."""
        return apply(jnp.squeeze, self, axis=axis)

    def transpose(self, *axes: Any) -> Expression:
        """Permute the axes (reversed by default)."""
        order = axes[0] if len(axes) == 1 and not np.isscalar(axes[0]) else axes
        return apply(jnp.transpose, self, tuple(order) if order else None)

    def swapaxes(self, first: int, second: int) -> Expression:
        """Swap two axes."""
        return apply(jnp.swapaxes, self, first, second)

    def repeat(self, repeats: int, axis: int | None = None) -> Expression:
        """Repeat elements along an axis."""
        return apply(jnp.repeat, self, repeats, axis=axis)

    def take(self, indices: Any, axis: int | None = None) -> Expression:
        """Take elements along an axis (of the flattened array by default)."""
        if axis is None:
            return (self if len(self.shape) == 1 else self.ravel())[indices]
        if not -len(self.shape) <= axis < len(self.shape):
            raise ShapeError(
                f"cannot take along axis {axis} of {self.text}, which has shape {self.shape}"
            )
        before = (slice(None),) * (axis % len(self.shape))
        return self[(*before, indices)]

    def clip(self, min: Any = None, max: Any = None) -> Expression:
        """Limit the values to an interval."""
        return apply(jnp.clip, self, min, max)

    def round(self, decimals: int = 0) -> Expression:
        """Round to the given number of decimals."""
        return apply(jnp.round, self, decimals)

    def sort(self, axis: int = -1) -> Expression:
        """Sort along an axis (a new value; nothing is changed in place)."""
        return apply(jnp.sort, self, axis=axis)

    def argsort(self, axis: int = -1) -> Expression:
        """Find the indices that would sort along an axis."""
        return apply(jnp.argsort, self, axis=axis)

    def astype(self, dtype: Any) -> Expression:
        """Convert to another dtype."""
        return apply(lambda x: x.astype(dtype), self, text=f"{primary(self.text)}.astype({dtype})")

    def _reduce(self, function: Any, axis: Any, keepdims: bool, **more: Any) -> Expression:
        along = "" if axis is None else f"axis={axis}"
        return apply(
            function,
            self,
            axis=axis,
            keepdims=keepdims,
            **more,
            text=f"{primary(self.text)}.{function.__name__}({along})",
        )
