r"""Sums over rows of which a few sums of the data are all that matters.

Of :math:`\sum_i ((y_i - \mu) / \sigma)^2` only three numbers depend on the data. A value that is
linear in known rows, :math:`v_i = \sum_r B_{ir} P_r` with B of data alone, has the sum
:math:`\sum_r (\sum_i B_{ir}) P_r`, and its square :math:`\lVert R P \rVert^2`, R from B = QR, which
is as exact as the sum over rows: nothing cancels that did not before. What follows a square is
linear in it for a log density of the exponential family, so it can be done with the sums.

Where parameters differ between classes of rows, as of a group index, each class has its own B and
P. A form is followed through a program with its axis of rows replaced by one of (classes, r), or
after a sum over rows by one of classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aliquot.alike.emit import Emitter
from aliquot.alike.forms import Alone, Classes, Form, LinearRows, Summed, of_data, totals_of
from aliquot.alike.nodes import KnownNumbers, Node, NumbersAt, distinct
from aliquot.alike.partition import Partition, by_code, by_order, together
from aliquot.alike.rules_forms import FormSite
from aliquot.primitives import Kind, kind, name_of
from aliquot.primitives.internals import bind, shape_of
from aliquot.primitives.rows import RowByRow, acts, has_rows, row_axis

# Fewer rows are not worth it.
LEAST = 64
# For each row that is spared, so many multiplications of sums.
COSTLIER = 0.25


@dataclass(frozen=True)
class SumOfRows:
    """A sum over all rows: the nodes that it is computed from, and what computes it."""

    nodes: tuple[Node, ...]
    compute: Callable[[Emitter], Any]
    classes: int  # of rows, between which parameters differ


class Sums:
    """The sums over one axis of rows, in a program whose values have views."""

    def __init__(self, rows: int, view: Callable[[Any], NumbersAt]) -> None:
        self._rows = rows
        self._view = view
        self._forms: dict[Any, Form] = {}

    def follow(self, equation: Any) -> None:
        """Note the forms of an equation's results."""
        for var in equation.outvars:
            if has_rows(var.aval, self._rows):
                self._forms[var] = self._start(var) or self._result(equation, var)

    def of(self, equation: Any) -> SumOfRows | None:
        """Give what computes a sum over all rows; None where that takes more than a few sums."""
        (operand,) = equation.invars
        form, axis = self._form(operand), row_axis(operand.aval, self._rows)
        if (
            axis is None
            or axis not in equation.params["axes"]
            or not isinstance(form, LinearRows | Summed)
        ):
            return None
        width = form.basis.shape[1] if isinstance(form, LinearRows) else form.width
        partition = self._partition(form.leaves)
        if partition.count * width * (width + 1) > COSTLIER * self._rows:
            return None
        totals = totals_of(form, shape_of(operand), axis)

        def compute(emitter: Emitter) -> Any:
            return bind(equation, [totals(Classes(partition, emitter))])[0]

        nodes = tuple(leaf.view.node for leaf in form.leaves)
        return SumOfRows(nodes, compute, partition.count)

    def _form(self, atom: Any) -> Form:
        return self._forms[atom] if _is_key(atom, self._forms) else self._start(atom)

    def _start(self, atom: Any) -> Form:
        """Tell data, and what does not depend on a row's, from the rest."""
        view, axis = self._view(atom), row_axis(atom.aval, self._rows)
        if axis is None:
            return None if has_rows(atom.aval, self._rows) else Alone(view, None)
        if isinstance(view.node, KnownNumbers) and view.node.size > 1 and view.node.dtype != bool:
            return of_data(view.node.values[view.at], axis, self._rows)
        return Alone(view, axis) if 2 * distinct(view) <= self._rows else None

    def _partition(self, leaves: Sequence[Alone]) -> Partition:
        codes = []
        for leaf in leaves:
            if leaf.axis is not None and leaf.view.node.size > 1:
                members = np.moveaxis(leaf.view.at, leaf.axis, 0).reshape(self._rows, -1)
                size = leaf.view.node.size
                alone = members.shape[1] == 1
                codes.append(by_code(members[:, 0], size) if alone else by_order(members, size))
        if not codes:
            return Partition(np.zeros(1, np.intp), np.zeros(self._rows, np.intp))
        return together([each.of for each in codes], [each.count for each in codes])

    def _result(self, equation: Any, var: Any) -> Form:
        rule, axis = acts(equation, self._rows), row_axis(var.aval, self._rows)
        forms = [self._form(atom) for atom in equation.invars]
        if not isinstance(rule, RowByRow) or rule.offset or axis is None or None in forms:
            return None
        site = FormSite(equation, rule, forms, shape_of(var), axis)
        name = name_of(equation)
        if name in ("add", "sub", "select_n"):
            return site.added()
        if name in ("stack", "concatenate"):
            return site.stacked()
        if name == "square" or (name == "integer_pow" and equation.params["y"] == 2):
            return site.squared()
        if name == "mul" and equation.invars[0] is equation.invars[1]:
            return site.squared()
        if name in ("mul", "div"):
            return site.scaled()
        if name in _LINEAR or kind(equation) is Kind.MOVES:
            return site.mapped(1 if name == "triangular_solve" else None)
        return None


# Linear in one of the operands, the others without rows.
_LINEAR = ("neg", "convert_element_type", "reduce_sum", "dot_general", "triangular_solve")


def _is_key(atom: Any, forms: dict[Any, Form]) -> bool:
    try:
        return atom in forms
    except TypeError:  # a literal
        return False
