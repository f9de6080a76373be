"""Cholesky factors: lower-triangular matrices with a positive diagonal."""

from __future__ import annotations

from math import isqrt
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.errors import ShapeError
from aliquot.transforms.base import Transform
from aliquot.transforms.saturation import SMALLEST


class Cholesky(Transform):
    r"""Lower-triangular (n, n) matrices with a positive diagonal, from n (n + 1) / 2 coordinates.

    The coordinates are the rows of the triangle one after the other, with the logarithm of each
    element of the diagonal.

    Notes
    -----
    The log Jacobian, with respect to Lebesgue measure on the elements of the triangle, is the sum
    of the logarithms of the diagonal. A diagonal element below 1e-300 is kept there.

    References
    ----------
    .. [1] Stan Development Team, *Stan Reference Manual*, "Constraint transforms: Cholesky factors
       of covariance matrices".

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(cholesky.backward(np.array([0.0, 0.5, 0.0])))
    [[1.  0. ]
     [0.5 1. ]]
    """

    name = "cholesky"
    event_dims = 2

    def forward(self, x: Any) -> Any:
        rows, columns = np.tril_indices(np.shape(x)[-1])
        packed = jnp.asarray(x)[..., rows, columns]
        diagonal = rows == columns
        return jnp.where(diagonal, jnp.log(jnp.where(diagonal, packed, 1.0)), packed)

    def backward(self, y: Any) -> Any:
        y = jnp.asarray(y)
        diagonal = _diagonal(y.shape[-1])
        positive = jnp.maximum(jnp.exp(jnp.where(diagonal, y, 0.0)), SMALLEST)
        return unpack(jnp.where(diagonal, positive, y))

    def log_det_jacobian(self, y: Any) -> Any:
        y = jnp.asarray(y)
        return jnp.sum(jnp.where(_diagonal(y.shape[-1]), y, 0.0), axis=-1)

    def unconstrained_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Give the batch axes and n (n + 1) / 2.

        Raises
        ------
        ShapeError
            Where the last two axes are not those of a square matrix.
        """
        n = matrix_size(self.name, shape, 1)
        return (*shape[:-2], n * (n + 1) // 2)

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean's lower triangle, and the identity where the diagonal is not positive."""
        del sd
        lower = jnp.tril(jnp.asarray(mean, float))
        diagonal = jnp.diagonal(lower, axis1=-2, axis2=-1)
        good = jnp.all(jnp.isfinite(lower), axis=(-2, -1)) & jnp.all(diagonal > 0, axis=-1)
        return jnp.where(good[..., None, None], lower, jnp.eye(lower.shape[-1]))


def matrix_size(name: str, shape: tuple[int, ...], least: int) -> int:
    """Read n from a shape that ends in (n, n).

    Raises
    ------
    ShapeError
        Where it does not, or n is less than `least`.
    """
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ShapeError(
            f"transform {name} needs square matrices along the last two axes; got shape {shape}"
        )
    if shape[-1] < least:
        raise ShapeError(
            f"transform {name} needs matrices of size {least} or more; got shape {shape}"
        )
    return shape[-1]


def unpack(packed: Any) -> Any:
    """Put the rows of a lower triangle, (..., n (n + 1) / 2), into matrices (..., n, n).

    Slices and padding: an indexed assignment, or the gradient of an indexed read, would be a
    scatter, which keeps XLA from compiling a loop around it as one function.
    """
    n = _size(packed.shape[-1])
    batch = [(0, 0)] * (packed.ndim - 1)
    ends = np.cumsum(np.arange(1, n + 1))
    rows = [
        jnp.pad(packed[..., end - i - 1 : end], [*batch, (0, n - i - 1)])
        for i, end in enumerate(ends)
    ]
    return jnp.stack(rows, axis=-2)


def _size(packed: int) -> int:
    """Solve n (n + 1) / 2 = packed."""
    return (isqrt(8 * packed + 1) - 1) // 2


def _diagonal(packed: int) -> np.ndarray:
    """Say which places of a packed triangle are on the diagonal."""
    rows, columns = np.tril_indices(_size(packed))
    return rows == columns


cholesky = Cholesky()
