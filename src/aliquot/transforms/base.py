"""What a transform is: a bijection between a support and unconstrained real coordinates.

It says, too, how far a value is from its bounds: the value itself cannot when it is near one, and
what a transform gives is never on the bound.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple, Self

import jax
import jax.numpy as jnp

SMALLEST = 1e-300
"""The least positive value. Its inverse, and a hundred million times that, do not overflow."""


class Distance(NamedTuple):
    """The distance of a value from one bound."""

    bound: Any  # broadcasts against the value
    size: Any  # positive, of the value's shape; `SMALLEST` where it is less
    log: Any  # its logarithm: finite, and right also where the distance is not

    @classmethod
    def of_log(cls, bound: Any, log: Any) -> Distance:
        """Give the distance whose logarithm is known."""
        return cls(bound, jnp.maximum(jnp.exp(log), SMALLEST), log)


class Distances(NamedTuple):
    """A value's distances from its lower and its upper bound, ``None`` where it has none."""

    lower: Distance | None = None
    upper: Distance | None = None


def margin(bound: Any) -> Any:
    """Compute a distance that is not lost when added to, or taken from, a bound.

    It is one or two units in the last place of the bound, and `SMALLEST` where the bound is zero.
    A value that would come nearer is rounded to this distance, where its gradient is zero; what a
    density needs of it near a bound are its `distances`.
    """
    bound = jnp.asarray(bound, float)
    return jnp.maximum(jnp.abs(bound) * jnp.finfo(bound.dtype).eps, SMALLEST)


def known_sd(sd: Any) -> Any:
    """Read a prior standard deviation, 1 where it is unknown, zero or infinite."""
    sd = jnp.asarray(sd, float)
    return jnp.where(jnp.isfinite(sd) & (sd > 0), sd, 1.0)


class Transform:
    """A bijection from a constrained value `x` to unconstrained coordinates `y`, and back.

    Transforms are JAX pytrees: bounds that are expressions in a model are arrays inside a traced
    function. Subclasses list such fields in `fields` and write the methods below, all pure.

    Attributes
    ----------
    name : str
        The suffix of the unconstrained variable's name: ``sigma_log__``.
    event_dims : int
        The number of last axes of `x` that one transform takes together.
    fields : tuple of str
        Attributes that hold arrays or expressions.
    """

    name: ClassVar[str]
    event_dims: int = 0
    fields: ClassVar[tuple[str, ...]] = ()

    def forward(self, x: Any) -> Any:
        """Map a constrained value to unconstrained coordinates."""
        raise NotImplementedError

    def backward(self, y: Any) -> Any:
        """Map unconstrained coordinates to a constrained value."""
        raise NotImplementedError

    def log_det_jacobian(self, y: Any) -> Any:
        """Compute the log absolute determinant of the Jacobian of `backward` at `y`.

        Returns
        -------
        array, shape of the batch axes
            One number for each event (each element where `event_dims` is 0).
        """
        raise NotImplementedError

    def distances(self, y: Any) -> Distances:
        """Compute how far `backward` of `y` is from its bounds, without the rounding of its value.

        Returns
        -------
        Distances
            Without any, where nothing but the value is known.
        """
        del y
        return Distances()

    def unconstrained_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Give the shape of `y` for an `x` of the given shape.

        Raises
        ------
        ShapeError
            Where no value of that shape can be transformed.
        """
        return shape

    def start(self, mean: Any, sd: Any) -> Any:
        """Give a constrained start value inside the transform's range, from typical values.

        Parameters
        ----------
        mean, sd : array, shape of x
            Typical value and standard deviation under the prior (1 where that is not known).
        """
        del sd
        return mean

    def ordered_axis(self, shape: tuple[int, ...]) -> int | None:
        """Give the axis along which an `x` of the given shape increases; ``None`` if none does."""
        del shape
        return None

    def ordered_at(self, shape: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """Give the place on the other axes that decides the order, as (axis, index) pairs.

        Empty where nothing is ordered, and where each vector along the axis is, by itself.

        Examples
        --------
        >>> from aliquot.transforms import ordered
        >>> ordered(axis=0, at=-1).ordered_at((3, 2)), ordered(axis=0).ordered_at((3, 2))
        (((1, 1),), ())
        """
        del shape
        return ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        jax.tree_util.register_pytree_node(cls, cls._flatten, cls._unflatten)

    def _flatten(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        statics = {k: v for k, v in self.__dict__.items() if k not in self.fields}
        return tuple(getattr(self, field) for field in self.fields), tuple(sorted(statics.items()))

    @classmethod
    def _unflatten(cls, aux: tuple[Any, ...], children: tuple[Any, ...]) -> Self:
        new = object.__new__(cls)
        new.__dict__.update(aux)
        new.__dict__.update(zip(cls.fields, children, strict=True))
        return new

    def __repr__(self) -> str:
        return f"<transform {self.name}>"
