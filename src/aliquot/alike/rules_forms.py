"""What operations make of values that are linear in known rows, and of their sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from aliquot.alike.forms import (
    WIDEST,
    Alone,
    Classes,
    Form,
    LinearRows,
    Summed,
    applied,
    as_linear,
    as_rows,
    by_class,
    placed,
    totals_of,
    width_of,
)
from aliquot.primitives import name_of
from aliquot.primitives.internals import bind, shape_of
from aliquot.primitives.rows import RowByRow, has_rows, row_axis


@dataclass(frozen=True)
class FormSite:
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
        widths = [width_of(form) for form in self.forms]

        def totals(classes: Classes) -> Any:
            chosen = name_of(self.equation) == "select_n"
            operands = [
                classes.alone(form, self.shape, self.axis)
                if chosen and place == 0 and isinstance(form, Alone)
                else totals_of(form, self.shape, self.axis)(classes)
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
            return as_rows(
                one - other if name_of(self.equation) == "sub" else one + other, self.axis
            )

        return LinearRows(basis, self.leaves(), weights)

    def stacked(self) -> Form:
        """Put values beside each other along an axis that is not that of rows."""
        if any(isinstance(form, Summed) for form in self.forms):
            return None
        found = self._beside()
        if found is None:
            return None
        basis, parts = found

        def weights(classes: Classes) -> Any:
            operands = [as_rows(part(classes), self._axis_of(i)) for i, part in enumerate(parts)]
            return self.bind(operands, classes.count * basis.shape[1])

        return LinearRows(basis, self.leaves(), weights)

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
            as_linear(
                form, shape if has_rows(atom.aval, self.shape[self.axis]) else self.shape, axis
            )
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

        def part(form: LinearRows, places: list[int], axis: int) -> Callable[[Classes], Any]:
            return lambda at: placed(by_class(form.weights(at), axis, at.count), places, len(kept))

        parts = [part(*each) for each in zip(linear, where, axes, strict=True)]
        return np.stack(kept, axis=1), parts

    def squared(self) -> Form:
        form = self.forms[0]
        if not isinstance(form, LinearRows):
            return None

        def totals(classes: Classes) -> Any:
            weights = by_class(form.weights(classes), self.axis, classes.count)
            turned = applied(classes.triangles(form.basis), weights)
            return jnp.moveaxis(jnp.sum(turned * turned, axis=1), 0, self.axis)

        return Summed(form.basis.shape[1], form.leaves, totals)

    def scaled(self) -> Form:
        """Multiply or divide by what is the same within a class, or by a known column."""
        form, other = self.forms
        division = name_of(self.equation) == "div"
        if isinstance(form, Alone) or (isinstance(form, LinearRows) and isinstance(other, Summed)):
            form, other = (None, None) if division else (other, form)
        if isinstance(form, LinearRows) and isinstance(other, LinearRows):
            return self._by_column(form, other, division)
        if not isinstance(form, LinearRows | Summed) or not isinstance(other, Alone):
            return None
        by = other

        def times(values: Any, classes: Classes) -> Any:
            factor = by_class(classes.alone(by, self.shape, self.axis), self.axis, classes.count)
            there = by_class(values, self.axis, classes.count)
            return as_rows(there / factor if division else there * factor, self.axis)

        if isinstance(form, Summed):
            totals = form.totals
            return Summed(form.width, self.leaves(), lambda at: times(totals(at), at))
        weights = form.weights
        return LinearRows(form.basis, self.leaves(), lambda at: times(weights(at), at))

    def _by_column(self, form: LinearRows, other: LinearRows, division: bool) -> Form:
        if not other.is_column and form.is_column and not division:
            form, other = other, form
        if not other.is_column or len(self.shape) != 1:
            return None
        if division and not other.basis.all():
            return None
        factor = 1.0 / other.basis if division else other.basis
        return LinearRows(form.basis * factor, form.leaves, form.weights)

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

        def mapped_at(values: Any, classes: Classes, rows: int) -> Any:
            operands = [
                classes.whole(each) if isinstance(each, Alone) else values for each in self.forms
            ]
            return self.bind(operands, rows)

        if isinstance(form, Summed):
            inner = form.totals
            return Summed(
                form.width,
                self.leaves(),
                lambda classes: mapped_at(inner(classes), classes, classes.count),
            )
        assert isinstance(form, LinearRows)
        width, weights = form.basis.shape[1], form.weights
        return LinearRows(
            form.basis,
            self.leaves(),
            lambda classes: mapped_at(weights(classes), classes, classes.count * width),
        )
