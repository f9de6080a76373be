"""Keeping a variable in order along one of its axes, whatever its support."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import jax.numpy as jnp
import numpy as np

from aliquot.distributions import constraints
from aliquot.distributions.constraints import Constraint
from aliquot.errors import ModelError, ShapeError
from aliquot.expression import Expression
from aliquot.transforms.base import Transform
from aliquot.transforms.bounds import interval
from aliquot.transforms.increasing import increasing
from aliquot.transforms.increasing_between import IncreasingBetween
from aliquot.transforms.increasing_bounded import IncreasingAbove, IncreasingBelow
from aliquot.transforms.increasing_probabilities import IncreasingSimplex, increasing_simplex
from aliquot.transforms.unbounded import identity


class Ordered(Transform):
    r"""Values that increase strictly along an axis.

    A mixture with one of its variables in order has one mode in place of K! mirror images; the
    other variables follow. Where the elements are exchangeable a priori the ordered prior is a
    proper distribution: K! times the density, of which sorted draws are draws.

    ``ordered`` orders the last axis; calling it gives the others, ``ordered(axis=0)``. In a model
    it fits itself to the support: real numbers, numbers above or below a bound or between two,
    probabilities that sum to one.

    Parameters
    ----------
    axis : int
        Along which values increase, each vector along it by itself.
    at : int or tuple of int, optional
        One index for each axis after `axis`: slices along `axis` stay whole and are put in the
        order of this entry. Of means of shape (K, D), ``ordered(axis=0, at=0)`` orders the K
        vectors by their first coordinate.

    Notes
    -----
    How the increasing coordinate gets its unconstrained coordinates is said in the modules
    ``increasing``, ``increasing_bounded``, ``increasing_between`` and ``increasing_probabilities``
    of this package. Entries besides `at` have the transform of their support.

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(ordered.backward(np.array([-1.0, 0.0, 0.0])))
    ...     print(ordered(axis=0, at=1).backward(np.array([[5.0, -1.0], [3.0, 0.0]])))
    [-1.  0.  1.]
    [[ 5. -1.]
     [ 3.  0.]]
    """

    name = "ordered"
    fields = ("inner", "rest")

    def __init__(self, axis: int = -1, at: Any = None) -> None:
        if isinstance(axis, bool) or not isinstance(axis, int | np.integer):
            raise ModelError(f"transform {self.name}: axis must be a whole number; got {axis!r}")
        self.axis = int(axis)
        self.at = _places(self.name, at)
        self.inner: Transform = self._unfitted()
        self.rest: Transform = identity
        self.event_dims = -self.axis if self.axis < 0 else 1

    def __call__(self, axis: int = -1, at: Any = None) -> Self:
        """Make the transform that orders another axis, or by one entry of slices."""
        return type(self)(axis, at)

    def _unfitted(self) -> Transform:
        return increasing

    def fitted(self, support: Constraint, shape: tuple[int, ...]) -> Self:
        """Make the transform of a variable with a given support and shape.

        Raises
        ------
        ModelError
            Where values of that support cannot be put in order, or not so.
        ShapeError
            Where the axis or `at` does not fit the shape.
        """
        self.unconstrained_shape(shape)
        new = type(self)(self.ordered_axis(shape) - len(shape), self.at)
        new.inner, new.rest = self._parts(support, shape, new.axis)
        return new

    def _parts(
        self, support: Constraint, shape: tuple[int, ...], axis: int
    ) -> tuple[Transform, Transform]:
        match support:
            case constraints.Simplex() if axis == -1 and self.at is None:
                return increasing_simplex, identity
            case constraints.Simplex():
                raise ModelError(
                    f"transform {self.name}: vectors of probabilities cannot be put in order along "
                    "another axis than that along which they sum to one. Order another variable "
                    "of the same components, such as their weights"
                )
            case constraints.Interval(discrete=False):
                return self._between(support, shape, axis)
            case constraints.Real() | constraints.OrderedVector():
                return increasing, identity
            case _:
                raise ModelError(
                    f"transform {self.name}: values that must be {support.description} cannot be "
                    "put in order. Order another variable of the same components: one with a "
                    "number, or a vector of numbers, for each"
                )

    def _between(
        self, support: constraints.Interval, shape: tuple[int, ...], axis: int
    ) -> tuple[Transform, Transform]:
        lower = self._bound(support.lower, shape, axis)
        upper = self._bound(support.upper, shape, axis)
        if lower is None and upper is None:
            return increasing, identity
        rest = interval(support.lower, support.upper) if self.at is not None else identity
        if upper is None:
            return IncreasingAbove(lower), rest
        if lower is None:
            return IncreasingBelow(upper), rest
        return IncreasingBetween(lower, upper), rest

    def _bound(self, bound: Any, shape: tuple[int, ...], axis: int) -> Any:
        """Give a bound as it broadcasts against vectors whose ordered axis has come last."""
        if bound is None or np.ndim(bound) == 0:
            return bound
        if isinstance(bound, Expression):
            raise ModelError(
                f"transform {self.name}: the bound {bound.text} has shape {bound.shape}; values "
                "with bounds that are computed can be ordered where each bound is one number"
            )
        full = np.moveaxis(np.broadcast_to(bound, shape), axis, -1)
        if self.at is not None:
            after = len(self.at)
            full = full[(..., *self.at, slice(None))] if after else full
        if not np.all(full == full[..., :1]):
            raise ModelError(
                f"transform {self.name}: the elements along axis {axis} have bounds that differ "
                f"({np.unique(full)[:4]}), so their order means nothing: leave the transform out, "
                "or order another variable"
            )
        return full[..., :1]

    def ordered_axis(self, shape: tuple[int, ...]) -> int:
        """Give the ordered axis, counted from 0."""
        return self.axis if self.axis >= 0 else len(shape) + self.axis

    def ordered_at(self, shape: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """Give the entry by which slices are ordered, as (axis, index) pairs."""
        if self.at is None:
            return ()
        first = self.ordered_axis(shape) + 1
        return tuple((first + i, index) for i, index in enumerate(self.at))

    def unconstrained_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Give the shape of `y`.

        Raises
        ------
        ShapeError
            Where there is no such axis, or no such entry.
        """
        axis = self.ordered_axis(shape)
        if not 0 <= axis < len(shape) or shape[axis] < 1:
            what = "the last axis" if self.axis == -1 else f"axis {self.axis}"
            raise ShapeError(
                f"transform {self.name} orders {what}, and shape {shape} has "
                f"{'no elements along it' if 0 <= axis < len(shape) else 'none'}: give the "
                "variable a shape such as shape=2, or another axis="
            )
        if self.at is not None:
            after = shape[axis + 1 :]
            inside = len(self.at) == len(after) and all(
                -n <= i < n for i, n in zip(self.at, after, strict=True)
            )
            if not inside:
                raise ShapeError(
                    f"transform {self.name}: at={_shown(self.at)} names an entry of the axes after "
                    f"axis {axis}, which have shape {after} in a variable of shape {shape}: give "
                    f"{_needed(len(after))}"
                )
        if isinstance(self.inner, IncreasingSimplex):
            return self.inner.unconstrained_shape(shape)
        return shape

    def forward(self, x: Any) -> Any:
        return self._map(jnp.asarray(x), self.inner.forward, self.rest.forward)

    def backward(self, y: Any) -> Any:
        return self._map(jnp.asarray(y), self.inner.backward, self.rest.backward)

    def log_det_jacobian(self, y: Any) -> Any:
        y = jnp.asarray(y)
        axis = self._negative(y)
        after = -axis - 1
        if self.at is None:
            each = self.inner.log_det_jacobian(jnp.moveaxis(y, axis, -1))
            return jnp.sum(each, axis=tuple(range(-after, 0))) if after else each
        place = self._place(y)
        rest = self.rest.log_det_jacobian(y).at[place].set(0.0)
        ordered = self.inner.log_det_jacobian(y[place])
        return ordered + jnp.sum(rest, axis=tuple(range(axis, 0)))

    def start(self, mean: Any, sd: Any) -> Any:
        """Give start values in order: along the axis those of the increasing vectors."""
        mean = jnp.asarray(mean, float)
        sd = jnp.broadcast_to(jnp.asarray(sd, float), mean.shape)
        axis = self._negative(mean)
        if self.at is None:
            moved = self.inner.start(jnp.moveaxis(mean, axis, -1), jnp.moveaxis(sd, axis, -1))
            return jnp.moveaxis(moved, -1, axis)
        place = self._place(mean)
        return self.rest.start(mean, sd).at[place].set(self.inner.start(mean[place], sd[place]))

    def sort(self, x: Any) -> Any:
        """Sort: a draw of exchangeable elements, or slices, becomes an ordered one.

        Examples
        --------
        >>> import numpy as np
        >>> from aliquot.precision import float64
        >>> with float64():
        ...     print(ordered.sort(np.array([2.0, 1.0])))
        ...     print(ordered(axis=0, at=0).sort(np.array([[2.0, 5.0], [1.0, 6.0]])))
        [1. 2.]
        [[1. 6.]
         [2. 5.]]
        """
        x = jnp.asarray(x)
        axis = self._negative(x)
        if self.at is None:
            return jnp.sort(x, axis=axis)
        order = jnp.argsort(x[self._place(x)], axis=-1)
        order = order.reshape(order.shape + (1,) * (-axis - 1))
        return jnp.take_along_axis(x, order, axis=axis)

    def in_order(self, x: Any, xp: Any = jnp) -> Any:
        """Say whether values increase, with axes of length one so that it broadcasts against x."""
        x = xp.asarray(x)
        axis = self._negative(x)
        if self.at is None:
            return xp.all(xp.diff(x, axis=axis) > 0, axis=axis, keepdims=True)
        good = xp.all(xp.diff(x[self._place(x)], axis=-1) > 0, axis=-1)
        return good.reshape(good.shape + (1,) * -axis)

    @property
    def description(self) -> str:
        """What must hold, to complete "must be ..."."""
        if self.at is not None:
            return (
                f"strictly increasing along axis {self.axis} in the entry {_shown(self.at)} of "
                "the other axes"
            )
        where = "the last axis" if self.axis == -1 else f"axis {self.axis}"
        return f"strictly increasing along {where}"

    def _negative(self, x: Any) -> int:
        return self.axis if self.axis < 0 else self.axis - x.ndim

    def _place(self, x: Any) -> tuple[Any, ...]:
        assert self.at is not None
        del x
        return (..., slice(None), *self.at)

    def _map(self, value: Any, inner: Any, rest: Any) -> Any:
        axis = self._negative(value)
        if self.at is None:
            return jnp.moveaxis(inner(jnp.moveaxis(value, axis, -1)), -1, axis)
        place = self._place(value)
        return rest(value).at[place].set(inner(value[place]))


class PositiveOrdered(Ordered):
    r"""Positive values that increase strictly along an axis.

    Where the support is that of positive numbers, `ordered` does the same. Of other supports this
    is the part that is positive.

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(positive_ordered.backward(np.zeros(3)))
    [1. 2. 3.]
    """

    name = "positive_ordered"

    def _unfitted(self) -> Transform:
        return IncreasingAbove(0.0)

    def _parts(
        self, support: Constraint, shape: tuple[int, ...], axis: int
    ) -> tuple[Transform, Transform]:
        del shape, axis
        if support.event_dims and not isinstance(support, constraints.Real):
            raise ModelError(
                f"transform {self.name}: values must be {support.description}. Use "
                "aq.transforms.ordered, which fits itself to the support, or order another variable"
            )
        return IncreasingAbove(0.0), interval(0.0, None)


def _places(name: str, at: Any) -> tuple[int, ...] | None:
    if at is None:
        return None
    places = tuple(at) if isinstance(at, Sequence) else (at,)
    if any(isinstance(i, bool) or not isinstance(i, int | np.integer) for i in places):
        raise ModelError(
            f"transform {name}: at must be a whole number, or one for each axis after the ordered "
            f"one; got {at!r}"
        )
    return tuple(int(i) for i in places)


def _shown(at: tuple[int, ...]) -> str:
    return str(at[0]) if len(at) == 1 else str(at)


def _needed(count: int) -> str:
    if count == 0:
        return "no at="
    return "one index within it" if count == 1 else f"{count} indices within it, as a tuple"


ordered = Ordered()
positive_ordered = PositiveOrdered()
