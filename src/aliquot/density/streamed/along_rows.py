"""Whether a computation goes row by row: what is computed of some rows needs no others.

Told from the trace, in which the axis of rows is known by its length. What is not known to go row
by row is taken not to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aliquot.primitives import name_of
from aliquot.primitives.calls import called, with_derivative
from aliquot.primitives.internals import is_literal, programs, scan_parts, shape_of
from aliquot.primitives.rows import Acts, RowByRow, Total, acts

# What runs other jaxprs: loops, and a choice.
LOOPS = {"scan", "while", "cond"}


class AllRowsError(Exception):
    """An operation needs all rows at once: it is itself of rows, or a function of their total."""

    def __init__(self, equation: Any, rows: int, *, of_total: bool = False) -> None:
        super().__init__(name_of(equation))
        self.equation, self.rows, self.of_total = equation, rows, of_total


def touches(equation: Any, rows: int) -> bool:
    """Say whether operands or results of an equation have an axis of rows."""
    return any(rows in shape_of(atom) for atom in (*equation.invars, *equation.outvars))


def along(equation: Any, rows: int) -> Acts:
    """Say how an equation with rows acts on them.

    Raises
    ------
    AllRowsError
        Where it is neither row by row nor a total.
    """
    found = acts(equation, rows)
    if found is not None:
        return found
    inside = called(equation) or with_derivative(equation)
    if inside is not None:
        _check(inside, rows)
        return RowByRow(lambda size: equation.params)
    if name_of(equation) in LOOPS:
        if name_of(equation) == "scan" and _runs_over_rows(equation, rows):
            raise AllRowsError(equation, rows)
        if any(rows in shape_of(atom) for atom in _deciding(equation)):
            raise AllRowsError(equation, rows)
        for inner in programs(equation):
            _check(inner, rows)
        return RowByRow(lambda size: equation.params)
    raise AllRowsError(equation, rows)


def _deciding(equation: Any) -> Sequence[Any]:
    """List what decides for all rows together: which branch is taken, when a loop ends."""
    if name_of(equation) == "cond":
        return equation.invars[:1]
    if name_of(equation) == "while":
        condition = equation.params["cond_jaxpr"]
        return [atom for each in condition.jaxpr.eqns for atom in (*each.invars, *each.outvars)]
    return []


def _runs_over_rows(equation: Any, rows: int) -> bool:
    """Say whether a scan takes one row after the other."""
    same, carried = scan_parts(equation)
    sliced = [*equation.invars[same + carried :], *equation.outvars[carried:]]
    return any(shape_of(atom)[:1] == (rows,) for atom in sliced)


def _check(program: Any, rows: int) -> None:
    """Refuse a jaxpr that does not go row by row throughout, totals included."""
    for equation in program.jaxpr.eqns:
        if touches(equation, rows) and isinstance(along(equation, rows), Total):
            raise AllRowsError(equation, rows)


def value_of(values: dict[Any, Any], atom: Any) -> Any:
    """Give what an atom stands for."""
    return atom.val if is_literal(atom) else values[atom]
