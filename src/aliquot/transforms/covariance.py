"""Cholesky factors of covariance matrices: lower triangular, with a positive diagonal."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.distributions.triangular import row_lengths
from aliquot.transforms.base import Transform
from aliquot.transforms.correlation import (
    cholesky_corr,
    log_sech,
    matrix_size,
    rows_of_triangle,
)
from aliquot.transforms.distances import SMALLEST
from aliquot.transforms.one_bound import log


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
