"""Which arrays of a model go along the rows of its data: two models, one of more rows, tell.

They have to be the same but for that. Every array of the larger one then begins with what the
smaller one has, and nothing else differs: no number that was computed from all rows, and nothing in
a function of the user's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from aliquot.density.structure.written import KeyWriter, NotWrittenError
from aliquot.model.variables import Data
from aliquot.precision import float64


def rows_of_variables(small: Any, large: Any) -> dict[str, int] | None:
    """Give the axis along the rows of each variable that has one; None where more differs.

    >>> import aliquot as aq
    >>> def model(y):
    ...     with aq.Model() as model:
    ...         mu = aq.Normal("mu", 0, 1)
    ...         aq.Normal("obs", mu, 1, observed=y)
    ...     return model
    >>> rows_of_variables(model([0.1, 0.2]), model([0.1, 0.2, 0.2]))
    {'obs': 0}
    >>> rows_of_variables(model([0.1, 0.2]), model([0.3, 0.2, 0.2])) is None
    True
    """
    if list(small.variables) != list(large.variables):
        return None
    axes: dict[str, int] = {}
    lengths: set[tuple[int, int]] = set()
    for name, variable in small.variables.items():
        pairs = list(zip(np.shape(variable), np.shape(large.variables[name]), strict=False))
        if np.ndim(variable) != np.ndim(large.variables[name]):
            return None
        differing = [axis for axis, (n, more) in enumerate(pairs) if n != more]
        if len(differing) > 1:
            return None
        if differing:
            axes[name] = differing[0]
            lengths.add(pairs[differing[0]])
    if len(lengths) != 1:
        return None
    few, many = _written(small), _written(large)
    if few is None or many is None or not _alike(few, many, *lengths.pop()):
        return None
    return axes


def arrays_in(model: Any) -> list[np.ndarray] | None:
    """Give all numbers that a model holds, in a fixed order; None where that is not known.

    >>> import aliquot as aq
    >>> with aq.Model() as model:
    ...     x = aq.Normal("x", 0, 1)
    ...     y = aq.Normal("y", x * np.array([2.0, 3.0]), 1, observed=[0.5, 0.7])
    >>> any(np.array_equal(array, [2.0, 3.0]) for array in arrays_in(model))
    True
    """
    writer = _written(model)
    return None if writer is None else writer.arrays


class _RowWriter(KeyWriter):
    """Writes a model with the values of its arrays, and where functions of the user's are."""

    def __init__(self, model: Any) -> None:
        super().__init__(model, starts=True)
        self.arrays: list[np.ndarray] = []
        self.users: set[int] = set()

    def _array(self, value: Any) -> None:
        array = np.asarray(value)
        if array.dtype.hasobject:
            raise NotWrittenError
        self.parts += ("array", array.dtype.str)
        self.arrays.append(array)

    def _expression(self, node: Any) -> None:
        if isinstance(node, Data):
            self._array(node.value_now())
        super()._expression(node)

    def _function(self, function: Any) -> None:
        begin = len(self.parts)
        super()._function(function)
        if not str(function.__module__).startswith("aliquot."):
            self.users.update(range(begin, len(self.parts)))


def _written(model: Any) -> _RowWriter | None:
    writer = _RowWriter(model)
    try:
        with float64():
            writer.model()
    except (NotWrittenError, RecursionError):
        return None
    return writer


def _alike(few: _RowWriter, many: _RowWriter, n: int, more: int) -> bool:
    if len(few.parts) != len(many.parts) or len(few.arrays) != len(many.arrays):
        return False
    for place, (a, b) in enumerate(zip(few.parts, many.parts, strict=True)):
        if a != b and (place in few.users or not _longer(a, b, n, more)):
            return False
    return all(_begins(a, b, n, more) for a, b in zip(few.arrays, many.arrays, strict=True))


def _longer(a: Any, b: Any, n: int, more: int) -> bool:
    """Say whether one is the other with the larger number of rows: a length, or a shape."""
    if type(a) is not type(b):
        return False
    if type(a) is int:
        return (a, b) == (n, more)
    if type(a) is tuple:
        return len(a) == len(b) and all(
            p == q or _longer(p, q, n, more) for p, q in zip(a, b, strict=True)
        )
    return False


def _begins(a: np.ndarray, b: np.ndarray, n: int, more: int) -> bool:
    """Say whether an array is the beginning of another along one axis, or the same."""
    if a.ndim != b.ndim:
        return False
    differing = [axis for axis in range(a.ndim) if a.shape[axis] != b.shape[axis]]
    if not differing:
        return np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if len(differing) > 1 or (a.shape[differing[0]], b.shape[differing[0]]) != (n, more):
        return False
    beginning = np.take(b, np.arange(n), axis=differing[0])
    return np.array_equal(a, beginning, equal_nan=a.dtype.kind in "fc")
