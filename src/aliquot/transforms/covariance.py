"""Cholesky factors of correlation and of covariance matrices, and correlation matrices."""

from __future__ import annotations

from math import isqrt
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from aliquot.distributions.array_constraints import correlation as correlations
from aliquot.distributions.lkj import correlation_matrix, least_eigenvalue
from aliquot.distributions.triangular import cholesky as cholesky_factor
from aliquot.distributions.triangular import cholesky_or_off, row_lengths
from aliquot.errors import ShapeError
from aliquot.transforms.base import SMALLEST, Transform
from aliquot.transforms.bounds import log


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
        # The length of what follows in the row, whose square could underflow.
        rest = lax.associative_scan(jnp.hypot, jnp.abs(x), reverse=True, axis=x.ndim - 1)
        rows, columns = np.tril_indices(x.shape[-1], -1)
        rest = jnp.maximum(rest[..., rows, columns + 1], SMALLEST)
        return jnp.arcsinh(x[..., rows, columns] / rest)

    def backward(self, y: Any) -> Any:
        tangents = below_diagonal(jnp.tanh(y))
        n = tangents.shape[-1]
        lengths = jnp.maximum(jnp.exp(_log_lengths(below_diagonal(log_sech(y)))), SMALLEST)
        return jnp.where(np.eye(n, dtype=bool), lengths, tangents * lengths)

    def log_det_jacobian(self, y: Any) -> Any:
        sech = below_diagonal(log_sech(y))
        below = np.tri(sech.shape[-1], k=-1, dtype=bool)
        terms = jnp.where(below, 2.0 * sech + _log_lengths(sech), 0.0)
        return jnp.sum(terms, axis=(-2, -1))

    def unconstrained_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Give the batch axes and n (n - 1) / 2, for square matrices of size 2 or more."""
        n = matrix_size(self.name, shape, 2)
        return (*shape[:-2], n * (n - 1) // 2)

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the identity matrix."""
        del sd
        return jnp.zeros_like(mean) + jnp.eye(np.shape(mean)[-1])


class Correlation(Transform):
    r"""Correlation matrices (n, n) from n (n - 1) / 2 coordinates: those of their Cholesky factor.

    The coordinates are the inverse hyperbolic tangents of the canonical partial correlations, as in
    `CholeskyCorr`; y = 0 is the identity matrix.

    Notes
    -----
    :math:`R = L L^T`, and from the entries of L below the diagonal to those of R the determinant is
    :math:`\prod_j L_{jj}^{n - 1 - j}`, rows counted from 0. The log Jacobian, with respect to
    Lebesgue measure on the entries below the diagonal of R, is that of `CholeskyCorr` plus its
    logarithm.

    The matrix is mixed with a few units of rounding times the identity, so that it is positive
    definite as it is rounded.

    References
    ----------
    .. [1] D. Lewandowski, D. Kurowicka and H. Joe, "Generating random correlation matrices based on
       vines and extended onion method", Journal of Multivariate Analysis 100(9), 1989-2001, 2009.

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(correlation.backward(np.array([np.arctanh(0.6)])).round(6))
    [[1.  0.6]
     [0.6 1. ]]
    """

    name = "correlation"
    event_dims = 2

    def forward(self, x: Any) -> Any:
        x = jnp.asarray(x)
        n = x.shape[-1]
        mixed = jnp.where(np.eye(n) > 0, 1.0, x / (1 - least_eigenvalue(n)))
        factor, off = cholesky_or_off(mixed)
        return cholesky_corr.forward(
            jnp.where(off[..., None, None] == 0, factor, cholesky_factor(x))
        )

    def backward(self, y: Any) -> Any:
        return correlation_matrix(cholesky_corr.backward(y))

    def log_det_jacobian(self, y: Any) -> Any:
        below = below_diagonal(log_sech(y))
        log_diagonal = jnp.sum(below, axis=-1)
        powers = below.shape[-1] - 1 - np.arange(below.shape[-1])
        return cholesky_corr.log_det_jacobian(y) + jnp.sum(powers * log_diagonal, axis=-1)

    def unconstrained_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Give the batch axes and n (n - 1) / 2, for square matrices of size 2 or more."""
        n = matrix_size(self.name, shape, 2)
        return (*shape[:-2], n * (n - 1) // 2)

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean if it is a correlation matrix, else the identity matrix."""
        del sd
        mean = jnp.asarray(mean, float)
        good = correlations.check(mean, jnp)[..., None, None]
        eye = jnp.eye(mean.shape[-1])
        safe = jnp.where(good, mean, eye)
        _, off = cholesky_or_off(safe)
        return jnp.where(off[..., None, None] == 0, safe, eye)


def log_sech(y: Any) -> Any:
    """Compute -log cosh y, with the derivative 0 at 0 (that of both branches)."""
    distance = jnp.where(jnp.asarray(y) >= 0, y, -y)
    return np.log(2.0) - distance - jnp.log1p(jnp.exp(-2.0 * distance))


def below_diagonal(packed: Any) -> Any:
    """Put n (n - 1) / 2 values below the diagonal of (n, n) matrices, zeros elsewhere."""
    packed = unpack(packed)
    batch = [(0, 0)] * (packed.ndim - 2)
    return jnp.pad(packed, [*batch, (1, 0), (0, 1)])


def _log_lengths(sech: Any) -> Any:
    """Compute, at (i, j), the log length that is left of row i before its column j."""
    before = jnp.pad(sech[..., :-1], [(0, 0)] * (sech.ndim - 1) + [(1, 0)])
    return jnp.cumsum(before, axis=-1)


def matrix_size(name: str, shape: tuple[int, ...], least: int) -> int:
    """Read n from a shape that ends in (n, n), n being `least` or more."""
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
    n = rows_of_triangle(packed.shape[-1])
    batch = [(0, 0)] * (packed.ndim - 1)
    ends = np.cumsum(np.arange(1, n + 1))
    rows = [
        jnp.pad(packed[..., end - i - 1 : end], [*batch, (0, n - i - 1)])
        for i, end in enumerate(ends)
    ]
    return jnp.stack(rows, axis=-2)


def rows_of_triangle(packed: int) -> int:
    """Solve n (n + 1) / 2 = packed."""
    return (isqrt(8 * packed + 1) - 1) // 2


cholesky_corr = CholeskyCorr()
correlation = Correlation()


class Cholesky(Transform):
    r"""Cholesky factors of (n, n) covariance matrices, from n (n + 1) / 2 coordinates.

    The first n coordinates are those of the standard deviations, which are the lengths of the
    factor's rows; the others those of the correlations, as in
    :class:`~aliquot.transforms.CholeskyCorr`.

    Parameters
    ----------
    scales : Transform
        Of the standard deviations; the logarithm where they may be any positive numbers.

    Notes
    -----
    :math:`L_{ij} = s_i C_{ij}`, with C the factor of the correlation matrix. Where a standard
    deviation is small, all of its row is: with the entries of the row as coordinates, n of them
    would shrink together, which is the funnel that a sampler does not get to the end of.

    The log Jacobian, with respect to Lebesgue measure on the elements of the triangle, is that of
    the scales and :math:`\sum_i i \log s_i + \sum_{i > j} (i - j) \log \operatorname{sech} y_{ij}`,
    rows counted from 0. A diagonal element below 1e-300 is kept there; where a scale is not
    positive, the log Jacobian is -inf.

    References
    ----------
    .. [1] J. Barnard, R. McCulloch and X.-L. Meng, "Modeling covariance matrices in terms of
       standard deviations and correlations, with application to shrinkage", Statistica Sinica
       10(4), 1281-1311, 2000.
    .. [2] D. Lewandowski, D. Kurowicka and H. Joe, "Generating random correlation matrices based on
       vines and extended onion method", Journal of Multivariate Analysis 100(9), 1989-2001, 2009.

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(cholesky.backward(np.array([0.0, np.log(10), np.arctanh(0.6)])).round(6))
    [[1. 0.]
     [6. 8.]]
    """

    name = "cholesky"
    event_dims = 2
    fields = ("scales",)

    def __init__(self, scales: Transform = log) -> None:
        self.scales = scales

    def forward(self, x: Any) -> Any:
        x = jnp.asarray(x)
        scales = self.scales.forward(self._lengths(x))
        return jnp.concatenate([scales, cholesky_corr.forward(x)], axis=-1)

    def backward(self, y: Any) -> Any:
        y = jnp.asarray(y)
        n = rows_of_triangle(y.shape[-1])
        scales = self.scales.backward(y[..., :n])
        corr = cholesky_corr.backward(y[..., n:]) if n > 1 else jnp.ones_like(y)[..., None]
        x = scales[..., None] * corr
        return jnp.where(np.eye(n, dtype=bool), jnp.maximum(x, SMALLEST), x)

    def log_det_jacobian(self, y: Any) -> Any:
        y = jnp.asarray(y)
        i = np.arange(rows_of_triangle(y.shape[-1]))
        own, partial = y[..., : i.size], y[..., i.size :]
        scales = self.scales.backward(own)
        logs = jnp.log(jnp.where(scales > 0, scales, 1.0))
        each = self.scales.log_det_jacobian(own) + i * jnp.where(scales > 0, logs, -jnp.inf)
        below = np.concatenate([row - np.arange(row) for row in i])
        return jnp.sum(each, axis=-1) + jnp.sum(below * log_sech(partial), axis=-1)

    def unconstrained_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Give the batch axes and n (n + 1) / 2, for square matrices."""
        n = matrix_size(self.name, shape, 1)
        return (*shape[:-2], n * (n + 1) // 2)

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean's lower triangle, with rows of the identity and scales that are inside.

        Rows whose diagonal is not positive are those of the identity.
        """
        del sd
        lower = jnp.tril(jnp.asarray(mean, float))
        diagonal = jnp.diagonal(lower, axis1=-2, axis2=-1)
        good = (jnp.all(jnp.isfinite(lower), axis=-1) & (diagonal > 0))[..., None]
        rows = jnp.where(good, lower, jnp.eye(lower.shape[-1]))
        lengths = self._lengths(rows)
        scales = self.scales.start(lengths, jnp.ones_like(lengths))
        return rows * (scales / lengths)[..., None]

    def _lengths(self, x: Any) -> Any:
        bounds = (getattr(self.scales, name, None) for name in ("lower", "upper"))
        return row_lengths(x, *bounds)


cholesky = Cholesky()
