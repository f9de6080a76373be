"""Operators and indexing of expressions, after NumPy's arrays."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from aliquot.expression import functions
from aliquot.expression import text as texts
from aliquot.expression.apply import apply
from aliquot.expression.index import checked_index
from aliquot.expression.lengths import is_user_code, note, told
from aliquot.expression.methods import Methods
from aliquot.expression.text import unary

if TYPE_CHECKING:
    from aliquot.expression.node import Expression


# Operations that have no result for some integers.
_OF_INTEGERS = {"**", "//", "%", "<<", ">>"}


def _binary(symbol: str, function: Any, left: Any, right: Any) -> Any:
    if _is_foreign(left) or _is_foreign(right):
        return NotImplemented
    left, right = _operand(left), _operand(right)
    written = texts.infix(symbol, left, right)
    if symbol in _OF_INTEGERS:
        return function(left, right, text=written)
    return apply(function, left, right, text=written)


def _is_foreign(operand: Any) -> bool:
    return operand is None or isinstance(operand, str | dict | set)


def _operand(operand: Any) -> Any:
    if isinstance(operand, list | tuple):
        if any(hasattr(item, "function") for item in operand):
            return apply(jnp.stack, list(operand))
        return np.asarray(operand)
    return operand


Operator = Callable[[Any, Any], "Expression"]


def _both(name: str, symbol: str, function: Any) -> tuple[Operator, Operator]:
    """Make an operator, and the one for an expression on its right side."""

    def operation(self: Any, other: Any) -> Expression:
        return _binary(symbol, function, self, other)

    def reflected(self: Any, other: Any) -> Expression:
        return _binary(symbol, function, other, self)

    for method, made in ((f"__{name}__", operation), (f"__r{name}__", reflected)):
        made.__name__, made.__qualname__ = method, f"Expression.{method}"
    return operation, reflected


class Operators(Methods):
    """What can be written with an expression as with an array."""

    __slots__ = ()

    __add__, __radd__ = _both("add", "+", operator.add)
    __sub__, __rsub__ = _both("sub", "-", operator.sub)
    __mul__, __rmul__ = _both("mul", "*", operator.mul)
    __truediv__, __rtruediv__ = _both("truediv", "/", operator.truediv)
    __floordiv__, __rfloordiv__ = _both("floordiv", "//", functions.floor_divide)
    __mod__, __rmod__ = _both("mod", "%", functions.remainder)
    __pow__, __rpow__ = _both("pow", "**", functions.power)
    __matmul__, __rmatmul__ = _both("matmul", "@", jnp.matmul)
    __lshift__, __rlshift__ = _both("lshift", "<<", functions.left_shift)
    __rshift__, __rrshift__ = _both("rshift", ">>", functions.right_shift)
    __and__, __rand__ = _both("and", "&", operator.and_)
    __or__, __ror__ = _both("or", "|", operator.or_)
    __xor__, __rxor__ = _both("xor", "^", operator.xor)
    # Of a comparison Python asks the right side for the mirrored one.
    __lt__ = _both("lt", "<", operator.lt)[0]
    __le__ = _both("le", "<=", operator.le)[0]
    __gt__ = _both("gt", ">", operator.gt)[0]
    __ge__ = _both("ge", ">=", operator.ge)[0]

    def __eq__(self, other: object) -> Any:
        return _binary("==", operator.eq, self, other)

    def __ne__(self, other: object) -> Any:
        return _binary("!=", operator.ne, self, other)

    __hash__ = object.__hash__

    def __divmod__(self, other: Any) -> Any:
        quotient = self // other
        return quotient if quotient is NotImplemented else (quotient, self % other)

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __neg__(self) -> Expression:
        return apply(operator.neg, self, text=unary("-", self.text))

    def __pos__(self) -> Expression:
        return apply(operator.pos, self, text=self.text)

    def __abs__(self) -> Expression:
        return apply(jnp.abs, self, text=f"abs({self.text})")

    def __round__(self, decimals: int | None = None) -> Expression:
        return self.round(decimals or 0)

    def __invert__(self) -> Expression:
        return apply(operator.invert, self, text=unary("~", self.text))

    def __getitem__(self, index: Any) -> Expression:
        return checked_index(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError(
            f"{self.text} does not support item assignment: an expression cannot be changed. Use "
            "np.where(condition, new, x), or aq.lift with JAX's x.at[index].set(new)"
        )

    def __delitem__(self, index: Any) -> None:
        raise TypeError(f"{self.text} does not support item deletion: use np.delete")

    def __len__(self) -> int:
        return self._length(sys._getframe(1))

    def __iter__(self) -> Iterator[Expression]:
        return (self[i] for i in range(self._length(sys._getframe(1))))

    def _length(self: Any, reader: FrameType) -> int:
        if not self.shape:
            raise TypeError(f"{self.text} is a scalar: it has no length")
        length: int = self.shape[0]
        if is_user_code(reader):
            note(self, 0, reader)
            length = told(self)[0]
        return length

    def __contains__(self, item: object) -> bool:
        raise TypeError(
            f"whether {self.text} holds a value is not known while the model is being written: use "
            f"np.any({self.text} == value)"
        )

    def __bool__(self) -> bool:
        raise TypeError(
            f"the truth of {self.text} is not known while the model is being written: "
            "use np.where(condition, a, b) in place of if, and & | ~ in place of and, or, not"
        )

    def __float__(self) -> float:
        raise TypeError(f"{self.text} has no number yet: it is part of a model")

    __int__ = __float__
    __index__ = __float__
