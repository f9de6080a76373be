"""What is known of a value in a computation beyond its number: its distances from its bounds.

A value near a bound is rounded, and ``1 - x`` and ``log(x)`` of what was rounded are wrong; of the
distances they are exact. They are computed when something asks for them, and only then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.transforms import Transform

# Facts follow from facts; a longer line of them than this is not followed.
DEEPEST = 64
# Numbers that are equal but for what two operations have rounded, relative to their size.
ROUNDING = 4.0 * float(np.finfo(float).eps)

Move = Callable[[Any], Any]


class Later:
    """An array that is computed once, when it is first asked for."""

    def __init__(self, compute: Callable[[], Any]) -> None:
        self._compute: Callable[[], Any] | None = compute
        self._value: Any = None

    def __call__(self) -> Any:
        if self._compute is not None:
            self._value, self._compute = self._compute(), None
        return self._value


@dataclass(frozen=True, eq=False)
class Side:
    """The distance from one bound."""

    # A number; an array of numbers; or what is computed, which is compared by identity.
    bound: Any
    size: Later  # the distance, of the value's shape
    log: Later  # its logarithm
    # Whether every element is on the inner side of the bound. If not, some distances are what the
    # elements' numbers say, and may be zero or negative.
    certain: bool = True

    def moved(self, move: Move) -> Side | None:
        """Give the distance of a value whose elements are elsewhere, or repeated."""
        if np.ndim(self.bound):
            return None
        size, log = Later(lambda: move(self.size())), Later(lambda: move(self.log()))
        return Side(self.bound, size, log, self.certain)

    def times(self, factor: float, bound: Any) -> Side:
        """Give the distance from another bound of a value that is so many times as far from it."""
        if factor == 1.0:
            return Side(bound, self.size, self.log, self.certain)
        size = Later(lambda: factor * self.size())
        return Side(bound, size, Later(lambda: self.log() + np.log(factor)), self.certain)


@dataclass(frozen=True, eq=False)
class Known:
    """A value between bounds, with its distances from them."""

    lower: Side | None
    upper: Side | None
    # Whether no derivative of a distance is infinite, as that of the logarithm of a number that is
    # zero would be.
    smooth: bool = True
    # Coordinates, of which a transform computes the distances element by element.
    source: tuple[Later, Transform] | None = None
    depth: int = 0  # how many facts it was concluded from, one after the other

    @property
    def certain(self) -> bool:
        """Whether every element is strictly inside."""
        return all(side is None or side.certain for side in (self.lower, self.upper))

    @property
    def positive(self) -> bool:
        """Whether it is a positive number throughout, with a known logarithm."""
        low = self.lower
        return low is not None and low.certain and is_number(low.bound, 0.0)


@dataclass(frozen=True, eq=False)
class Constant:
    """A number, the same throughout, or an array of numbers: known before anything is computed."""

    value: Any


@dataclass(frozen=True, eq=False)
class Repeated:
    """A value all of whose elements are one number that is computed."""

    value: Any


Fact = Known | Constant | Repeated | None


def conclude(
    lower: Side | None,
    upper: Side | None,
    *sources: Known,
    smooth: bool = True,
) -> Known | None:
    """Make a fact from others, where there is something to know."""
    depth = 1 + max((source.depth for source in sources), default=0)
    if (lower is None and upper is None) or depth > DEEPEST:
        return None
    smooth = smooth and all(source.smooth for source in sources)
    return Known(lower, upper, smooth, depth=depth)


def from_transform(
    coordinates: Any,
    transform: Transform,
    bounds: Sequence[Any],
    distances: Sequence[tuple[Later, Later] | None],
    *,
    certain: bool,
) -> Known | None:
    """Say what is known of a value that a transform has computed from coordinates.

    The bounds are the lower and the upper one, ``None`` where there is none; the distances are the
    size and the logarithm of the distance from each. `certain` says whether the value is strictly
    inside its bounds.
    """
    lower, upper = (
        None if pair is None else Side(as_bound(bound), *pair, certain=certain)
        for bound, pair in zip(bounds, distances, strict=True)
    )
    if lower is None and upper is None:
        return None
    single = transform.event_dims == 0 and all(
        side is None or isinstance(side.bound, float) for side in (lower, upper)
    )
    source = (Later(lambda: coordinates), transform) if single else None
    return Known(lower, upper, source=source)


def inside(bounds: Sequence[Any], facts: Sequence[Fact]) -> bool:
    """Say whether two bounds cannot cross, so that what a transform puts between them is there.

    The lower bound comes first, ``None`` stands where there is none. The facts are about the two.
    """
    computed = [isinstance(bound, jax.core.Tracer) for bound in bounds]
    if not any(computed) or any(bound is None for bound in bounds):
        return True
    if all(computed):
        return False
    at = computed.index(True)
    fact, other = facts[at], as_bound(bounds[1 - at])
    if not isinstance(fact, Known) or not fact.certain or not isinstance(other, float):
        return False
    side = fact.lower if at else fact.upper
    if side is None or not isinstance(side.bound, float):
        return False
    return side.bound >= other if at else side.bound <= other


def gathered(fact: Known, move: Move) -> Known | None:
    """Say what is known of elements that are read by an index.

    The gradient of such a reading is dear, so it is the coordinates that are read, once, and not
    each distance.
    """
    if fact.source is None or not fact.certain:
        return moved(fact, move)
    coordinates, transform = fact.source
    there = Later(lambda: move(coordinates()))
    found = Later(lambda: transform.distances(there()))

    def side(position: int, old: Side | None) -> Side | None:
        if old is None:
            return None
        return Side(
            old.bound,
            Later(lambda: found()[position].size),
            Later(lambda: found()[position].log),
        )

    result = conclude(side(0, fact.lower), side(1, fact.upper), fact)
    return None if result is None else replace(result, source=(there, transform))


def moved(fact: Known, move: Move) -> Known | None:
    """Say what is known of elements that are in other places, or repeated."""
    sides = [side and side.moved(move) for side in (fact.lower, fact.upper)]
    return conclude(sides[0], sides[1], fact)


def affine(fact: Known, factor: float, shift: float) -> Known | None:
    """Say what is known of ``factor * x + shift``, numbers both."""
    if factor == 0.0 or not np.isfinite(factor) or not np.isfinite(shift):
        return None

    def side(old: Side | None) -> Side | None:
        if old is None or not isinstance(old.bound, float):
            return None
        bound = factor * old.bound + shift
        if abs(bound) <= ROUNDING * abs(shift):  # 0.3 - (0.1 + 0.2 x): a bound that is meant
            bound = 0.0
        return old.times(abs(factor), bound)

    lower, upper = side(fact.lower), side(fact.upper)
    return conclude(lower, upper, fact) if factor > 0 else conclude(upper, lower, fact)


def distance(fact: Known, side: Side, other: Side | None) -> Known | None:
    """Say what is known of the distance of x from one of its bounds."""
    far = None
    if other is not None and isinstance(side.bound, float) and isinstance(other.bound, float):
        far = replace(other, bound=abs(other.bound - side.bound))
    return conclude(replace(side, bound=0.0), far, fact)


def product(a: Known, b: Known, value: Any) -> Known | None:
    """Say what is known of a product of two positive values.

    Where both have an upper bound, ``u v - x y = u (v - y) + y (u - x)``, a sum of positive terms.
    """
    first, second = a.lower, b.lower
    if not (a.positive and b.positive) or first is None or second is None:
        return None
    lower = Side(0.0, Later(lambda: value), Later(lambda: first.log() + second.log()))
    u, v = a.upper, b.upper
    upper = None
    if u is not None and v is not None and _usable(u) and _usable(v):
        upper = Side(
            u.bound * v.bound,
            Later(lambda: u.bound * v.size() + second.size() * u.size()),
            Later(lambda: jnp.logaddexp(np.log(u.bound) + v.log(), second.log() + u.log())),
        )
    return conclude(lower, upper, a, b)


def _usable(side: Side) -> bool:
    return side.certain and isinstance(side.bound, float)


def quotient(a: Known, b: Known, value: Any) -> Known | None:
    """Say what is known of a quotient of two positive values."""
    first, second = a.lower, b.lower
    if not (a.positive and b.positive) or first is None or second is None:
        return None
    log = Later(lambda: first.log() - second.log())
    return conclude(Side(0.0, Later(lambda: value), log), None, a, b)


def power(a: Known, exponent: Any, value: Any, *, above_zero: bool) -> Known | None:
    """Say what is known of a power of a positive value.

    The exponent is a number or an array; `above_zero` says whether it is a positive number.
    """
    base = a.lower
    if not a.positive or base is None:
        return None
    log = Later(lambda: exponent * base.log())
    upper = None
    rest = a.upper
    if above_zero and rest is not None and rest.certain and is_number(rest.bound, 1.0):
        upper = Side(
            1.0,
            Later(lambda: -jnp.expm1(log())),
            Later(lambda: log_rest(log(), np.log(exponent) + rest.log())),
        )
    return conclude(Side(0.0, Later(lambda: value), log), upper, a)


def log_rest(log: Any, linear: Any) -> Any:
    """Compute log(1 - e^log), linear where it is that to rounding."""
    tiny = log > -1e-16
    return jnp.where(tiny, linear, jnp.log(-jnp.expm1(jnp.where(tiny, -1.0, log))))


def square(a: Known) -> Known | None:
    """Say what is known of the square of a value between two bounds that differ in sign only."""
    low, up = a.lower, a.upper
    if low is None or up is None or not _usable(low) or not _usable(up):
        return None
    if not is_number(low.bound, -up.bound):
        return None
    upper = Side(
        up.bound**2,
        Later(lambda: low.size() * up.size()),
        Later(lambda: low.log() + up.log()),
    )
    return conclude(None, upper, a)


def as_bound(value: Any) -> Any:
    """Give a bound as a float where it is one number, as an array of numbers, or as it is."""
    if isinstance(value, jax.core.Tracer):
        return value
    array = np.asarray(value, float)
    if array.ndim == 0:
        return float(array)
    return float(array.flat[0]) if array.size and (array == array.flat[0]).all() else array


def is_number(bound: Any, number: float) -> bool:
    """Say whether a bound is a number, known now, and this one but for rounding."""
    return isinstance(bound, float) and abs(bound - number) <= ROUNDING * abs(number)


def same(bound: Any, value: Any) -> bool:
    """Say whether a bound is a given number, array of numbers, or what is computed."""
    if bound is value:
        return True
    if isinstance(bound, jax.core.Tracer) or isinstance(value, jax.core.Tracer):
        return False
    return np.shape(bound) == np.shape(value) and bool(np.all(bound == value))


def same_throughout(bound: Any, value: Any, fact: Fact) -> bool:
    """Say whether a bound is what an operand is throughout."""
    if isinstance(fact, Constant | Repeated):
        value = fact.value
    return same(bound, value)
