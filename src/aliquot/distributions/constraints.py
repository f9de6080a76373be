"""The sets that parameters and values live in: positive numbers, probabilities, simplexes.

A constraint says in words what it wants, checks values (with NumPy on the host, with JAX inside a
density) and gives a point inside, to stand in where a value is outside.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

TOLERANCE = 1e-6


class Constraint:
    """A set of values; `event_dims` axes at the end belong to one value.

    Attributes
    ----------
    event_dims : int
        0 for numbers, 1 for vectors, 2 for matrices.
    discrete : bool
        Whether the values are integers.
    description : str
        Completes "must be ...".
    """

    event_dims: ClassVar[int] = 0
    discrete: ClassVar[bool] = False
    description: str = "a real number"

    def check(self, x: Any, xp: Any = np) -> Any:
        """Say for each value whether it is inside, as a boolean array without the event axes.

        Parameters
        ----------
        x : array
        xp : module
            `numpy` on the host, `jax.numpy` inside a traced function.
        """
        raise NotImplementedError

    def feasible(self, x: Any, xp: Any = np) -> Any:
        """Give a point inside, of the shape of `x` (broadcasting allowed)."""
        raise NotImplementedError

    def constant(self) -> bool:
        """Whether the set is known before sampling: no bound of it is an expression."""
        return True

    def elementwise(self) -> Constraint:
        """Give the set of each element by itself, where the elements are free of one another."""
        return self

    def detail(self, x: np.ndarray) -> str:
        """Say in an error message what else helps about one value that is outside."""
        return ""

    def __repr__(self) -> str:
        return f"<{self.description}>"


class Real(Constraint):
    """Any finite number."""

    description = "a finite number"

    def check(self, x: Any, xp: Any = np) -> Any:
        return xp.isfinite(x)

    def feasible(self, x: Any, xp: Any = np) -> Any:
        return xp.zeros_like(x)


class RealVector(Real):
    """A vector of finite numbers."""

    event_dims = 1
    description = "a vector of finite numbers"

    def check(self, x: Any, xp: Any = np) -> Any:
        return xp.all(xp.isfinite(x), axis=-1)


class PositiveVector(Constraint):
    """A vector of positive numbers."""

    event_dims = 1
    description = "positive"

    def check(self, x: Any, xp: Any = np) -> Any:
        return xp.all(xp.isfinite(x) & (x > 0), axis=-1)

    def feasible(self, x: Any, xp: Any = np) -> Any:
        return xp.ones_like(x)


class Interval(Constraint):
    """Numbers between two bounds, either of which may be absent (``None``) or an expression."""

    def __init__(self, lower: Any = None, upper: Any = None, *, closed: bool = False) -> None:
        self.lower = lower
        self.upper = upper
        self.closed = closed

    @property
    def description(self) -> str:  # type: ignore[override]
        """The bounds in words."""
        low, up = _show(self.lower), _show(self.upper)
        if self.upper is None:
            word = "at least" if self.closed else "greater than"
            if low == "0" and not self.closed:
                return "positive"
            return f"{word} {low}"
        if self.lower is None:
            return f"{'at most' if self.closed else 'less than'} {up}"
        return f"from {low} to {up}" if self.closed else f"strictly between {low} and {up}"

    def check(self, x: Any, xp: Any = np) -> Any:
        inside = xp.isfinite(x)
        if self.lower is not None:
            inside = inside & (x >= self.lower if self.closed else x > self.lower)
        if self.upper is not None:
            inside = inside & (x <= self.upper if self.closed else x < self.upper)
        return inside

    def feasible(self, x: Any, xp: Any = np) -> Any:
        if self.lower is None:
            return xp.zeros_like(x) + (self.upper - 1.0)
        if self.upper is None:
            return xp.zeros_like(x) + (self.lower + 1.0)
        return xp.zeros_like(x) + 0.5 * (self.lower + self.upper)

    def constant(self) -> bool:
        return not any(hasattr(bound, "text") for bound in (self.lower, self.upper))


class IntegerInterval(Interval):
    """Integers between two bounds, both included; either may be absent or an expression."""

    discrete = True

    def __init__(self, lower: Any = None, upper: Any = None) -> None:
        super().__init__(lower, upper, closed=True)

    @property
    def description(self) -> str:  # type: ignore[override]
        """The bounds in words."""
        if self.lower is None and self.upper is None:
            return "an integer"
        return f"an integer {super().description}"

    def check(self, x: Any, xp: Any = np) -> Any:
        return super().check(x, xp) & (x == xp.floor(x))

    def feasible(self, x: Any, xp: Any = np) -> Any:
        bound = self.lower if self.lower is not None else self.upper
        return xp.zeros_like(x) + (0 if bound is None else bound)


class IntegerSequence(IntegerInterval):
    """Vectors of integers, each between two bounds that are known, both included."""

    event_dims = 1

    @property
    def description(self) -> str:  # type: ignore[override]
        """The bounds in words."""
        return f"integers from {_show(self.lower)} to {_show(self.upper)}"

    def check(self, x: Any, xp: Any = np) -> Any:
        return xp.all(super().check(x, xp), axis=-1)

    def elementwise(self) -> Constraint:
        return IntegerInterval(self.lower, self.upper)


class Simplex(Constraint):
    """Vectors of non-negative numbers that sum to one."""

    event_dims = 1
    description = "non-negative and sum to 1 along the last axis"

    def check(self, x: Any, xp: Any = np) -> Any:
        return xp.all(x >= 0, axis=-1) & (xp.abs(xp.sum(x, axis=-1) - 1) < TOLERANCE)

    def feasible(self, x: Any, xp: Any = np) -> Any:
        return xp.ones_like(x) / x.shape[-1]

    def detail(self, x: np.ndarray) -> str:
        return f", which sums to {float(np.sum(x)):.10g}"


class OrderedVector(Constraint):
    """Strictly increasing vectors."""

    event_dims = 1
    description = "strictly increasing along the last axis"

    def check(self, x: Any, xp: Any = np) -> Any:
        return xp.all(xp.isfinite(x), axis=-1) & xp.all(x[..., 1:] > x[..., :-1], axis=-1)

    def feasible(self, x: Any, xp: Any = np) -> Any:
        return xp.zeros_like(x) + xp.arange(x.shape[-1])


class Circular(Constraint):
    """Angles from -pi to pi."""

    description = "an angle from -pi to pi"

    def check(self, x: Any, xp: Any = np) -> Any:
        return (x >= -np.pi) & (x <= np.pi)

    def feasible(self, x: Any, xp: Any = np) -> Any:
        return xp.zeros_like(x)


class CountsVector(Constraint):
    """Vectors of non-negative integers that sum to `n`, which may be an expression."""

    event_dims = 1
    discrete = True

    def __init__(self, n: Any) -> None:
        self.n = n

    @property
    def description(self) -> str:  # type: ignore[override]
        """The total in words."""
        return f"non-negative integers that sum to {_show(self.n)} along the last axis"

    def check(self, x: Any, xp: Any = np) -> Any:
        whole = xp.all((x >= 0) & (x == xp.floor(x)), axis=-1)
        return whole & (xp.sum(x, axis=-1) == self.n)

    def feasible(self, x: Any, xp: Any = np) -> Any:
        first = xp.arange(x.shape[-1]) == 0
        return xp.zeros_like(x) + first * xp.asarray(self.n)[..., None]

    def constant(self) -> bool:
        return not hasattr(self.n, "text")


class PositiveDefinite(Constraint):
    """Symmetric positive-definite matrices (the host check factorises; the traced one does not)."""

    event_dims = 2
    description = "a symmetric positive-definite matrix"

    def check(self, x: Any, xp: Any = np) -> Any:
        finite = xp.all(xp.isfinite(x), axis=(-2, -1))
        scale = xp.max(xp.abs(x), axis=(-2, -1)) + 1e-300
        skew = xp.max(xp.abs(x - xp.swapaxes(x, -1, -2)), axis=(-2, -1))
        symmetric = finite & (skew <= TOLERANCE * scale)
        if xp is not np:
            return symmetric
        positive = np.array(symmetric)
        for index in np.ndindex(positive.shape):
            if positive[index]:
                positive[index] = np.linalg.eigvalsh(np.asarray(x)[index])[0] > 0
        return positive

    def feasible(self, x: Any, xp: Any = np) -> Any:
        return xp.zeros_like(x) + xp.eye(x.shape[-1])


class LowerCholesky(Constraint):
    """Lower-triangular matrices with a positive diagonal."""

    event_dims = 2
    description = "lower triangular with a positive diagonal"

    def check(self, x: Any, xp: Any = np) -> Any:
        upper = xp.triu(xp.ones(x.shape[-2:]), 1) > 0
        diagonal = xp.all(xp.diagonal(x, axis1=-2, axis2=-1) > 0, axis=-1)
        return diagonal & xp.all(xp.where(upper, x == 0, xp.isfinite(x)), axis=(-2, -1))

    def feasible(self, x: Any, xp: Any = np) -> Any:
        return xp.zeros_like(x) + xp.eye(x.shape[-1])


def _show(bound: Any) -> str:
    text = getattr(bound, "text", None)
    if text is not None:
        return str(text)
    if np.ndim(bound) == 0:
        return f"{float(bound):g}" if bound is not None else ""
    values = np.unique(bound)
    return f"{values[0]:g}" if len(values) == 1 else f"its bound ({values[0]:g} to {values[-1]:g})"


real = Real()
real_vector = RealVector()
positive = Interval(0.0)
positive_vector = PositiveVector()
nonnegative = Interval(0.0, closed=True)
probability = Interval(0.0, 1.0, closed=True)
unit_interval = Interval(0.0, 1.0)
boolean = IntegerInterval(0, 1)
integer = IntegerInterval()
counts = IntegerInterval(0)
positive_counts = IntegerInterval(1)
simplex = Simplex()
ordered_vector = OrderedVector()
circular = Circular()
positive_definite = PositiveDefinite()
lower_cholesky = LowerCholesky()
