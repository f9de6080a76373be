"""Keeping components in order along an axis, so that the labels of a mixture cannot switch."""

from __future__ import annotations

from operator import index
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.errors import ModelError, ShapeError
from aliquot.transforms.base import Distance, Distances, Transform
from aliquot.transforms.bounds import Circular, Identity, Log, Logit, UpperLog, identity
from aliquot.transforms.increasing import (
    IncreasingAbove,
    IncreasingBelow,
    IncreasingBetween,
    increasing,
    increasing_simplex,
)
from aliquot.transforms.order_axes import OrderAxes
from aliquot.transforms.probabilities import Simplex


class Ordered(Transform):
    r"""Values that increase strictly along an axis, whatever the support of their elements.

    ``transform=aq.transforms.ordered`` orders a variable along its last axis. Called, it gives the
    transform of another order: ``aq.transforms.ordered(axis=0, at=0)``.

    Parameters
    ----------
    axis : int
        The axis of the components, along which values increase.
    at : int or tuple of int, optional
        The place, on the axes next to this one, of the entry that decides the order: components are
        slices along `axis`, and their other entries are free and move with them. It has one index
        for each of the other axes, the first axis of the variable first. Where it has fewer, the
        first axes are a batch, each element of which is ordered by itself. Without it each vector
        along the axis is ordered by itself.

    Notes
    -----
    What is ordered fits itself to the variable's support: real numbers, numbers above, below or
    between bounds, and probabilities that sum to one along the last axis. The other variables of
    a mixture need no order: their values belong to the components that this one has put in order.

    Where components are exchangeable a priori, the variable's prior is the prior given this order,
    a proper distribution: the density of the whole times K!, for each vector that is ordered.

    References
    ----------
    .. [1] Stan Development Team, *Stan Reference Manual*, "Constraint transforms: ordered vector".

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(ordered.backward(np.array([-1.0, 0.0, 0.0])))
    ...     print(ordered(axis=0, at=0).backward(np.array([[-1.0, 7.0], [0.0, 5.0]])))
    [-1.  0.  1.]
    [[-1.  7.]
     [ 0.  5.]]
    """

    name = "ordered"
    fields = ("vectors", "others")

    def __init__(
        self,
        axis: int = -1,
        *,
        at: int | tuple[int, ...] | None = None,
        vectors: Transform = increasing,
        others: Transform = identity,
    ) -> None:
        self.axis = _integer("axis", axis)
        self.at = () if at is None else _integers(at)
        # Counted from the last: what a batch has before does not matter.
        self.event_dims = max(-self.axis, len(self.at) + 1, 1)
        self.vectors = vectors
        self.others = others

    def __call__(self, axis: int = -1, *, at: int | tuple[int, ...] | None = None) -> Self:
        """Give the transform that orders along another axis, or by one entry of each component.

        Examples
        --------
        >>> import aliquot as aq
        >>> with aq.Model() as model:
        ...     centres = aq.Normal(
        ...         "centres", 0, 10, shape=(3, 2), transform=aq.transforms.ordered(axis=0, at=1)
        ...     )
        >>> start = model.density().constrain_draws(model.density().start)["centres"]
        >>> (np.diff(start[:, 1]) > 0).all(), start[:, 0]
        (np.True_, array([0., 0., 0.]))
        """
        return type(self)(axis, at=at)

    def fitted(self, natural: Transform, shape: tuple[int, ...]) -> Ordered:
        """Give this order of the values that a support's natural transform reaches.

        Where they cannot be ordered, or not along this axis, that is a `ModelError`; an axis or an
        index that a variable of that shape does not have is a `ShapeError`.
        """
        axes = self._axes(shape)
        if self.axis < 0 and not self.at and isinstance(natural, Identity):
            return self
        vectors = _vectors(self, natural, axes)
        others = identity if isinstance(natural, Circular) and not self.at else natural
        return type(self)(axes.axis, at=self.at or None, vectors=vectors, others=others)

    def forward(self, x: Any) -> Any:
        x = jnp.asarray(x)
        axes = self._axes(x.shape)
        y = axes.back(self._vectors(axes, x.shape).forward(axes.pick(x)))
        if not self.at:
            return y
        rest = self.others.forward(x)
        return jnp.where(axes.mask(rest.shape), y, rest)

    def backward(self, y: Any) -> Any:
        y = jnp.asarray(y)
        axes = self._axes(y.shape)
        x = axes.back(self._vectors(axes, y.shape).backward(axes.pick(y)))
        if not self.at:
            return x
        rest = self.others.backward(y)
        return jnp.where(axes.mask(rest.shape), x, rest)

    def log_det_jacobian(self, y: Any) -> Any:
        y = jnp.asarray(y)
        axes = self._axes(y.shape)
        each = self._vectors(axes, y.shape).log_det_jacobian(axes.pick(y))
        total = axes.total(each, 1)
        if not self.at:
            return total
        event = self.others.event_dims
        rest = jnp.broadcast_to(
            self.others.log_det_jacobian(y), y.shape[: y.ndim - event] if event else y.shape
        )
        return total + axes.total(jnp.where(axes.mask(y.shape, event), 0.0, rest), event)

    def distances(self, y: Any) -> Distances:
        """Compute the distances of the ordered entries, and of the others, from their bounds."""
        y = jnp.asarray(y)
        axes = self._axes(y.shape)
        vectors = self._vectors(axes, y.shape).distances(axes.pick(y))
        found = [side and Distance(side.bound, *map(axes.back, side[1:])) for side in vectors]
        if not self.at:
            return Distances(*found)
        rest = self.others.distances(y)

        def both(ordered: Distance | None, other: Distance | None) -> Distance | None:
            if ordered is None or other is None:
                return None
            mask = axes.mask(other.size.shape)
            size, log = (jnp.where(mask, a, b) for a, b in zip(ordered[1:], other[1:], strict=True))
            return Distance(other.bound, size, log)

        return Distances(*(both(a, b) for a, b in zip(found, rest, strict=True)))

    def unconstrained_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Give the shape of x, less one along the last axis for probabilities that sum to one."""
        axes = self._axes(shape)
        length = shape[axes.axis]
        try:
            (new,) = self.vectors.unconstrained_shape((length,))
        except ShapeError:
            raise ShapeError(
                f"transform {self.name} of probabilities needs at least 2 of them along the last "
                f"axis; got shape {shape}"
            ) from None
        return tuple(new if i == len(shape) + axes.axis else n for i, n in enumerate(shape))

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean if it is in order, else values in order that are spread around it."""
        mean = jnp.asarray(mean, float)
        sd = jnp.broadcast_to(sd, mean.shape)
        axes = self._axes(mean.shape)
        vectors = self._vectors(axes, mean.shape)
        x = axes.back(vectors.start(axes.pick(mean), axes.pick(sd)))
        if not self.at:
            return x
        return jnp.where(axes.mask(mean.shape), x, self.others.start(mean, sd))

    def ordered_axis(self, shape: tuple[int, ...]) -> int:
        """Give the axis along which an `x` of the given shape increases, counted from the first."""
        return len(shape) + self._axes(shape).axis

    def ordered_at(self, shape: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """Give the place on the other axes that decides the order, as (axis, index) pairs.

        Examples
        --------
        >>> ordered(axis=0, at=-1).ordered_at((3, 2)), ordered(axis=0).ordered_at((3, 2))
        (((1, 1),), ())
        """
        return tuple((len(shape) + axis, i) for axis, i in self._axes(shape).at)

    def vectors_of(self, shape: tuple[int, ...]) -> int:
        """Count the vectors that are ordered, each by itself, in an `x` of the given shape.

        Examples
        --------
        >>> ordered(axis=0).vectors_of((3, 2)), ordered(axis=0, at=0).vectors_of((3, 2))
        (2, 1)
        """
        return self._axes(shape).count(shape)

    def increases(self, x: Any) -> Any:
        """Say where x is in order: a boolean array that broadcasts against x, for either library.

        Examples
        --------
        >>> import numpy as np
        >>> ordered.increases(np.array([[1.0, 2.0], [2.0, 1.0]]))
        array([[ True],
               [False]])
        """
        return self._axes(np.shape(x)).increases(x)

    def sort(self, x: Any) -> Any:
        """Put components in order: a draw of exchangeable ones becomes a draw given the order.

        Examples
        --------
        >>> import numpy as np
        >>> from aliquot.precision import float64
        >>> with float64():
        ...     print(ordered.sort(np.array([2.0, 1.0])))
        [1. 2.]
        """
        x = jnp.asarray(x)
        axes = self._axes(x.shape)
        if not self.at:
            return jnp.sort(x, axis=axes.axis)
        return jnp.take_along_axis(x, jnp.argsort(axes.slices(x), axis=axes.axis), axis=axes.axis)

    def describe(self, shape: tuple[int, ...]) -> str:
        """Say in words what must increase.

        Examples
        --------
        >>> ordered.describe((3,))
        'strictly increasing along the last axis'
        >>> ordered(axis=0, at=1).describe((3, 2))
        'strictly increasing along axis 0, at index 1 of axis 1'
        """
        axis = self.ordered_axis(shape)
        where = f"axis {axis}" if self.at or axis < len(shape) - 1 else "the last axis"
        places = " and ".join(f"index {i} of axis {other}" for other, i in self.ordered_at(shape))
        return f"strictly increasing along {where}" + (f", at {places}" if places else "")

    def __repr__(self) -> str:
        return f"<transform {self._text()}>"

    def _text(self) -> str:
        at = "" if not self.at else f", at={self.at[0] if len(self.at) == 1 else self.at}"
        return self.name if self.axis == -1 and not at else f"{self.name}(axis={self.axis}{at})"

    def _axes(self, shape: tuple[int, ...]) -> OrderAxes:
        return OrderAxes.of(self._text(), self.axis, self.at, tuple(shape))

    def _vectors(self, axes: OrderAxes, shape: tuple[int, ...]) -> Transform:
        """Give the transform of the vectors, its bounds as those of the vectors."""

        def of_vectors(bound: Any) -> Any:
            if np.ndim(bound) == 0:
                return bound
            return axes.pick(jnp.broadcast_to(bound, shape))[..., :1]

        result: Transform = jax.tree.map(of_vectors, self.vectors)
        return result


class PositiveOrdered(Ordered):
    r"""Positive values that increase strictly along an axis: :math:`x_i = x_{i-1} + e^{y_i}`.

    Before the first element stands :math:`x_0 = 0`, whatever the support; `ordered` does the same
    for a positive one. The parameters are those of :class:`Ordered`.

    References
    ----------
    .. [1] Stan Development Team, *Stan Reference Manual*, "Constraint transforms: positive ordered
       vector".

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(positive_ordered.backward(np.zeros(3)))
    [1. 2. 3.]
    """

    name = "positive_ordered"

    def __init__(
        self,
        axis: int = -1,
        *,
        at: int | tuple[int, ...] | None = None,
        vectors: Transform | None = None,
        others: Transform = identity,
    ) -> None:
        super().__init__(axis, at=at, vectors=vectors or IncreasingAbove(0.0), others=others)

    def fitted(self, natural: Transform, shape: tuple[int, ...]) -> Ordered:
        """Give the same order with other entries, those not ordered, as the support has them."""
        axes = self._axes(shape)
        if self.axis < 0 and not self.at:
            return self
        _vectors(self, natural, axes)  # refuses what cannot be ordered
        return PositiveOrdered(axes.axis, at=self.at or None, others=natural)

    def describe(self, shape: tuple[int, ...]) -> str:
        return f"{super().describe(shape)}, from above 0"


def _vectors(transform: Ordered, natural: Transform, axes: OrderAxes) -> Transform:
    """Choose the transform of ordered vectors within the reach of another transform."""
    match natural:
        case Identity():
            return increasing
        case Log():
            return IncreasingAbove(_same("lower bound", natural.lower, axes))
        case UpperLog():
            return IncreasingBelow(_same("upper bound", natural.upper, axes))
        case Logit():
            return IncreasingBetween(
                _same("lower bound", natural.lower, axes),
                _same("upper bound", natural.upper, axes),
            )
        case Circular():
            return IncreasingBetween(-np.pi, np.pi)
        case Simplex() if axes.axis == -1:
            return increasing_simplex
        case Simplex():
            raise ModelError(
                f"transform {transform._text()} can order probabilities only along the last axis, "
                "that along which they sum to one. Order another variable of the mixture, such as "
                "its weights: the components of this one follow"
            )
        case Ordered():
            return increasing
        case _:
            raise ModelError(
                f"transform {transform._text()} orders numbers, and these values are matrices "
                f"(transform {natural.name}). Order another variable of the mixture, such as its "
                "means or weights: the components of this one follow"
            )


def _same(what: str, bound: Any, axes: OrderAxes) -> Any:
    """Refuse bounds that differ along the ordered axis."""
    shape = np.shape(bound)
    if -axes.axis <= len(shape) and shape[axes.axis] != 1:
        known = isinstance(bound, np.ndarray)
        if not known or not np.all(bound == np.take(bound, [0], axis=axes.axis)):
            raise ModelError(
                f"an order along an axis needs one {what} for all components; got "
                f"{bound if known else getattr(bound, 'text', bound)}"
            )
    return bound


def _integer(name: str, value: Any) -> int:
    try:
        return index(value)
    except TypeError:
        raise ShapeError(f"transform ordered: {name} must be an integer; got {value!r}") from None


def _integers(at: Any) -> tuple[int, ...]:
    if isinstance(at, tuple | list):
        return tuple(_integer("each index of at", i) for i in at)
    return (_integer("at", at),)


ordered = Ordered()
positive_ordered = PositiveOrdered()
