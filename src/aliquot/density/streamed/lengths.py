"""Numbers of rows in a trace: a mean divides by how many there are, and there are more on the disk.

The model is written with some of the rows. Written with as many as a block has, its trace differs
in the lengths of arrays, and where a number is that of the rows. There that of all rows is put.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np

from aliquot.model.observed import aligned
from aliquot.model.replace import follow
from aliquot.primitives import name_of
from aliquot.primitives.internals import ClosedJaxpr, is_literal, literal, shape_of

# Parameters that are lengths of arrays, by the primitive's name.
SIZES = {
    ("broadcast_in_dim", "shape"),
    ("dynamic_slice", "slice_sizes"),
    ("gather", "slice_sizes"),
    ("iota", "shape"),
    ("reshape", "new_sizes"),
    ("slice", "limit_indices"),
}


class OtherLengthError(Exception):
    """Something depends on the number of rows in a way that is not known."""


def with_rows(model: Any, count: int) -> Any:
    """Copy a model of rows on a disk, written with another number of them."""
    copy = deepcopy(model)
    rows = copy.rows
    rows.shown = count
    for leaf in rows.leaves:
        shape = (count, *leaf.value.shape[1:])
        leaf.value = aligned(np.resize(leaf.value, shape), leaf.dtype)
        leaf.shape = shape
    follow(copy, checked=False)
    return copy


class TwoTraces:
    """Two traces of a model, of `rows` and of `others`, and how many rows there are in all.

    `program` is the first one, with the number of all rows where that of its own stood.

    Raises
    ------
    OtherLengthError
    """

    def __init__(
        self, program: ClosedJaxpr, other: ClosedJaxpr, rows: int, others: int, total: int
    ) -> None:
        self._rows, self._others, self._total = rows, others, total
        equations = self._compare(program.jaxpr, other.jaxpr, mend=True)
        self._constants(program.consts, other.consts)
        self.program = ClosedJaxpr(program.jaxpr.replace(eqns=equations), program.consts)

    def _compare(self, one: Any, other: Any, *, mend: bool) -> list[Any]:
        if len(one.eqns) != len(other.eqns):
            raise OtherLengthError
        equations = []
        for a, b in zip(one.eqns, other.eqns, strict=True):
            if name_of(a) != name_of(b) or len(a.invars) != len(b.invars):
                raise OtherLengthError
            operands = [self._operand(x, y) for x, y in zip(a.invars, b.invars, strict=True)]
            changed = any(x is not y for x, y in zip(operands, a.invars, strict=True))
            if changed and not mend:
                raise OtherLengthError
            for key in a.params.keys() | b.params.keys():
                if key not in a.params or key not in b.params:
                    raise OtherLengthError
                self._parameter(a, key, a.params[key], b.params[key])
            equations.append(a.replace(invars=operands) if changed else a)
        return equations

    def _operand(self, a: Any, b: Any) -> Any:
        """Give the first operand, with the number of all rows in place of its own."""
        if is_literal(a) != is_literal(b) or not self._alike(shape_of(a), shape_of(b)):
            raise OtherLengthError
        if not is_literal(a):
            return a
        if np.array_equal(a.val, b.val, equal_nan=np.asarray(a.val).dtype.kind == "f"):
            return a
        if np.ndim(a.val) == 0:
            # So many numbers for each row, and maybe some more or less.
            each = (a.val - b.val) / (self._rows - self._others)
            more = a.val - each * self._rows
            if each == round(each) and each > 0 and (each == 1 or abs(more) <= each):
                return literal(self._total * each + more, a.aval.dtype)
        raise OtherLengthError

    def _parameter(self, equation: Any, key: str, a: Any, b: Any) -> None:
        if isinstance(a, tuple | list) and isinstance(b, tuple | list) and len(a) == len(b):
            for x, y in zip(a, b, strict=True):
                self._parameter(equation, key, x, y)
        elif hasattr(a, "jaxpr") and hasattr(b, "jaxpr"):
            self._compare(a.jaxpr, b.jaxpr, mend=False)
            self._constants(getattr(a, "consts", []), getattr(b, "consts", []))
        elif hasattr(a, "eqns") and hasattr(b, "eqns"):
            self._compare(a, b, mend=False)
        elif isinstance(a, int) and isinstance(b, int) and (name_of(equation), key) in SIZES:
            if not self._alike((a,), (b,)):
                raise OtherLengthError
        elif not callable(a) and repr(a) != repr(b):
            raise OtherLengthError

    def _alike(self, one: tuple[int, ...], other: tuple[int, ...]) -> bool:
        """Say whether shapes are the same, but for rows, and nothing else is as long as these."""
        return len(one) == len(other) and all(
            y == self._others if x == self._rows else x == y
            for x, y in zip(one, other, strict=True)
        )

    def _constants(self, one: Any, other: Any) -> None:
        """Refuse numbers that differ but for their repetition along rows."""
        if len(one) != len(other):
            raise OtherLengthError
        for a, b in zip(map(np.asarray, one), map(np.asarray, other), strict=True):
            if not self._alike(a.shape, b.shape):
                raise OtherLengthError
            if self._rows in a.shape:
                axis = a.shape.index(self._rows)
                a, b = np.take(a, [0], axis=axis), np.take(b, [0], axis=axis)
            if not np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"):
                raise OtherLengthError
