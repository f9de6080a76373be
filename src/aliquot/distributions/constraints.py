"""The sets that parameters and values live in: positive numbers, probabilities, simplexes.

A constraint says in words what it wants, checks values (with NumPy on the host, with JAX inside a
density) and gives a point inside, to stand in where a value is outside.
"""

from __future__ import annotations

from copy import copy
from typing import Any, ClassVar

import numpy as np

from aliquot.distributions.triangular import row_lengths

# How far a sum may be from one. Probabilities that were rounded to single precision, however many,
# sum to one within a few of its units (6e-8 each, relative); a softmax in float64 is 1e-11 off.
TOLERANCE = 5e-6


class Constraint:
    """A set of values; `event_dims` axes at the end belong to one value."""

    event_dims: ClassVar[int] = 0  # 0 for numbers, 1 for vectors, 2 for matrices
    discrete: ClassVar[bool] = False  # whether the values are integers
    mixed: ClassVar[bool] = False  # whether single values have a probability, beside a density
    description: str = "a real number"  # completes "must be ..."
    # What to do about a parameter that is computed and outside, a sentence; may be empty.
    mend: ClassVar[str] = ""

    def check(self, x: Any, xp: Any = np) -> Any:
        """Say for each value whether it is inside, as a boolean array without the event axes.

        `xp` is `numpy` on the host, `jax.numpy` inside a traced function.
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

    def with_bounds(self) -> Constraint:
        """Give the set with its bounds, which an estimate can lie on and rounding can reach."""
        return self

    def malformed(self, x: np.ndarray) -> np.ndarray:
        """Say which values are outside by how they are made, and not by being too large or small.

        What sums to 1.3, or is not symmetric, would not sum to one at another point but by chance;
        what is negative at one point may well be positive at the next. A boolean array without the
        event axes.
        """
        return np.zeros(np.shape(x)[: np.ndim(x) - self.event_dims], bool)

    def detail(self, x: np.ndarray, index: tuple[int, ...]) -> str:
        """Say in an error message what else helps about the value at an index that is outside."""
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


class Bound(Constraint):
    """Numbers, or infinity of one sign for a bound that is none."""

    def __init__(self, absent: float) -> None:
        self.absent = absent
        self.description = f"a number, or {'minus ' if absent < 0 else ''}infinity for none"

    def check(self, x: Any, xp: Any = np) -> Any:
        return xp.isfinite(x) | (x == self.absent)

    def feasible(self, x: Any, xp: Any = np) -> Any:
        return xp.zeros_like(x) + self.absent


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
    mend = "np.exp of real numbers is positive"

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

    def with_bounds(self) -> Interval:
        result = copy(self)
        result.closed = True
        return result


class IntegerInterval(Interval):
    """Integers between two bounds, both included; either may be absent or an expression."""

    discrete = True

    def __init__(self, lower: Any = None, upper: Any = None) -> None:
        super().__init__(lower, upper, closed=True)

    @property
    def description(self) -> str:  # type: ignore[override]
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
        return f"integers from {_show(self.lower)} to {_show(self.upper)}"

    def check(self, x: Any, xp: Any = np) -> Any:
        return xp.all(super().check(x, xp), axis=-1)

    def elementwise(self) -> Constraint:
        return IntegerInterval(self.lower, self.upper)


class ProbabilityVector(Constraint):
    """Vectors of non-negative numbers that sum to one."""

    event_dims = 1
    description = "non-negative and sum to 1 along the last axis"
    mend = (
        "Probabilities are not normalised for you: draw them together from aq.Dirichlet, make them "
        "from real numbers with aq.math.softmax, divide them by their sum, or let the last one be "
        "1 minus the others"
    )

    def check(self, x: Any, xp: Any = np) -> Any:
        total = xp.sum(x, axis=-1, dtype=np.float64)
        return xp.all(x >= 0, axis=-1) & (xp.abs(total - 1) < TOLERANCE)

    def feasible(self, x: Any, xp: Any = np) -> Any:
        return xp.ones_like(x) / x.shape[-1]

    def malformed(self, x: np.ndarray) -> np.ndarray:
        total = np.sum(x, axis=-1, dtype=np.float64)
        return np.isfinite(total) & ~(np.abs(total - 1) < TOLERANCE)

    def detail(self, x: np.ndarray, index: tuple[int, ...]) -> str:
        said = f", which sums to {float(np.sum(x[index], dtype=np.float64)):.10g}"
        matrix = x[index[:-1]]
        if matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1] > 1:
            columns = matrix.T
            if np.all(self.check(columns)) and not np.all(self.check(matrix)):
                said += ". The columns sum to 1, not the rows: give the transpose"
        return said


class OrderedVector(Constraint):
    """Strictly increasing vectors."""

    event_dims = 1
    description = "strictly increasing along the last axis"
    mend = "Give the variable transform=aq.transforms.ordered, or cumulate positive steps"

    def check(self, x: Any, xp: Any = np) -> Any:
        return xp.all(xp.isfinite(x), axis=-1) & xp.all(x[..., 1:] > x[..., :-1], axis=-1)

    def feasible(self, x: Any, xp: Any = np) -> Any:
        return xp.zeros_like(x) + xp.arange(x.shape[-1])


class Angle(Constraint):
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
    mend = "A factor times its transpose is one; aq.LKJCholeskyCov is a prior of factors"

    def check(self, x: Any, xp: Any = np) -> Any:
        symmetric = self._symmetric(x, xp)
        if xp is not np:
            return symmetric
        positive = np.array(symmetric)
        positive[symmetric] = np.linalg.eigvalsh(np.asarray(x)[symmetric])[..., 0] > 0
        return positive

    def _symmetric(self, x: Any, xp: Any = np) -> Any:
        finite = xp.all(xp.isfinite(x), axis=(-2, -1))
        scale = xp.max(xp.abs(x), axis=(-2, -1)) + 1e-300
        skew = xp.max(xp.abs(x - xp.swapaxes(x, -1, -2)), axis=(-2, -1))
        return finite & (skew <= TOLERANCE * scale)

    def malformed(self, x: np.ndarray) -> np.ndarray:
        finite = np.all(np.isfinite(x), axis=(-2, -1))
        return np.asarray(finite & ~self._symmetric(x))

    def detail(self, x: np.ndarray, index: tuple[int, ...]) -> str:
        if self.malformed(x)[index] or not np.isfinite(x[index]).all():
            return ", which is not symmetric" if np.isfinite(x[index]).all() else ""
        return f", whose smallest eigenvalue is {np.linalg.eigvalsh(x[index])[0]:.6g}"

    def feasible(self, x: Any, xp: Any = np) -> Any:
        return xp.zeros_like(x) + xp.eye(x.shape[-1])


class LowerCholesky(Constraint):
    """Lower-triangular matrices with a positive diagonal, and the lengths of their rows in a set.

    These lengths are the standard deviations of the covariance; `scales` is the set.
    """

    event_dims = 2
    mend = "aq.LKJCholeskyCov is a prior of such factors; np.tril leaves the upper triangle out"

    def __init__(self, scales: Interval | None = None) -> None:
        self.scales = scales

    @property
    def description(self) -> str:  # type: ignore[override]
        whole = "lower triangular with a positive diagonal"
        if self.scales is None or self.scales.description == "positive":
            return whole
        return f"{whole} and rows whose lengths are {self.scales.description}"

    def check(self, x: Any, xp: Any = np) -> Any:
        upper = np.triu(np.ones(x.shape[-2:], bool), 1)
        diagonal = xp.all(xp.diagonal(x, axis1=-2, axis2=-1) > 0, axis=-1)
        inside = diagonal & xp.all(xp.where(upper, x == 0, xp.isfinite(x)), axis=(-2, -1))
        scales = self.scales
        if scales is None:
            return inside
        lengths = row_lengths(x, scales.lower, scales.upper, xp)
        return inside & xp.all(scales.check(lengths, xp), axis=-1)

    def malformed(self, x: np.ndarray) -> np.ndarray:
        upper = np.triu(np.ones(x.shape[-2:], bool), 1)
        return np.any(upper & np.isfinite(x) & (x != 0), axis=(-2, -1))

    def feasible(self, x: Any, xp: Any = np) -> Any:
        eye = xp.zeros_like(x) + xp.eye(x.shape[-1])
        if self.scales is None:
            return eye
        return eye * self.scales.feasible(x[..., 0], xp)[..., None]

    def constant(self) -> bool:
        return self.scales is None or self.scales.constant()


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
simplex = ProbabilityVector()
ordered_vector = OrderedVector()
circular = Angle()
positive_definite = PositiveDefinite()
lower_cholesky = LowerCholesky()
