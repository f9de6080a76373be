"""The supports of variables that are cut off or censored at bounds."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.distributions.constraints import Constraint, IntegerInterval, Interval, Real
from aliquot.distributions.unions import outermost


def _inner(own: Any, given: Any, traced: Any, host: Any) -> Any:
    """Give the inner one of two bounds, either of which may be absent."""
    if own is None or given is None:
        return given if own is None else own
    return outermost([own, given], traced, host)


class MixedInterval(Interval):
    """An interval with values that have a probability of their own, beside a density."""

    mixed = True


class Within(Interval):
    """What is between two bounds of another support, both bounds included."""

    def __init__(self, inner: Constraint, lower: Any, upper: Any) -> None:
        own = [getattr(inner, name, None) for name in ("lower", "upper")]
        self.inner = inner
        self.lower = _inner(own[0], lower, jnp.maximum, np.maximum)
        self.upper = _inner(own[1], upper, jnp.minimum, np.minimum)
        # An end of the other support may be left out, such as the zero of a gamma variable.
        both = lower is not None and upper is not None
        self.closed = both or isinstance(inner, Real) or getattr(inner, "closed", False)

    @property
    def description(self) -> str:  # type: ignore[override]
        inside = Interval(self.lower, self.upper, closed=True).description
        if isinstance(self.inner, Real) or self.closed:
            return inside
        return f"{self.inner.description} and {inside}"

    def check(self, x: Any, xp: Any = np) -> Any:
        inside = Interval(self.lower, self.upper, closed=True).check(x, xp)
        return inside & self.inner.check(x, xp) if self.inner.constant() else inside

    def feasible(self, x: Any, xp: Any = np) -> Any:
        # Of bounds that are infinite here and there, the finite ones count.
        low = -xp.inf if self.lower is None else self.lower
        high = xp.inf if self.upper is None else self.upper
        below, above = low == -xp.inf, high == xp.inf
        a = xp.where(below, xp.where(above, 0.0, high - 1.0), low)
        b = xp.where(above, xp.where(below, 0.0, low + 1.0), high)
        one_sided = xp.where(below, a, b)
        return xp.zeros_like(x) + xp.where(below | above, one_sided, 0.5 * a + 0.5 * b)

    def with_bounds(self) -> Interval:
        result: Any = super().with_bounds()
        result.inner = self.inner.with_bounds()
        return result


class IntegersWithin(Within, IntegerInterval):
    """Integers between two bounds, both included, of another support of integers."""

    def check(self, x: Any, xp: Any = np) -> Any:
        return IntegerInterval.check(self, x, xp)

    def feasible(self, x: Any, xp: Any = np) -> Any:
        return IntegerInterval.feasible(self, x, xp)

    @property
    def description(self) -> str:  # type: ignore[override]
        return IntegerInterval(self.lower, self.upper).description


class Censoring(Within):
    """What is between two bounds, the bounds being values with a probability of their own."""

    mixed = True

    def check(self, x: Any, xp: Any = np) -> Any:
        inside = super().check(x, xp)
        for bound in (self.lower, self.upper):
            if bound is not None:
                inside = inside | (x == bound)
        return inside
