"""How far a value is from its bounds, and how near to them a transform lets it come.

The value itself cannot say when it is near one, and what a transform gives is never on the bound.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp

SMALLEST = 1e-300
"""The least positive value. Its inverse, and a hundred million times that, do not overflow."""


class Distance(NamedTuple):
    """The distance of a value from one bound.

    Attributes
    ----------
    bound : float, array or Expression
        The bound; broadcasts against the value.
    size : array
        The distance, positive; `SMALLEST` where it is less.
    log : array
        Its logarithm: finite, and right also where the distance is not.
    """

    bound: Any
    size: Any
    log: Any

    @classmethod
    def of_log(cls, bound: Any, log: Any) -> Distance:
        """Give the distance whose logarithm is known."""
        return cls(bound, jnp.maximum(jnp.exp(log), SMALLEST), log)


class Distances(NamedTuple):
    """The distances of a value from its lower and its upper bound, ``None`` where it has none.

    Attributes
    ----------
    lower, upper : Distance or None
        Arrays of the value's shape.
    """

    lower: Distance | None = None
    upper: Distance | None = None


def margin(bound: Any) -> Any:
    """Compute a distance that is not lost when added to, or taken from, a bound.

    It is one or two units in the last place of the bound, and `SMALLEST` where the bound is zero.
    A value that would come nearer is rounded to this distance, where its gradient is zero; what a
    density needs of it near a bound are its `distances`.

    Examples
    --------
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(1.0 + margin(1.0) > 1.0)
    True
    """
    bound = jnp.asarray(bound, float)
    return jnp.maximum(jnp.abs(bound) * jnp.finfo(bound.dtype).eps, SMALLEST)


def known_sd(sd: Any) -> Any:
    """Read a prior standard deviation, 1 where it is unknown, zero or infinite."""
    sd = jnp.asarray(sd, float)
    return jnp.where(jnp.isfinite(sd) & (sd > 0), sd, 1.0)
