"""The nodes of an expression: operations on other nodes, leaves with values to come, numbers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from operator import getitem
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.expression.apply import as_operand
from aliquot.expression.bounds import bounds_of
from aliquot.expression.lengths import Lengths, is_user_code, note, told
from aliquot.expression.operators import Operators
from aliquot.expression.text import shorten
from aliquot.hints.explain import MissingError, public
from aliquot.hints.names import EXPRESSION


class Expression(Operators):
    """A value that a model will compute: its shape and dtype are known, its numbers are not yet.

    Made by operating on model variables; nobody calls the constructor. Operators, indexing,
    methods and NumPy functions all give another expression.

    Parameters
    ----------
    function : callable or None
        Pure JAX function of the values of `inputs`. ``None`` for a leaf.
    inputs : tuple of Expression
        The nodes that `function` is called on.
    shape : tuple of int
        Shape of the value.
    dtype : numpy.dtype
        Dtype of the value.
    text : str
        How the expression reads in messages.
    check : callable or None
        Called with the inputs when data are replaced: raises where the value makes no sense.

    Examples
    --------
    >>> import numpy as np
    >>> import aliquot as aq
    >>> with aq.Model():
    ...     x = aq.Normal("x", 0, 1, shape=3)
    ...     y = np.exp(x) + 1
    >>> y.shape, y.dtype
    ((3,), dtype('float64'))
    """

    __slots__ = (
        "__weakref__",
        "_shape",
        "check",
        "dtype",
        "function",
        "inputs",
        "may_be_nan",
        "rule",
        "safe",
        "taken_from",
        "text",
    )

    def __init__(
        self,
        function: Callable[..., Any] | None,
        inputs: tuple[Expression, ...],
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        text: str,
        check: Callable[[tuple[Expression, ...]], object] | None = None,
    ) -> None:
        self.function = function
        self.inputs = inputs
        self._shape = shape
        self.dtype = dtype
        self.text = shorten(text)
        self.check = check
        # What is taken where an index may be out of range is NaN there; `safe` puts a number.
        self.safe: Callable[..., Any] | None = None
        self.may_be_nan: bool = any(up.may_be_nan for up in inputs)
        self.taken_from: Expression | None = None
        self.rule: Callable[[list[Any], tuple[int, ...]], Any] | None = None

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Give a model's variable as what the model has under its name."""
        owner, name = (_slot(self, slot) for slot in ("owner", "name"))
        if owner is not None and name is not None:
            return getitem, (owner, name)
        return super().__reduce_ex__(protocol)

    if not TYPE_CHECKING:  # a type checker is to go on seeing which attributes there are

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):  # of Python and NumPy, and slots that are not filled yet
                raise AttributeError(name)
            why = None if name in EXPRESSION else self._why_not(name)
            if why is not None:
                raise AttributeError(why)
            raise MissingError(
                f"the expression {self.text}", name, EXPRESSION, lambda: public(self), "x."
            )

    @property
    def shape(self) -> Any:
        """Lengths of the axes."""
        frame = sys._getframe(1)
        return Lengths(self, told(self)) if is_user_code(frame) else self._shape

    @shape.setter
    def shape(self, shape: tuple[int, ...]) -> None:
        self._shape = shape

    @property
    def state_bounds(self) -> tuple[int, int] | None:
        """The smallest and the largest integer that a variable can be, where they are known."""
        return None

    @property
    def bounds(self) -> tuple[Any, Any] | None:
        """The smallest and the largest number it can be, ``None`` where they are not known.

        Variables that are integers know theirs; what is computed has them from its operands. One
        end may be infinite.
        """
        return bounds_of(self)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        if is_user_code(frame := sys._getframe(1)):
            note(self, None, frame)
            return int(np.prod(told(self), dtype=int))
        return int(np.prod(self._shape, dtype=int))

    def value_now(self) -> np.ndarray | None:
        """Give the value where it is known before sampling (data), else ``None``."""
        return None

    def __repr__(self) -> str:
        return f"<{self.text}: {self.dtype.name}{list(told(self))}>"


def _slot(node: Expression, name: str) -> Any:
    """Give what a slot holds, where this kind of expression has it, and is filled."""
    try:
        return object.__getattribute__(node, name)
    except AttributeError:
        return None


class Leaf(Expression):
    """A named expression without inputs: its value comes from outside.

    Attributes
    ----------
    name : str
        Unique within its model.
    dims : tuple of str or None
        Names of the axes.
    value : numpy.ndarray or None
        The current value where it is known before sampling (data), else ``None``.
    owner : object
        The model that the leaf belongs to.
    """

    __slots__ = ("dims", "name", "owner", "value")

    def __init__(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        *,
        dims: tuple[str, ...] | None = None,
        value: np.ndarray | None = None,
        owner: object = None,
    ) -> None:
        super().__init__(None, (), shape, dtype, name)
        self.name = name
        self.dims = dims
        self.value = value
        self.owner = owner

    def value_now(self) -> np.ndarray | None:
        """Give the value where it is known before sampling (data), else ``None``."""
        return self.value


class ConstantArray(Expression):
    """An array that is known and stays as it is."""

    __slots__ = ("_array",)

    def __init__(self, array: np.ndarray) -> None:
        text = str(array[()]) if array.ndim == 0 else f"array{list(array.shape)}"
        super().__init__(lambda: array, (), array.shape, array.dtype, text)
        self._array = array

    def value_now(self) -> np.ndarray:
        """Give the numbers."""
        return self._array


def constant(values: Any) -> Expression:
    """Make an array of numbers an expression, so that model variables can index it.

    NumPy's own arrays do not know what to do with an index that has no value yet.

    Parameters
    ----------
    values : array_like

    Returns
    -------
    Expression
        Of the array's shape and dtype. (Numbers that are to be replaced later are `aq.Data`.)

    Raises
    ------
    DTypeError
        For what is not numbers.

    Examples
    --------
    >>> import aliquot as aq
    >>> sprinkler = aq.constant([0.4, 0.01])
    >>> with aq.Model():
    ...     rain = aq.Bernoulli("rain", 0.2)
    ...     on = aq.Bernoulli("on", sprinkler[rain])
    >>> on.shape
    ()
    """
    if isinstance(values, Expression):
        return values
    array = np.array(as_operand(np.asarray(values)))
    if array.dtype.kind in "ui":
        array = array.astype(np.int64)
    return ConstantArray(array)
