"""Sets of arrays: matrices of numbers, correlation matrices, arrays that sum to zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from aliquot.distributions.constraints import TOLERANCE, Constraint, PositiveDefinite, Real


class RealMatrix(Real):
    """A matrix of finite numbers."""

    event_dims = 2
    description = "a matrix of finite numbers"

    def check(self, x: Any, xp: Any = np) -> Any:
        return xp.all(xp.isfinite(x), axis=(-2, -1))


class ZeroSumArray(Constraint):
    """Arrays of finite numbers that sum to zero along each of their last axes."""

    def __init__(self, axes: int = 1) -> None:
        self.event_dims = axes  # type: ignore[misc]

    @property
    def description(self) -> str:  # type: ignore[override]
        where = "the last axis" if self.event_dims == 1 else f"each of the last {self.event_dims}"
        return f"finite and sum to 0 along {where}{' axes' * (self.event_dims > 1)}"

    def check(self, x: Any, xp: Any = np) -> Any:
        axes = tuple(range(-self.event_dims, 0))
        inside = xp.all(xp.isfinite(x), axis=axes)
        # Of what is of any size: relative to the numbers that are added up.
        size = xp.max(xp.abs(x), axis=axes, keepdims=True)
        unit = x / xp.where((size > 0) & xp.isfinite(size), size, 1.0)
        for axis in axes:
            sums = xp.abs(xp.sum(unit, axis=axis, keepdims=True))
            inside = inside & xp.all(sums <= TOLERANCE * x.shape[axis], axis=axes)
        return inside

    def feasible(self, x: Any, xp: Any = np) -> Any:
        return xp.zeros_like(x)

    def detail(self, x: np.ndarray, index: tuple[int, ...]) -> str:
        if self.event_dims > 1 or not np.isfinite(x[index]).all():
            return ""
        return f", which sums to {float(np.sum(x[index])):.6g}"


class CorrelationMatrix(PositiveDefinite):
    """Correlation matrices: positive definite, with ones on the diagonal."""

    description = "a correlation matrix: symmetric, positive definite, with 1 on the diagonal"
    mend = "aq.LKJCorr is a prior of such matrices"

    def _symmetric(self, x: Any, xp: Any = np) -> Any:
        diagonal = xp.diagonal(x, axis1=-2, axis2=-1)
        return super()._symmetric(x, xp) & xp.all(xp.abs(diagonal - 1) < TOLERANCE, axis=-1)

    def detail(self, x: np.ndarray, index: tuple[int, ...]) -> str:
        diagonal = np.diagonal(x[index])
        wrong = np.isfinite(x[index]).all() and not np.all(np.abs(diagonal - 1) < TOLERANCE)
        return f", whose diagonal is {diagonal}" if wrong else super().detail(x, index)


real_matrix = RealMatrix()
correlation = CorrelationMatrix()
