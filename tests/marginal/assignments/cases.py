"""Computations on which the evaluator is compared with the plain function.

Each is a function of arrays and discrete inputs, its arrays, and its discrete inputs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy.special import gammaln, logsumexp, xlogy

from tests.marginal.assignments.oracle import Discrete, numbered

_RNG = np.random.default_rng(8)


def real(*shape: int) -> np.ndarray:
    return _RNG.normal(size=shape)


def positive(*shape: int) -> np.ndarray:
    return _RNG.gamma(3.0, size=shape) + 0.1


class Case(NamedTuple):
    function: Any
    inputs: tuple[np.ndarray, ...]
    discrete: tuple[Discrete, ...]


GROUP = np.array([1, 0, 2, 2, 0])
PERMUTATION = np.array([3, 0, 4, 1, 2])
FLAGS = Discrete((5,), (False, True))
Z3 = numbered(5, 3)


@jax.custom_jvp
def doubled(x: Any) -> Any:
    return 2.0 * jnp.sin(x)


@doubled.defjvp
def _doubled_jvp(primals: Any, tangents: Any) -> Any:
    # Not the derivative: a test can see that this rule was used.
    return doubled(primals[0]), 7.0 * jnp.cos(primals[0]) * tangents[0]


@jax.custom_vjp
def tripled(x: Any) -> Any:
    return 3.0 * x


tripled.defvjp(lambda x: (3.0 * x, None), lambda _, g: (11.0 * g,))


def _scan(x: Any, z: Any) -> Any:
    return lax.scan(lambda total, row: (total + row[0] * row[1], total), 0.0, (x, z))[1]


CASES: dict[str, Case] = {
    "row": Case(lambda m, z: m[z], (real(3),), (Z3,)),
    "row reversed": Case(lambda m, z: m[z[::-1]], (real(3),), (Z3,)),
    "few states of many": Case(lambda m, z: m[z], (real(7),), (Discrete((5,), (1, 4, 6)),)),
    "contiguous states": Case(lambda m, z: m[z], (real(7),), (Discrete((5,), (2, 3, 4)),)),
    "descending states": Case(lambda m, z: m[z], (real(4),), (Discrete((5,), (3, 2, 1, 0)),)),
    "shifted states": Case(lambda m, z: m[z + 1], (real(5),), (Z3,)),
    "negative states": Case(lambda m, z: m[z - 2], (real(5),), (Z3,)),
    "beyond the end": Case(lambda m, z: m[z], (real(3),), (numbered(5, 6),)),
    "beyond, filled": Case(lambda m, z: m.at[z].get(mode="fill"), (real(3),), (numbered(5, 6),)),
    "beyond, clipped": Case(lambda m, z: m.at[z].get(mode="clip"), (real(3),), (numbered(5, 6),)),
    "take": Case(lambda m, z: jnp.take(m, z, axis=0), (real(3, 4),), (Z3,)),
    "one state": Case(lambda m, z: m[z], (real(1),), (numbered(5, 1),)),
    "one element": Case(lambda m, z: m[z], (real(3),), (numbered(1, 3),)),
    "rows": Case(lambda P, z: P[z], (real(3, 4),), (Z3,)),
    "columns": Case(lambda P, z: P[:, z], (real(4, 3),), (Z3,)),
    "square": Case(lambda P, z: P[z] + P[:, z].T, (real(5, 5),), (numbered(5, 5),)),
    "square, rows and columns": Case(lambda P, z: P[z] * P[:, z], (real(5, 5),), (numbered(5, 5),)),
    "diagonal": Case(lambda P, z: P[z, z], (real(3, 3),), (Z3,)),
    "pair": Case(lambda P, z, x: P[z, x], (real(3, 4),), (Z3, numbered(5, 4))),
    "pair, outer": Case(lambda P, z, x: P[z[:, None], x], (real(3, 4),), (Z3, numbered(2, 4))),
    "chain": Case(lambda P, z: P[z[:-1], z[1:]], (real(3, 3),), (Z3,)),
    "new axis": Case(lambda A, z: A[z][:, None], (real(3, 4),), (Z3,)),
    "own rows": Case(lambda p, z: p[np.arange(5), z], (real(5, 3),), (Z3,)),
    "own rows, square": Case(lambda p, z: p[np.arange(5), z], (real(5, 5),), (numbered(5, 5),)),
    "own columns": Case(lambda p, z: p[z, np.arange(5)], (real(3, 5),), (Z3,)),
    "own rows, twice": Case(lambda p, z: p[np.arange(5), z, np.arange(5)], (real(5, 3, 5),), (Z3,)),
    "own rows turned": Case(lambda p, z: p[np.arange(5)[::-1], z], (real(5, 3),), (Z3,)),
    "group": Case(lambda t, z: t[GROUP, z], (real(3, 4),), (numbered(5, 4),)),
    "group, wide": Case(lambda t, z: t[GROUP, z], (real(50, 4),), (numbered(5, 4),)),
    "group rows": Case(lambda t, z: t[GROUP, z], (real(3, 4, 6),), (numbered(5, 4),)),
    "item of group": Case(lambda t, z: t[GROUP, z[GROUP]], (real(3, 4),), (numbered(3, 4),)),
    "by another": Case(lambda m, g, z: m[z[g]], (real(3), GROUP), (Z3,)),
    "permuted": Case(lambda m, z: m[z[PERMUTATION]], (real(3),), (Z3,)),
    "taken by another": Case(lambda m, g, z: m[jnp.take(z, g)], (real(3), GROUP), (Z3,)),
    "data picks column": Case(lambda P, y, z: P[z, y], (real(3, 4), GROUP), (Z3,)),
    "data picks of many": Case(lambda P, y, z: P[z, y], (real(3, 40), GROUP * 9), (Z3,)),
    "index of index": Case(lambda m, k, z: m[k[z]], (real(4), np.array([3, 0, 2])), (Z3,)),
    "take along": Case(
        lambda p, z: jnp.take_along_axis(p, z[:, None], axis=1)[:, 0], (real(5, 3),), (Z3,)
    ),
    "take along first": Case(
        lambda p, z: jnp.take_along_axis(p, z[None, :], axis=0), (real(3, 5),), (Z3,)
    ),
    "take along, shared": Case(
        lambda p, z: jnp.take_along_axis(p, jnp.broadcast_to(z[:, None], (5, 2)), axis=1),
        (real(5, 3),),
        (Z3,),
    ),
    "take along the same": Case(
        lambda p, z: jnp.take_along_axis(p[:, None] * p[z], z[:, None], axis=0),
        (real(3),),
        (Z3,),
    ),
    "by vmap": Case(lambda p, z: jax.vmap(lambda row, k: row[k])(p, z), (real(5, 3),), (Z3,)),
    "by vmap, rows": Case(
        lambda p, z: jax.vmap(lambda row, k: row[k])(p, z), (real(5, 3, 2),), (Z3,)
    ),
    "scalar": Case(lambda m, z: m[z], (real(3),), (numbered((), 3),)),
    "scalar row": Case(lambda A, z: A[z], (real(3, 4),), (numbered((), 3),)),
    "scalar column": Case(lambda A, z: A[:, z], (real(3, 4),), (numbered((), 4),)),
    "scalar item": Case(lambda A, z: A[1, z], (real(3, 4),), (numbered((), 4),)),
    "scalar both": Case(lambda A, z: A[z, z], (real(4, 4),), (numbered((), 4),)),
    "scalar beyond": Case(lambda m, z: m[z], (real(3),), (numbered((), 5),)),
    "scalar window": Case(
        lambda m, z: lax.dynamic_slice_in_dim(m, z, 3), (real(6),), (numbered((), 6),)
    ),
    "scalar twice": Case(lambda A, z: A[z][z], (real(4, 4),), (numbered((), 4),)),
    "twice": Case(lambda A, z: A[z][:, z], (real(4, 4),), (numbered(5, 4),)),
    "item of row": Case(
        lambda A, z: jax.vmap(lambda row, k: row[k])(A[z], z), (real(4, 4),), (numbered(5, 4),)
    ),
    "flags": Case(lambda a, b, z: jnp.where(z, a, b), (real(5), real(5)), (FLAGS,)),
    "flags as numbers": Case(lambda m, z: m[z.astype(int)] * z, (real(2),), (FLAGS,)),
    "equals": Case(lambda a, z: jnp.where(z == 1, a, 2 * a), (real(5),), (Z3,)),
    "switch point": Case(
        lambda r, tau: r[(np.arange(6) >= tau).astype(int)], (real(2),), (numbered((), 6),)
    ),
    "switch by where": Case(
        lambda a, b, tau: jnp.where(tau > np.arange(6), a, b),
        (real(), real()),
        (numbered((), 7),),
    ),
    "switch by comparison of data": Case(
        lambda r, t, tau: jnp.where(t < tau, r[0], r[1]),
        (real(2), np.arange(6.0)),
        (numbered((), 6),),
    ),
    "slice": Case(lambda m, z: m[z[1:4]], (real(3),), (Z3,)),
    "stride": Case(lambda m, z: m[z[::2]], (real(3),), (Z3,)),
    "lagged": Case(lambda m, z: m[jnp.concatenate([jnp.zeros(1, int), z[:-1]])], (real(3),), (Z3,)),
    "joined with data": Case(lambda m, y, z: jnp.concatenate([m[z], y]), (real(3), real(2)), (Z3,)),
    "stacked": Case(lambda m, z: jnp.stack([m[z], m[z] ** 2], axis=1), (real(3),), (Z3,)),
    "padded": Case(lambda m, z: jnp.pad(m[z], (1, 2)), (real(3),), (Z3,)),
    "split": Case(lambda m, z: jnp.split(m[z] + jnp.arange(5), [2])[1], (real(3),), (Z3,)),
    "reshaped": Case(
        lambda m, y, z: (m[z] * y).reshape(3, 2, 4),
        (real(3), real(6, 4)),
        (numbered((6, 1), 3),),
    ),
    "flattened": Case(lambda m, z: m[z].reshape(-1), (real(3),), (numbered((2, 3), 3),)),
    "flattened with data": Case(
        lambda m, y, z: (m[z][:, None] + y).reshape(-1), (real(3), real(4)), (Z3,)
    ),
    "ravelled rows": Case(lambda A, z: A[z].reshape(2, 9), (real(3, 3),), (numbered(6, 3),)),
    "transposed": Case(lambda A, z: A[z].T, (real(3, 4),), (Z3,)),
    "sum": Case(lambda m, z: jnp.sum(m[z]), (real(3),), (Z3,)),
    "sum of rows": Case(lambda A, z: jnp.sum(A[z], axis=0), (real(3, 4),), (Z3,)),
    "sum within rows": Case(lambda A, z: jnp.sum(A[z], axis=1), (real(3, 4),), (Z3,)),
    "mean and deviation": Case(lambda m, z: m[z] - jnp.mean(m[z] * m[z]), (real(3),), (Z3,)),
    "product": Case(lambda m, z: jnp.prod(m[z]), (real(3),), (Z3,)),
    "largest": Case(lambda m, y, z: jnp.max(m[z] * y), (real(3), real(5)), (Z3,)),
    "largest of one": Case(lambda m, z: jnp.max(m[z]), (real(3),), (Z3,)),
    "count": Case(lambda a, z: a[jnp.sum(z == 1)], (real(6),), (Z3,)),
    "any": Case(lambda a, z: jnp.where(jnp.any(z == 2), a, -a), (real(4),), (Z3,)),
    "argmax": Case(lambda a, m, z: a[jnp.argmax(m[z])], (real(5), real(3)), (Z3,)),
    "dot": Case(lambda A, y, z: A[z] @ y, (real(3, 4), real(4)), (Z3,)),
    "dot of constants": Case(lambda m, z: m[z] @ m[z], (real(3),), (Z3,)),
    "dot, one constant": Case(lambda m, y, z: m[z] @ y, (real(3), real(5)), (Z3,)),
    "rows of products": Case(lambda X, B, z: jnp.sum(X * B[z], 1), (real(5, 2), real(3, 2)), (Z3,)),
    "linear predictors": Case(
        lambda X, B, z: jnp.einsum("nd,nd->n", X, B[z]), (real(5, 2), real(3, 2)), (Z3,)
    ),
    "matrix of a row": Case(
        lambda X, L, z: jnp.einsum("nij,nj->ni", L[z], X), (real(5, 2), real(3, 2, 2)), (Z3,)
    ),
    "matrix of matrices": Case(lambda A, B, z: A[z] @ B, (real(3, 4, 2), real(2, 3)), (Z3,)),
    "two lanes": Case(
        lambda A, B, z, x: jnp.einsum("ni,nij->nj", A[z], B[x]),
        (real(3, 2), real(4, 2, 3)),
        (Z3, numbered(5, 4)),
    ),
    "two lanes, summed": Case(
        lambda a, b, z, x: a[z] @ b[x], (real(3), real(4)), (Z3, numbered(5, 4))
    ),
    "two sizes": Case(
        lambda a, b, z, x: a[z][:, None] + b[x], (real(3), real(2)), (Z3, numbered(4, 2))
    ),
    "two of one kind": Case(lambda a, z, x: a[z] * a[x] + a[z - x], (real(3),), (Z3, Z3)),
    "sum of two": Case(lambda a, z, x: a[z + 2 * x], (real(6),), (numbered(5, 2), Z3)),
    "sum of two, many": Case(
        lambda a, z, x: a[z * x], (real(70),), (numbered(5, 8), numbered(5, 9))
    ),
    "table of two": Case(
        lambda A, z, x: A[z][:, x] + A[x, z], (real(4, 4),), (numbered(5, 4), numbered(5, 4))
    ),
    "cumulated": Case(lambda m, z: jnp.cumsum(m[z]), (real(3),), (Z3,)),
    "cumulated rows": Case(lambda A, z: jnp.cumsum(A[z], axis=1), (real(3, 4),), (Z3,)),
    "sorted": Case(lambda m, y, z: jnp.sort(m[z] + y), (real(3), real(5)), (Z3,)),
    "scanned": Case(_scan, (real(5),), (Z3,)),
    "conditional": Case(
        lambda a, z: lax.cond(z == 1, lambda a: a * 2, lambda a: -a, a),
        (real(4),),
        (numbered((), 3),),
    ),
    "cholesky": Case(
        lambda L, z: jnp.linalg.cholesky(jnp.einsum("nij,nkj->nik", L[z], L[z]) + np.eye(2)),
        (real(3, 2, 2),),
        (Z3,),
    ),
    "solved": Case(
        lambda L, y, z: jax.scipy.linalg.solve_triangular(
            jnp.tril(L[z]) + 3 * np.eye(2), y[..., None], lower=True
        ),
        (real(3, 2, 2), real(5, 2)),
        (Z3,),
    ),
    "columns solved": Case(
        lambda L, m, y, z: (
            jax.scipy.linalg.solve_triangular(
                jnp.tril(L) + 3 * np.eye(2), (y - m[z]).T, lower=True
            ).T
        ),
        (real(2, 2), real(3, 2), real(5, 2)),
        (Z3,),
    ),
    "updated": Case(lambda m, y, z: y.at[1].set(m[z][0]), (real(3), real(5)), (Z3,)),
    "added at": Case(lambda y, z: jnp.zeros(3).at[z].add(y), (real(5),), (Z3,)),
    "own derivative": Case(
        lambda m, y, z: doubled(m[z]) + doubled(m[z] * y), (real(3), real(5)), (Z3,)
    ),
    "own derivative, rows": Case(lambda A, z: doubled(A[z]), (real(3, 4),), (Z3,)),
    "own adjoint": Case(lambda m, z: tripled(m[z]), (real(3),), (Z3,)),
    "xlogy": Case(lambda m, y, z: xlogy(y, m[z]), (positive(3), positive(5)), (Z3,)),
    "softmax": Case(lambda A, z: jax.nn.log_softmax(A[z], axis=-1), (real(3, 4),), (Z3,)),
    "log-sum-exp": Case(lambda A, z: logsumexp(A[z], axis=1), (real(3, 4),), (Z3,)),
    "softplus": Case(lambda m, z: jax.nn.softplus(m[z]), (real(3),), (Z3,)),
    "relu": Case(lambda m, z: jax.nn.relu(m[z]), (real(3),), (Z3,)),
    "powers": Case(lambda m, a, z: m[z] ** a + m[z] ** z, (positive(3), positive(5)), (Z3,)),
    "quotients": Case(
        lambda m, y, z: y / m[z] + m[z] / y + jnp.log(m[z]) + jnp.sqrt(m[z]) + lax.rsqrt(m[z]),
        (positive(3), positive(5)),
        (Z3,),
    ),
    "products of logs": Case(
        lambda m, y, z: y * jnp.log(m[z]) * jnp.log1p(m[z]) ** 2,
        (positive(3), positive(5)),
        (Z3,),
    ),
    "factorials": Case(lambda a, z: gammaln(z + a), (positive(),), (Z3,)),
    "clipped": Case(lambda m, z: jnp.clip(m[z], -0.5, 0.5), (real(3),), (Z3,)),
    "integers": Case(lambda a, z: a[(z * 3 + 1) // 2 % 4] * (-z // 2) + z % 2, (real(4),), (Z3,)),
    "rounded": Case(lambda a, z: a[jnp.round(z * 1.4).astype(int)], (real(4),), (Z3,)),
    "does not depend": Case(lambda a, z: a * 2, (real(4),), (Z3,)),
    "is the state": Case(lambda a, z: z * 1.0, (real(4),), (Z3,)),
    "checkpoint": Case(lambda m, z: jax.checkpoint(lambda x: jnp.sin(x)[z])(m), (real(3),), (Z3,)),
    "empty": Case(lambda m, z: jnp.sum(m[z[:0]]) + m[z], (real(3),), (Z3,)),
    "matrix of states": Case(lambda m, z: m[z].sum(0), (real(3),), (numbered((2, 4), 3),)),
    "grid": Case(lambda A, z: A[z[:, None], np.arange(4)[None, :]], (real(3, 4),), (Z3,)),
    "window rows": Case(
        lambda A, z: jax.vmap(lambda k: lax.dynamic_slice(A, (k, 0), (2, 3)))(z),
        (real(4, 3),),
        (Z3,),
    ),
}
