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

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from aliquot.alike.emit import Emitter
from aliquot.alike.nodes import Known, Node, View, distinct
from aliquot.alike.partition import Partition, by_code, by_order, together
from aliquot.primitives import Kind, kind, name_of
from aliquot.primitives.internals import bind, shape_of
from aliquot.primitives.rows import RowByRow, acts, has_rows, row_axis

# Fewer rows are not worth it, nor are so many sums.
LEAST = 64
WIDEST = 24
# For each row that is spared, so many multiplications of sums.
COSTLIER = 0.25


@dataclass(frozen=True)
class Alone:
    """A value that does not depend on the data of a row: the same within a class of rows."""

    view: View
    axis: int | None  # its axis of rows

    @property
    def leaves(self) -> tuple[Alone, ...]:
        """What differs between classes."""
        return (self,)


@dataclass(frozen=True)
class Linear:
    """A value that is linear in known rows."""

    basis: NDArray[np.float64]  # (rows, R)
    leaves: tuple[Alone, ...]
    # The weights at given classes: of the value's shape, but with classes * R rows.
    weights: Callable[[Classes], Any]
    is_column: bool = False  # whether it is the one column of the basis, of shape (rows,)


@dataclass(frozen=True)
class Summed:
    """A value of which the sum over the rows of a class is known, but no single row."""

    width: int  # of the widest basis in it
    leaves: tuple[Alone, ...]
    # The sums at given classes: of the value's shape, but with a row for each class.
    totals: Callable[[Classes], Any]


Form = Alone | Linear | Summed | None


@dataclass(frozen=True)
class Total:
    """A sum over all rows: the nodes that it is computed from, and what computes it."""

    nodes: tuple[Node, ...]
    compute: Callable[[Emitter], Any]
    classes: int  # of rows, between which parameters differ


class Classes:
    """Rows in classes, within which no parameter differs, inside a traced function."""

    def __init__(self, partition: Partition, emitter: Emitter) -> None:
        self.partition = partition
        self.count = partition.count
        self.sizes = np.bincount(partition.of, minlength=partition.count).astype(float)
        self._emitter = emitter

    def alone(self, form: Alone, shape: tuple[int, ...], axis: int) -> Any:
        """Give what is the same within a class: a row for each, in a value's shape."""
        at = form.view.at
        if form.axis is not None:
            at = at.take(self.partition.first, form.axis)
        rows = (*shape[:axis], self.count, *shape[axis + 1 :])
        return jnp.broadcast_to(self._emitter.spread(form.view.node, at), rows)

    def whole(self, form: Alone) -> Any:
        """Give a value without rows."""
        return self._emitter.spread(form.view.node, form.view.at)

    def sums(self, basis: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum a basis over each class, shape (classes, 1, R)."""
        of, count = self.partition.of, self.count
        columns = [np.bincount(of, weights=column, minlength=count) for column in basis.T]
        return np.stack(columns, axis=1)[:, None]

    def triangles(self, basis: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the R of each class's QR decomposition, shape (classes, R, R)."""
        width = basis.shape[1]
        result = np.zeros((self.count, width, width))
        order = np.argsort(self.partition.of, kind="stable")
        ends = np.cumsum(self.sizes).astype(int)
        for number, rows in enumerate(np.split(order, ends[:-1])):
            triangle = np.linalg.qr(basis[rows], mode="r")
            result[number, : len(triangle)] = triangle
        return result


class Sums:
    """The sums over one axis of rows, in a program whose values have views."""

    def __init__(self, rows: int, view: Callable[[Any], View]) -> None:
        self._rows = rows
        self._view = view
        self._forms: dict[Any, Form] = {}

    def follow(self, equation: Any) -> None:
        """Note the forms of an equation's results."""
        for var in equation.outvars:
            if has_rows(var.aval, self._rows):
                self._forms[var] = self._start(var) or self._result(equation, var)

    def of(self, equation: Any) -> Total | None:
        """Give what computes a sum over all rows; None where that takes more than a few sums."""
        (operand,) = equation.invars
        form, axis = self._form(operand), row_axis(operand.aval, self._rows)
        if (
            axis is None
            or axis not in equation.params["axes"]
            or not isinstance(form, Linear | Summed)
        ):
            return None
        width = form.basis.shape[1] if isinstance(form, Linear) else form.width
        partition = self._partition(form.leaves)
        if partition.count * width * (width + 1) > COSTLIER * self._rows:
            return None
        totals = _totals(form, shape_of(operand), axis)

        def compute(emitter: Emitter) -> Any:
            return bind(equation, [totals(Classes(partition, emitter))])[0]

        nodes = tuple(leaf.view.node for leaf in form.leaves)
        return Total(nodes, compute, partition.count)

    def _form(self, atom: Any) -> Form:
        return self._forms[atom] if _is_key(atom, self._forms) else self._start(atom)

    def _start(self, atom: Any) -> Form:
        """Tell data, and what does not depend on a row's, from the rest."""
        view, axis = self._view(atom), row_axis(atom.aval, self._rows)
        if axis is None:
            return None if has_rows(atom.aval, self._rows) else Alone(view, None)
        if isinstance(view.node, Known) and view.node.size > 1 and view.node.dtype != bool:
            return _data(view.node.values[view.at], axis, self._rows)
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
        site = _Site(equation, rule, forms, shape_of(var), axis)
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


@dataclass(frozen=True)
class _Site:
    """An equation whose operands have forms, and the shape of its result with its axis of rows."""

    equation: Any
    rule: RowByRow
    forms: Sequence[Form]
    shape: tuple[int, ...]
    axis: int

    def leaves(self) -> tuple[Alone, ...]:
        return tuple(leaf for form in self.forms if form is not None for leaf in form.leaves)

    def bind(self, operands: Sequence[Any], rows: int) -> Any:
        return bind(self.equation, operands, self.rule.params(rows))[0]

    def added(self) -> Form:
        """Add or choose: rows where all are linear, else sums of classes."""
        if name_of(self.equation) == "select_n":
            if not isinstance(self.forms[0], Alone):
                return None
        elif not any(isinstance(form, Summed) for form in self.forms):
            return self._joined()
        widths = [_width(form) for form in self.forms]

        def totals(classes: Classes) -> Any:
            chosen = name_of(self.equation) == "select_n"
            operands = [
                classes.alone(form, self.shape, self.axis)
                if chosen and place == 0 and isinstance(form, Alone)
                else _totals(form, self.shape, self.axis)(classes)
                for place, form in enumerate(self.forms)
            ]
            return self.bind(operands, classes.count)

        return Summed(max(widths), self.leaves(), totals)

    def _joined(self) -> Form:
        """Add or subtract values that are linear in bases which become one."""
        found = self._beside()
        if found is None:
            return None
        basis, parts = found

        def weights(classes: Classes) -> Any:
            one, other = (part(classes) for part in parts)
            return _as_rows(
                one - other if name_of(self.equation) == "sub" else one + other, self.axis
            )

        return Linear(basis, self.leaves(), weights)

    def stacked(self) -> Form:
        """Put values beside each other along an axis that is not that of rows."""
        if any(isinstance(form, Summed) for form in self.forms):
            return None
        found = self._beside()
        if found is None:
            return None
        basis, parts = found

        def weights(classes: Classes) -> Any:
            operands = [_as_rows(part(classes), self._axis_of(i)) for i, part in enumerate(parts)]
            return self.bind(operands, classes.count * basis.shape[1])

        return Linear(basis, self.leaves(), weights)

    def _axis_of(self, place: int) -> int:
        axis = row_axis(self.equation.invars[place].aval, self.shape[self.axis])
        return self.axis if axis is None else axis

    def _beside(self) -> tuple[NDArray[np.float64], list[Callable[[Classes], Any]]] | None:
        """Put the bases of all operands into one; give each one's weights, shape (classes, R, ...).

        What has no rows is spread over those of the result.
        """
        shapes = [shape_of(atom) for atom in self.equation.invars]
        axes = [self._axis_of(place) for place in range(len(shapes))]
        spread = [
            _linear(form, shape if has_rows(atom.aval, self.shape[self.axis]) else self.shape, axis)
            for form, shape, axis, atom in zip(
                self.forms, shapes, axes, self.equation.invars, strict=True
            )
        ]
        if any(form is None for form in spread):
            return None
        linear = [form for form in spread if form is not None]
        columns: dict[bytes, int] = {}
        kept: list[NDArray[np.float64]] = []
        where = []
        for form in linear:
            places = []
            for column in form.basis.T:
                key = np.ascontiguousarray(column).tobytes()
                if key not in columns:
                    columns[key] = len(kept)
                    kept.append(column)
                places.append(columns[key])
            where.append(places)
        if len(kept) > WIDEST:
            return None

        def part(form: Linear, places: list[int], axis: int) -> Callable[[Classes], Any]:
            return lambda at: _placed(
                _by_class(form.weights(at), axis, at.count), places, len(kept)
            )

        parts = [part(*each) for each in zip(linear, where, axes, strict=True)]
        return np.stack(kept, axis=1), parts

    def squared(self) -> Form:
        form = self.forms[0]
        if not isinstance(form, Linear):
            return None

        def totals(classes: Classes) -> Any:
            weights = _by_class(form.weights(classes), self.axis, classes.count)
            turned = _applied(classes.triangles(form.basis), weights)
            return jnp.moveaxis(jnp.sum(turned * turned, axis=1), 0, self.axis)

        return Summed(form.basis.shape[1], form.leaves, totals)

    def scaled(self) -> Form:
        """Multiply or divide by what is the same within a class, or by a known column."""
        form, other = self.forms
        division = name_of(self.equation) == "div"
        if isinstance(form, Alone) or (isinstance(form, Linear) and isinstance(other, Summed)):
            form, other = (None, None) if division else (other, form)
        if isinstance(form, Linear) and isinstance(other, Linear):
            return self._by_column(form, other, division)
        if not isinstance(form, Linear | Summed) or not isinstance(other, Alone):
            return None
        by = other

        def by_class(values: Any, classes: Classes) -> Any:
            factor = _by_class(classes.alone(by, self.shape, self.axis), self.axis, classes.count)
            there = _by_class(values, self.axis, classes.count)
            return _as_rows(there / factor if division else there * factor, self.axis)

        if isinstance(form, Summed):
            totals = form.totals
            return Summed(form.width, self.leaves(), lambda at: by_class(totals(at), at))
        weights = form.weights
        return Linear(form.basis, self.leaves(), lambda at: by_class(weights(at), at))

    def _by_column(self, form: Linear, other: Linear, division: bool) -> Form:
        if not other.is_column and form.is_column and not division:
            form, other = other, form
        if not other.is_column or len(self.shape) != 1:
            return None
        if division and not other.basis.all():
            return None
        factor = 1.0 / other.basis if division else other.basis
        return Linear(form.basis * factor, form.leaves, form.weights)

    def mapped(self, place: int | None) -> Form:
        """Apply what is linear in one operand, and of which the others have no rows."""
        places = [i for i, form in enumerate(self.forms) if not isinstance(form, Alone)]
        if len(places) != 1 or (place is not None and places != [place]):
            return None
        (mine,) = places
        others = [form for i, form in enumerate(self.forms) if i != mine]
        if any(isinstance(form, Alone) and form.axis is not None for form in others):
            return None
        form = self.forms[mine]

        def applied(values: Any, classes: Classes, rows: int) -> Any:
            operands = [
                classes.whole(each) if isinstance(each, Alone) else values for each in self.forms
            ]
            return self.bind(operands, rows)

        if isinstance(form, Summed):
            inner = form.totals
            return Summed(
                form.width,
                self.leaves(),
                lambda classes: applied(inner(classes), classes, classes.count),
            )
        assert isinstance(form, Linear)
        width, weights = form.basis.shape[1], form.weights
        return Linear(
            form.basis,
            self.leaves(),
            lambda classes: applied(weights(classes), classes, classes.count * width),
        )


def _is_key(atom: Any, forms: dict[Any, Form]) -> bool:
    try:
        return atom in forms
    except TypeError:  # a literal
        return False


def _data(values: NDArray[Any], axis: int, rows: int) -> Form:
    """View known rows as a basis, with a unit of weight for each of its columns."""
    if values.dtype.kind not in "fiu":
        return None
    first = np.moveaxis(values, axis, 0)
    flat, rest = first.reshape(rows, -1).astype(float), first.shape[1:]
    width = flat.shape[1]
    if width > WIDEST or not np.isfinite(flat).all():
        return None
    unit = np.moveaxis(np.eye(width).reshape(width, *rest), 0, axis)
    return Linear(
        flat,
        (),
        lambda classes: jnp.asarray(np.concatenate([unit] * classes.count, axis)),
        is_column=values.ndim == 1,
    )


def _linear(form: Form, shape: tuple[int, ...], axis: int) -> Linear | None:
    """Give a linear form: of what is the same within a class, one with a basis of ones."""
    if isinstance(form, Linear):
        return form
    if not isinstance(form, Alone):
        return None
    rows, alone = shape[axis], form
    return Linear(np.ones((rows, 1)), (alone,), lambda classes: classes.alone(alone, shape, axis))


def _width(form: Form) -> int:
    if isinstance(form, Linear):
        return form.basis.shape[1]
    return form.width if isinstance(form, Summed) else 1


def _totals(form: Form, shape: tuple[int, ...], axis: int) -> Callable[[Classes], Any]:
    """Give what sums a value over the rows of each class."""
    if isinstance(form, Summed):
        return form.totals
    linear = _linear(form, shape, axis)
    assert linear is not None

    def totals(classes: Classes) -> Any:
        weights = _by_class(linear.weights(classes), axis, classes.count)
        return jnp.moveaxis(_applied(classes.sums(linear.basis), weights)[:, 0], 0, axis)

    return totals


def _placed(weights: Any, places: list[int], width: int) -> Any:
    """Give weights of some of a basis's columns those of all: zero for the others."""
    if places == list(range(places[0], places[0] + len(places))):
        around = [(0, 0)] * weights.ndim
        around[1] = (places[0], width - places[-1] - 1)
        return jnp.pad(weights, around) if around[1] != (0, 0) else weights
    chosen = np.zeros((1, width, len(places)))
    chosen[0, places, np.arange(len(places))] = 1.0
    return _applied(chosen, weights)


def _by_class(weights: Any, axis: int, count: int) -> Any:
    """Bring weights into the shape (classes, R, rest...)."""
    first = jnp.moveaxis(weights, axis, 0)
    return first.reshape(count, first.shape[0] // count, *first.shape[1:])


def _as_rows(weights: Any, axis: int) -> Any:
    """Bring weights of shape (classes, R, rest...) back into that of the value."""
    return jnp.moveaxis(weights.reshape(-1, *weights.shape[2:]), 0, axis)


def _applied(matrices: NDArray[np.float64], weights: Any) -> Any:
    """Multiply each class's matrix, (classes, S, R), with its weights, (classes, R, rest...)."""
    flat = weights.reshape(*weights.shape[:2], -1)
    result = jnp.sum(matrices[:, :, :, None] * flat[:, None], axis=2)
    return result.reshape(*result.shape[:2], *weights.shape[2:])
