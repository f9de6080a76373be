"""What is known of a value along rows: the same in a class, linear in data, or only summed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from aliquot.alike.emit import Emitter
from aliquot.alike.nodes import NumbersAt
from aliquot.alike.partition import Partition

# A basis of more columns is none that sums are made of.
WIDEST = 24


@dataclass(frozen=True)
class Alone:
    """A value that does not depend on the data of a row: the same within a class of rows."""

    view: NumbersAt
    axis: int | None  # its axis of rows

    @property
    def leaves(self) -> tuple[Alone, ...]:
        """What differs between classes."""
        return (self,)


@dataclass(frozen=True)
class LinearRows:
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


Form = Alone | LinearRows | Summed | None


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


def of_data(values: NDArray[Any], axis: int, rows: int) -> Form:
    """View known rows as a basis, with a unit of weight for each of its columns."""
    if values.dtype.kind not in "fiu":
        return None
    first = np.moveaxis(values, axis, 0)
    flat, rest = first.reshape(rows, -1).astype(float), first.shape[1:]
    width = flat.shape[1]
    if width > WIDEST or not np.isfinite(flat).all():
        return None
    unit = np.moveaxis(np.eye(width).reshape(width, *rest), 0, axis)
    return LinearRows(
        flat,
        (),
        lambda classes: jnp.asarray(np.concatenate([unit] * classes.count, axis)),
        is_column=values.ndim == 1,
    )


def as_linear(form: Form, shape: tuple[int, ...], axis: int) -> LinearRows | None:
    """Give a linear form: of what is the same within a class, one with a basis of ones."""
    if isinstance(form, LinearRows):
        return form
    if not isinstance(form, Alone):
        return None
    rows, alone = shape[axis], form
    return LinearRows(
        np.ones((rows, 1)), (alone,), lambda classes: classes.alone(alone, shape, axis)
    )


def width_of(form: Form) -> int:
    """Count the columns of a value's basis: one for what is the same within a class."""
    if isinstance(form, LinearRows):
        return form.basis.shape[1]
    return form.width if isinstance(form, Summed) else 1


def totals_of(form: Form, shape: tuple[int, ...], axis: int) -> Callable[[Classes], Any]:
    """Give what sums a value over the rows of each class."""
    if isinstance(form, Summed):
        return form.totals
    linear = as_linear(form, shape, axis)
    assert linear is not None

    def totals(classes: Classes) -> Any:
        weights = by_class(linear.weights(classes), axis, classes.count)
        return jnp.moveaxis(applied(classes.sums(linear.basis), weights)[:, 0], 0, axis)

    return totals


def placed(weights: Any, places: list[int], width: int) -> Any:
    """Give weights of some of a basis's columns those of all: zero for the others."""
    if places == list(range(places[0], places[0] + len(places))):
        around = [(0, 0)] * weights.ndim
        around[1] = (places[0], width - places[-1] - 1)
        return jnp.pad(weights, around) if around[1] != (0, 0) else weights
    chosen = np.zeros((1, width, len(places)))
    chosen[0, places, np.arange(len(places))] = 1.0
    return applied(chosen, weights)


def by_class(weights: Any, axis: int, count: int) -> Any:
    """Bring weights into the shape (classes, R, rest...)."""
    first = jnp.moveaxis(weights, axis, 0)
    return first.reshape(count, first.shape[0] // count, *first.shape[1:])


def as_rows(weights: Any, axis: int) -> Any:
    """Bring weights of shape (classes, R, rest...) back into that of the value."""
    return jnp.moveaxis(weights.reshape(-1, *weights.shape[2:]), 0, axis)


def applied(matrices: NDArray[np.float64], weights: Any) -> Any:
    """Multiply each class's matrix, (classes, S, R), with its weights, (classes, R, rest...)."""
    flat = weights.reshape(*weights.shape[:2], -1)
    result = jnp.sum(matrices[:, :, :, None] * flat[:, None], axis=2)
    return result.reshape(*result.shape[:2], *weights.shape[2:])
