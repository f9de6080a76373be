"""Cholesky factors of correlation matrices: lower triangular, with rows of length one."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.transforms.base import Transform
from aliquot.transforms.saturation import SMALLEST
from aliquot.transforms.triangular import matrix_size, unpack


class CholeskyCorr(Transform):
    r"""Cholesky factors of (n, n) correlation matrices, from n (n - 1) / 2 coordinates.

    The coordinates are the inverse hyperbolic tangents of the canonical partial correlations, row
    by row below the diagonal; y = 0 is the identity matrix.

    Notes
    -----
    With :math:`\tanh y_{ij}` the partial correlation,
    :math:`L_{ij} = \tanh(y_{ij}) \prod_{k < j} \operatorname{sech} y_{ik}` and
    :math:`L_{ii} = \prod_{k < i} \operatorname{sech} y_{ik}`. The log Jacobian, with respect to
    Lebesgue measure on the elements below the diagonal, is
    :math:`\sum_{i > j} (2 \log \operatorname{sech} y_{ij} + \sum_{k < j} \log \operatorname{sech}
    y_{ik})`. All of it is computed from log sech, which neither cancels nor overflows. A diagonal
    element below 1e-300 is kept there.

    References
    ----------
    .. [1] D. Lewandowski, D. Kurowicka and H. Joe, "Generating random correlation matrices based on
       vines and extended onion method", Journal of Multivariate Analysis 100(9), 1989-2001, 2009.
    .. [2] Stan Development Team, *Stan Reference Manual*, "Constraint transforms: Cholesky factors
       of correlation matrices".

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(cholesky_corr.backward(np.array([np.arctanh(0.6)])).round(6))
    [[1.  0. ]
     [0.6 0.8]]
    """

    name = "cholesky_corr"
    event_dims = 2

    def forward(self, x: Any) -> Any:
        x = jnp.asarray(x)
        squares = jnp.flip(jnp.cumsum(jnp.flip(x**2, -1), axis=-1), -1)
        rows, columns = np.tril_indices(x.shape[-1], -1)
        rest = jnp.maximum(jnp.sqrt(squares[..., rows, columns + 1]), SMALLEST)
        return jnp.arcsinh(x[..., rows, columns] / rest)

    def backward(self, y: Any) -> Any:
        tangents = _below_diagonal(jnp.tanh(y))
        n = tangents.shape[-1]
        lengths = jnp.maximum(jnp.exp(_log_lengths(_below_diagonal(_log_sech(y)))), SMALLEST)
        return jnp.where(np.eye(n, dtype=bool), lengths, tangents * lengths)

    def log_det_jacobian(self, y: Any) -> Any:
        sech = _below_diagonal(_log_sech(y))
        below = np.tri(sech.shape[-1], k=-1, dtype=bool)
        terms = jnp.where(below, 2.0 * sech + _log_lengths(sech), 0.0)
        return jnp.sum(terms, axis=(-2, -1))

    def unconstrained_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Give the batch axes and n (n - 1) / 2.

        Raises
        ------
        ShapeError
            Where the last two axes are not those of a square matrix of size 2 or more.
        """
        n = matrix_size(self.name, shape, 2)
        return (*shape[:-2], n * (n - 1) // 2)

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the identity matrix."""
        del sd
        return jnp.zeros_like(mean) + jnp.eye(np.shape(mean)[-1])


def _log_sech(y: Any) -> Any:
    """Compute -log cosh y, with the derivative 0 at 0 (that of both branches)."""
    distance = jnp.where(jnp.asarray(y) >= 0, y, -y)
    return np.log(2.0) - distance - jnp.log1p(jnp.exp(-2.0 * distance))


def _below_diagonal(packed: Any) -> Any:
    """Put n (n - 1) / 2 values below the diagonal of (n, n) matrices, zeros elsewhere."""
    packed = unpack(packed)
    batch = [(0, 0)] * (packed.ndim - 2)
    return jnp.pad(packed, [*batch, (1, 0), (0, 1)])


def _log_lengths(sech: Any) -> Any:
    """Compute, at (i, j), the log length that is left of row i before its column j."""
    before = jnp.pad(sech[..., :-1], [(0, 0)] * (sech.ndim - 1) + [(1, 0)])
    return jnp.cumsum(before, axis=-1)


cholesky_corr = CholeskyCorr()
