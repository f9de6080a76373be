"""Known numbers as an expression: a table that model variables can index."""

from __future__ import annotations

from typing import Any

import numpy as np

from aliquot.expression.apply import as_operand
from aliquot.expression.node import Expression


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
