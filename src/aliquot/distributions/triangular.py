"""Cholesky factors and triangular solves, written out for small matrices.

XLA's own are custom calls to LAPACK, which keep a sampler's loop from being compiled into one
function on CPU. Written out, small ones are a few dozen multiplications.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import jax.scipy.linalg as jlinalg

WRITTEN_OUT = 6


def cholesky(a: Any) -> Any:
    """Compute the lower Cholesky factor of symmetric positive-definite matrices.

    Parameters
    ----------
    a : array, shape (..., k, k)

    Returns
    -------
    array, shape (..., k, k)
        NaN where `a` is not positive definite.
    """
    k = a.shape[-1]
    if k > WRITTEN_OUT:
        return jnp.linalg.cholesky(a)
    rows: list[list[Any]] = []
    for i in range(k):
        row: list[Any] = []
        for j in range(i):
            rest = a[..., i, j] - sum(row[m] * rows[j][m] for m in range(j))
            row.append(rest / rows[j][j])
        row.append(jnp.sqrt(a[..., i, i] - sum(entry**2 for entry in row)))
        rows.append(row)
    zero = jnp.zeros_like(a[..., 0, 0])
    return jnp.stack([jnp.stack(row + [zero] * (k - len(row)), axis=-1) for row in rows], axis=-2)


def solve_lower(factor: Any, y: Any) -> Any:
    """Solve ``factor @ z = y`` for lower-triangular factors.

    Parameters
    ----------
    factor : array, shape (..., k, k)
    y : array, shape (..., k)

    Returns
    -------
    array, shape (..., k)
    """
    k = factor.shape[-1]
    if k <= WRITTEN_OUT:
        z: list[Any] = []
        for i in range(k):
            rest = y[..., i] - sum(factor[..., i, j] * z[j] for j in range(i))
            z.append(rest / factor[..., i, i])
        return jnp.stack(z, axis=-1)
    if factor.ndim == 2:
        columns = jlinalg.solve_triangular(factor, y.reshape(-1, k).T, lower=True)
        return columns.T.reshape(y.shape)
    batch = jnp.broadcast_shapes(factor.shape[:-2], y.shape[:-1])
    factor = jnp.broadcast_to(factor, (*batch, k, k))
    y = jnp.broadcast_to(y, (*batch, k))
    return jlinalg.solve_triangular(factor, y[..., None], lower=True)[..., 0]
