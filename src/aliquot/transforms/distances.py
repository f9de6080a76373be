"""How far a value is from its bounds, which the value itself cannot say when it is near one."""

from __future__ import annotations

from typing import Any, NamedTuple


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


class Distances(NamedTuple):
    """The distances of a value from its lower and its upper bound, ``None`` where it has none.

    Attributes
    ----------
    lower, upper : Distance or None
        Arrays of the value's shape.
    """

    lower: Distance | None = None
    upper: Distance | None = None
