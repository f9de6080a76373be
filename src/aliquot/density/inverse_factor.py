"""Inverses of known triangular matrices, as exact as a solve with them.

A solve is one call of LAPACK after another, in an order; a product with the inverse is a few loops
that XLA puts into a sampler's own. The product errs by about as much as the solve where the inverse
is right to the last digit, which LAPACK's own is not: by it the squared length of a whitened vector
errs 1,000 times as much for smooth kernels, of condition 1e8. So the inverse is corrected once, by
a residual of twice the digits: Higham (2002), Accuracy and Stability of Numerical Algorithms, 12.1
and 14.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# The largest condition (Skeel's: that of rows, whatever their scales) with which the product is as
# good as the solve. Beyond, at covariances of condition 1e10 and more, it may lose a digit.
MOST = 1e5
# Larger matrices take more than a fraction of a second to correct.
LARGEST = 512

_UPPER_HALF = -(1 << 27)  # all bits of a float but the lowest 27 of its mantissa

Array = NDArray[Any]


def inverse_factor(lower: Array) -> Array | None:
    """Invert lower-triangular matrices (..., k, k), if a product is to stand for a solve.

    >>> inverse_factor(np.array([[2.0, 0.0], [1.0, 0.5]])).tolist()
    [[0.5, 0.0], [-1.0, 2.0]]
    >>> inverse_factor(np.array([[1.0, 0.0], [1e9, 1.0]])) is None
    True
    """
    size = lower.shape[-1]
    if not 0 < size <= LARGEST or not np.all(np.isfinite(lower)):
        return None
    if not np.all(np.diagonal(lower, axis1=-2, axis2=-1)):
        return None
    with np.errstate(all="ignore"):
        rough = _solved(lower, np.broadcast_to(np.eye(size), lower.shape))
        condition = (np.abs(rough) @ np.abs(lower)).sum(axis=-1)
        # Written so that what is not a number is refused.
        if not np.all(condition <= MOST):
            return None
        return rough + _solved(lower, _residual(lower, rough))


def _solved(lower: Array, right: Array) -> Array:
    """Solve for lower-triangular matrices, by forward substitution."""
    solution = np.zeros_like(right)
    for k in range(lower.shape[-1]):
        known = lower[..., k, None, :k] @ solution[..., :k, :]
        solution[..., k, :] = (right[..., k, :] - known[..., 0, :]) / lower[..., k, k, None]
    return solution


def _residual(lower: Array, inverse: Array) -> Array:
    """Compute the identity less the product of two lower-triangular matrices, by twice the digits.

    Products and sums are taken with what they lose: Dekker (1971), *A floating-point technique for
    extending the available precision*, and Knuth's sum.
    """
    size = lower.shape[-1]
    total, lost = np.broadcast_to(np.eye(size), lower.shape).copy(), np.zeros_like(lower)
    for k in range(size):
        place = (..., slice(k, None), slice(0, k + 1))
        product, rest = _product(-lower[..., k:, k, None], inverse[..., k, None, : k + 1])
        before = total[place]
        after = before + product
        share = after - before
        lost[place] += (before - (after - share)) + (product - share) + rest
        total[place] = after
    return total + lost


def _product(a: Array, b: Array) -> tuple[Array, Array]:
    """Multiply, and say what the product loses."""
    product = a * b
    upper_a, upper_b = _upper(a), _upper(b)
    lower_a, lower_b = a - upper_a, b - upper_b
    lost = (upper_a * upper_b - product) + upper_a * lower_b + lower_a * upper_b
    return product, lost + lower_a * lower_b


def _upper(x: Array) -> Array:
    return (np.ascontiguousarray(x).view(np.int64) & _UPPER_HALF).view(np.float64)
