"""Cholesky factors and triangular solves, written out for small matrices; lengths of rows.

XLA's own are custom calls to LAPACK, which keep a sampler's loop from being compiled into one
function on CPU. Written out, small ones are a few dozen multiplications.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.linalg as jlinalg
import numpy as np
from jax.lax import stop_gradient

WRITTEN_OUT = 6


def cholesky(a: Any) -> Any:
    """Compute the lower Cholesky factor of symmetric matrices, NaN where not positive definite."""
    factor, off = cholesky_or_off(a)
    return jnp.where(off[..., None, None] == 0, factor, jnp.nan)


def cholesky_or_off(a: Any) -> tuple[Any, Any]:
    """Compute the same factor, finite in any case, and say where there is none.

    Where `a` is not positive definite, the factor is that of another matrix, without a NaN in it or
    its gradient, and the second result, to be added to a log density, is ``-inf``; else it is 0.
    """
    k = a.shape[-1]
    if k > WRITTEN_OUT:
        return _factorised(a)
    rows: list[list[Any]] = []
    positive = True
    for i in range(k):
        row: list[Any] = []
        for j in range(i):
            rest = a[..., i, j] - sum(row[m] * rows[j][m] for m in range(j))
            row.append(rest / rows[j][j])
        pivot = a[..., i, i] - sum(entry**2 for entry in row)
        good = pivot > 0
        positive = positive & good
        row.append(jnp.sqrt(jnp.where(good, pivot, 1.0)))
        rows.append(row)
    zero = jnp.zeros_like(a[..., 0, 0])
    factor = jnp.stack([jnp.stack(row + [zero] * (k - len(row)), axis=-1) for row in rows], axis=-2)
    return factor, jnp.where(positive, 0.0, -jnp.inf)


@jax.custom_jvp
def _factorised(a: Any) -> tuple[Any, Any]:
    """Factorise by LAPACK, whose factor is NaN where there is none: the identity stands for it."""
    factor = jnp.linalg.cholesky(a)
    positive = jnp.isfinite(jnp.sum(factor, axis=(-2, -1)))
    factor = jnp.where(positive[..., None, None], factor, jnp.eye(a.shape[-1]))
    return factor, jnp.where(positive, 0.0, -jnp.inf)


@_factorised.defjvp
def _factorised_jvp(primals: Any, tangents: Any) -> tuple[Any, Any]:
    r"""Differentiate: :math:`dL = L \, \Phi(L^{-1} dA L^{-T})`, the lower half with the diagonal.

    Written with a factor without NaN, so that zero times it is zero where nothing is factorised.
    """
    factor, off = _factorised(*primals)
    (change,) = tangents
    change = 0.5 * (change + jnp.swapaxes(change, -1, -2))
    left = jlinalg.solve_triangular(factor, change, lower=True)
    both = jnp.swapaxes(
        jlinalg.solve_triangular(factor, jnp.swapaxes(left, -1, -2), lower=True), -1, -2
    )
    half = jnp.tril(both) - 0.5 * both * jnp.eye(both.shape[-1])
    inner = jnp.where(off[..., None, None] == 0, factor @ half, 0.0)
    return (factor, off), (inner, jnp.zeros_like(off))


def solve_lower(factor: Any, y: Any) -> Any:
    """Solve ``factor @ z = y`` for lower-triangular factors (..., k, k) and vectors (..., k)."""
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
    # Leading axes that only the vectors have are columns: one factor is for all of them.
    matrices = jnp.broadcast_shapes(factor.shape[:-2], y.shape[:-1][-(factor.ndim - 2) :])
    factor = jnp.broadcast_to(factor, (*matrices, k, k))
    batch = jnp.broadcast_shapes(matrices, y.shape[:-1])
    columns = jnp.broadcast_to(y, (*batch, k)).reshape(-1, *matrices, k)
    solved = jlinalg.solve_triangular(factor, jnp.moveaxis(columns, 0, -1), lower=True)
    return jnp.moveaxis(solved, -1, 0).reshape(*batch, k)


def rows_times(y: Any, factor: Any) -> Any:
    """Multiply vectors (..., k) from the left to matrices (..., k, k)."""
    if factor.shape[-1] <= WRITTEN_OUT:
        return jnp.sum(factor * y[..., :, None], axis=-2)
    if factor.ndim == 2:
        return y @ factor
    return (y[..., None, :] @ factor)[..., 0, :]


def invert_lower(factor: Any) -> Any:
    """Invert lower-triangular matrices."""
    k = factor.shape[-1]
    if k <= WRITTEN_OUT:
        columns = solve_lower(factor[..., None, :, :], jnp.eye(k))
        return jnp.swapaxes(columns, -1, -2)
    unit = jnp.broadcast_to(jnp.eye(k), factor.shape)
    return jlinalg.solve_triangular(factor, unit, lower=True)


def row_lengths(x: Any, lower: Any = None, upper: Any = None, xp: Any = jnp) -> Any:
    """Compute the lengths of a matrix' rows, also where their squares under- or overflow.

    A length that rounding has carried on to a bound or beyond is the nearest number inside.
    """
    x = xp.asarray(x)
    largest = xp.max(xp.abs(x), axis=-1, keepdims=True)
    largest = xp.where(largest > 0, largest if xp is np else stop_gradient(largest), 1.0)
    lengths = largest[..., 0] * xp.sqrt(xp.sum((x / largest) ** 2, axis=-1))
    eps = np.finfo(x.dtype).eps
    slack = x.shape[-1] * eps * lengths
    zero = isinstance(lower, float | int | np.ndarray) and not np.any(lower)
    if lower is not None and not zero:  # no length is rounded to zero
        inside = xp.maximum(lengths, lower + eps * xp.abs(lower))
        lengths = xp.where(lengths > lower - slack, inside, lengths)
    if upper is not None:
        inside = xp.minimum(lengths, upper - eps * xp.abs(upper))
        lengths = xp.where(lengths < upper + slack, inside, lengths)
    return lengths
