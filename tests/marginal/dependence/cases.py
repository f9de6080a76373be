"""Small computations on discrete variables, each with what the analysis is to find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

RNG = np.random.default_rng(5)
MEANS = RNG.normal(size=3)
ROWS = RNG.normal(size=6)
SQUARE = RNG.normal(size=(6, 6))
TABLE = RNG.normal(size=(3, 3))
LABELS = RNG.normal(size=(6, 3))
CUBE = RNG.normal(size=(3, 3, 3))
ORDER = np.array([3, 5, 0, 1, 4, 2])
GROUP = np.array([0, 2, 1, 1, 0, 2, 2, 0])
MASK = np.array([True, False, True, True, False, False])

Z3, Z6, Z1, Z0 = np.zeros(3, int), np.zeros(6, int), np.zeros(1, int), np.zeros((), int)
Z33, Z66, Z23 = np.zeros((3, 3), int), np.zeros((6, 6), int), np.zeros((2, 3), int)
Z231 = np.zeros((2, 3, 1), int)


@dataclass(frozen=True)
class Case:
    """One computation; `exact` says that nothing is listed that has no influence."""

    name: str
    function: Callable[..., Any]
    discrete: tuple[np.ndarray, ...]
    data: tuple[Any, ...] = ()
    exact: bool = True
    known: bool = True
    consulted: frozenset[int] = field(default_factory=frozenset)

    def __str__(self) -> str:
        return self.name


@jax.custom_jvp
def with_jvp(x, y):
    return jnp.exp(x) + y[::-1]


with_jvp.defjvp(lambda primals, tangents: (with_jvp(*primals), tangents[0]))


@jax.custom_vjp
def with_vjp(x):
    return x * 2.0


with_vjp.defvjp(lambda x: (x * 2.0, None), lambda _, g: (2.0 * g,))


def looped(z):
    def step(carry, k):
        return carry + jnp.asarray(MEANS)[k], carry

    return lax.scan(step, 0.0, z)[1]


def counted(z):
    return lax.fori_loop(0, 3, lambda i, x: x + z[i], z[0])


MOVEMENT = [
    Case("lookup", lambda z: jnp.asarray(MEANS)[z], (Z6,)),
    Case("reversed", lambda z: jnp.asarray(MEANS)[z[::-1]], (Z6,)),
    Case("permuted", lambda z: z[ORDER], (Z6,)),
    Case("permuted by data", lambda z, g: z[g], (Z6,), (ORDER,), consulted=frozenset({1})),
    Case("by group", lambda z, m: jnp.asarray(m)[z[GROUP]] - jnp.arange(8.0), (Z3,), (MEANS,)),
    Case("negative index", lambda z: z[np.array([-1, -3, 0])], (Z6,)),
    Case("neighbours", lambda z: jnp.asarray(TABLE)[z[:-1], z[1:]], (Z6,)),
    Case("every second", lambda z: z[::2] * 2 - z[1::2], (Z6,)),
    Case("length one against rows", lambda z: jnp.asarray(MEANS)[z] * ROWS, (Z1,)),
    Case(
        "scalar against rows",
        lambda z: jnp.where(jnp.arange(6) * 0.4 <= z, 1.0, ROWS),
        (Z0,),
        (),
        False,
    ),
    Case("pairs", lambda z: jnp.asarray(TABLE)[z[:, None], z[None, :]], (Z6,)),
    Case("pairs of two", lambda a, b: a[:, None] * 5 + b[None, :], (Z3, Z6)),
    Case("transposed square", lambda z: jnp.asarray(MEANS)[z.T] * ROWS, (Z66,)),
    Case("square and transpose", lambda z: z + 10 * z.T, (Z33,)),
    Case("row of square", lambda z: z[2] * 4 + z[:, 1], (Z33,)),
    Case("diagonal", lambda z: jnp.diagonal(z), (Z33,)),
    Case("reshape", lambda z: z.reshape(2, 3) + 7 * jnp.arange(3), (Z6,)),
    Case("reshape of repeats", lambda z: jnp.repeat(z, 4).reshape(6, 2, 2), (Z6,)),
    Case("reshape with ones", lambda z: z.reshape(3, 1, 2), (Z231,)),
    Case("ravel square", lambda z: z.ravel() * jnp.arange(9), (Z33,), (), False),
    Case("three axes", lambda z: z.transpose(2, 0, 1)[0, :, ::-1], (Z231,)),
    Case("concatenate", lambda z: jnp.concatenate([z, z[::-1], jnp.arange(2)]), (Z3,)),
    Case("concatenate two", lambda a, b: jnp.concatenate([a[None], b]), (Z3, Z23)),
    Case("stack", lambda z: jnp.stack([z[0], z[2], jnp.asarray(5), z[1]]), (Z3,)),
    Case("unstack", lambda z: [x * 2 for x in jnp.unstack(z, axis=1)], (Z23,)),
    Case("split", lambda z: jnp.split(z, 3), (Z6,)),
    Case("tile", lambda z: jnp.tile(z[:, None], (2, 3)), (Z3,)),
    Case("roll", lambda z: jnp.roll(z, 2), (Z6,)),
    Case("pad", lambda z: lax.pad(z, 7, [(2, 1, 1)]), (Z3,)),
    Case("pad less", lambda z: lax.pad(z, 7, [(-1, -1, 0), (0, 2, 0)]), (Z33,)),
    Case("pad with", lambda a, b: lax.pad(a, b, [(1, 0, 1)]), (Z3, Z0)),
    Case("mask", lambda z: jnp.where(MASK, z, -1), (Z6,)),
    Case(
        "mask from data",
        lambda z, m: jnp.where(m, z, z[::-1]),
        (Z6,),
        (MASK,),
        consulted=frozenset({1}),
    ),
    Case("mask unknown", lambda z, m: jnp.where(m, z, z[::-1]), (Z6,), (MASK,), False, False),
    Case("mask of two", lambda a, b: jnp.where(MASK, jnp.asarray(MEANS)[a], b), (Z6, Z6)),
    Case("mask by row", lambda z: jnp.where(np.arange(3)[:, None] == 1, z, 0), (Z33,)),
    Case("choose by variable", lambda a, b: jnp.where(a > 0, b, b[::-1]), (Z6, Z6)),
    Case(
        "choose of three",
        lambda z: lax.select_n(jnp.array([0, 2, 1]), z, z[::-1], 9 * z),
        (Z3,),
        (),
        True,
    ),
    Case(
        "filled out of bounds",
        lambda z: jnp.take(z, np.array([0, 7, 2]), mode="fill", fill_value=9),
        (Z3,),
    ),
    Case("clipped out of bounds", lambda z: jnp.take(z, np.array([0, 7, 2]), mode="clip"), (Z3,)),
    Case("wrapped", lambda z: jnp.take(z, np.array([0, 7, 2]), mode="wrap"), (Z3,)),
    Case("windows", lambda z: z[np.arange(4)[:, None] + np.arange(3)], (Z6,)),
    Case("rows of windows", lambda z: z[np.array([1, 0, 1])], (Z23,)),
    Case("columns", lambda z: z[:, np.array([2, 0])], (Z23,)),
    Case("two indices", lambda z: z[np.array([0, 1, 1]), np.array([2, 2, 0])], (Z23,)),
    Case("index by scalar", lambda z: z[1] + z[-1], (Z6,)),
    Case("along axis", lambda z: jnp.take_along_axis(jnp.asarray(LABELS), z[:, None], 1), (Z6,)),
    Case(
        "variable along axis",
        lambda z: jnp.take_along_axis(z, np.array([[2, 0], [1, 1], [0, 2]]), 1),
        (Z33,),
    ),
    Case("both along axis", lambda a, b: jnp.take_along_axis(a, b[:, None], 1), (Z33, Z3)),
    Case("row and label", lambda z: jnp.asarray(LABELS)[np.arange(6), z], (Z6,)),
    Case("variable at row and label", lambda a, b: a[np.arange(3), b], (Z33, Z3)),
    Case("variable at label and row", lambda a, b: a[b, np.arange(3)], (Z33, Z3)),
    Case("vectorised by vmap", jax.vmap(lambda k, row: row[k] * k), (Z6,), (LABELS,)),
    Case(
        "vectorised slices",
        jax.vmap(lambda k, row: lax.dynamic_slice(row, (k,), (2,))),
        (Z6,),
        (SQUARE,),
    ),
    Case("nested jit", lambda z: jax.jit(lambda x: jax.jit(jnp.flip)(x) + 1)(z), (Z6,)),
    Case("checkpoint", jax.checkpoint(lambda z: z[::-1]), (Z6,)),
    Case("own jvp", lambda z: with_jvp(z * 1.0, z * 3.0), (Z6,)),
    Case("own vjp", lambda z: with_vjp(z[ORDER] * 1.0), (Z6,)),
    Case("relu", lambda z: jax.nn.relu(z - 1.0), (Z6,)),
    Case("barrier", lambda z: lax.optimization_barrier((z, z[::-1])), (Z6,)),
    Case("empty", lambda z: z[:0] * 2, (Z6,)),
    Case("constant", lambda z: jnp.ones(3), (Z6,)),
    Case("itself", lambda z: z, (Z6,)),
    Case(
        "known slice",
        lambda z, k: lax.dynamic_slice(z, (k,), (2,)),
        (Z6,),
        (3,),
        consulted=frozenset({1}),
    ),
    Case("known slice, clamped", lambda z: lax.dynamic_slice(z, (5, 0), (3, 3)), (Z66,)),
    Case("slice at variable", lambda z: lax.dynamic_slice(jnp.asarray(ROWS), (z,), (2,)), (Z0,)),
    Case("slice of variable", lambda a, b: lax.dynamic_slice(a, (b,), (4,)), (Z6, Z0)),
    Case("nested index", lambda a, b: a[b], (Z3, Z6)),
    Case("index of index", lambda a, b: jnp.asarray(MEANS)[a[b[np.array([0, 0, 5])]]], (Z3, Z6)),
    Case("place update", lambda a, b: lax.dynamic_update_slice(a, b, (2,)), (Z6, Z3)),
    Case("place row", lambda a, b: lax.dynamic_update_slice(a, b[None], (1, 0)), (Z33, Z3)),
]

SCATTERS = [
    Case("partly observed", lambda z: jnp.arange(6).at[np.array([4, 1, 2])].set(z), (Z3,)),
    Case("observed set", lambda z: z.at[np.array([4, 1])].set(2), (Z6,)),
    Case("masked set", lambda z: jnp.zeros(6, int).at[np.flatnonzero(MASK)].set(z), (Z3,)),
    Case("applied", lambda z: z.at[np.array([4, 1])].apply(lambda x: x * 2), (Z6,)),
    Case("multiplied", lambda a, b: (a + 1).at[np.array([4, 1, 4])].multiply(b + 1), (Z6, Z3)),
    Case("set rows", lambda a, b: a.at[1].set(b), (Z33, Z3)),
    Case("set columns", lambda a, b: a.at[:, 2].set(b), (Z33, Z3)),
    Case("set dropped", lambda z: z.at[np.array([1, 9])].set(0, mode="drop"), (Z3,)),
    Case(
        "set by data",
        lambda z, i: jnp.zeros(6, int).at[i].set(z),
        (Z3,),
        (np.array([5, 0, 3]),),
        consulted=frozenset({1}),
    ),
    Case("set at unknown", lambda z, i: z.at[i].set(0), (Z6,), (np.array([5, 0]),), False, False),
    Case("set at variable", lambda a, b: a.at[b].set(0), (Z3, Z0), (), False),
    Case("add at repeats", lambda z: jnp.zeros(3).at[GROUP[:6]].add(jnp.asarray(MEANS)[z]), (Z6,)),
    Case("add to variable", lambda a, b: a.at[np.array([0, 0, 2])].add(5 * b), (Z3, Z3)),
    Case(
        "segment sum", lambda z: jax.ops.segment_sum(jnp.asarray(MEANS)[z[GROUP]], GROUP, 3), (Z3,)
    ),
    Case("set twice", lambda z: jnp.zeros(2, int).at[np.array([0, 0, 1])].set(z), (Z3,), (), False),
    Case(
        "update at variable",
        lambda a, b, k: lax.dynamic_update_slice(a, b, (k,)),
        (Z6, Z3, Z0),
        (),
        False,
    ),
]

REDUCTIONS = [
    Case("sum", lambda z: jnp.asarray(MEANS)[z].sum(), (Z6,)),
    Case("sum of rows", lambda z: jnp.asarray(MEANS)[z].sum(1), (Z23,)),
    Case("sum of columns", lambda z: jnp.asarray(MEANS)[z].sum(0), (Z66,)),
    Case("rows of data", lambda z: (jnp.asarray(MEANS)[z][:, None] * SQUARE).sum(1), (Z6,)),
    Case("data of rows", lambda z: (jnp.asarray(MEANS)[z][None, :] * SQUARE).sum(0), (Z6,)),
    Case("sum of repeats", lambda z: jnp.asarray(MEANS)[z[GROUP]].sum(), (Z3,)),
    Case(
        "sums of windows",
        lambda z: (z[np.arange(4)[:, None] + np.arange(3)] * 4 ** np.arange(3)).sum(1),
        (Z6,),
    ),
    Case(
        "log-sum-exp", lambda z: jax.scipy.special.logsumexp(jnp.asarray(MEANS)[z], axis=0), (Z23,)
    ),
    Case("largest", lambda z: jnp.max(jnp.asarray(MEANS)[z], axis=1), (Z23,)),
    Case("where largest", lambda z: jnp.argmax(jnp.asarray(MEANS)[z], axis=0), (Z33,)),
    Case("product", lambda z: jnp.prod(1 + z), (Z3,)),
    Case("any and all", lambda z: [jnp.any(z > 1, axis=1), jnp.all(z < 2, axis=0)], (Z23,)),
    Case("softmax", lambda z: jax.nn.softmax(jnp.asarray(MEANS)[z], axis=1), (Z23,)),
    Case("mean and variance", lambda z: [z.mean(0), z.var(1)], (Z33,)),
    Case("running sum", lambda z: jnp.cumsum(jnp.asarray(MEANS)[z]), (Z6,)),
    Case("running sum backwards", lambda z: lax.cumsum(z, axis=1, reverse=True), (Z23,)),
    Case("running product", lambda z: jnp.cumprod(1 + z, axis=0), (Z33,)),
    Case("running sum of repeats", lambda z: jnp.cumsum(z[GROUP]), (Z3,)),
    Case("running sum of one", lambda z: jnp.cumsum(z * jnp.arange(4) + 1), (Z1,), (), False),
    Case("running log-sum-exp", lambda z: lax.cumlogsumexp(jnp.asarray(MEANS)[z]), (Z6,)),
    Case("differences", lambda z: jnp.diff(z, axis=1), (Z23,)),
    Case("sorted", lambda z: jnp.sort(z), (Z6,), (), False),
    Case("sorted rows", lambda z: jnp.sort(z, axis=1), (Z23,), (), False),
    Case("order", lambda z: jnp.argsort(z), (Z6,), (), False),
    Case("sorted by key", lambda a, b: lax.sort((a, b), num_keys=1), (Z3, Z3), (), False),
    Case("top", lambda z: lax.top_k(z, 2), (Z23,), (), False),
    Case("matrix times", lambda z: jnp.asarray(SQUARE) @ jnp.asarray(MEANS)[z], (Z6,)),
    Case("times matrix", lambda z: jnp.asarray(MEANS)[z] @ SQUARE, (Z66,)),
    Case("product with itself", lambda z: jnp.asarray(MEANS)[z] @ jnp.asarray(MEANS)[z].T, (Z33,)),
    Case("product of two", lambda a, b: (a + 1.0) @ (b + 1.0), (Z23, Z33)),
    Case(
        "batched product",
        lambda a, b: jnp.einsum("bij,bj->bi", jnp.asarray(CUBE)[a], b + 1.0),
        (Z3, Z33),
    ),
    Case("outer product", lambda a, b: jnp.einsum("ij,k->kji", a + 1.0, b + 1.0), (Z23, Z3)),
    Case(
        "contracted order",
        lambda a: jnp.einsum("ijk,kj->i", jnp.asarray(CUBE)[a], jnp.asarray(TABLE)),
        (Z3,),
    ),
    Case(
        "batched last",
        lambda a: jnp.einsum("ibj,jb->bi", jnp.asarray(CUBE), jnp.asarray(MEANS)[a]),
        (Z33,),
    ),
    Case("convolution", lambda z: jnp.convolve(jnp.asarray(MEANS)[z], MEANS), (Z6,)),
    Case("inner convolution", lambda z: jnp.convolve(z, MEANS, "valid"), (Z6,)),
    Case(
        "convolution with steps and gaps",
        lambda z: lax.conv_general_dilated(
            jnp.asarray(MEANS)[z][:, None, :],
            jnp.asarray(TABLE[:2, None, :2]),
            (2,),
            [(1, 2)],
            lhs_dilation=(2,),
            rhs_dilation=(3,),
        ),
        (Z23,),
    ),
    Case(
        "convolution of features in a plane",
        lambda z: lax.conv_general_dilated(
            jnp.asarray(MEANS)[z].reshape(1, 3, 3, 1) * MEANS[:2],
            jnp.asarray(CUBE[:2, :2, :2, None]),
            (1, 1),
            "VALID",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        ),
        (Z33,),
    ),
    Case(
        "convolution with unknown weights",
        lambda z, w: jnp.convolve(z, jnp.asarray(MEANS)[w], "valid"),
        (Z6, Z3),
    ),
    Case("Fourier", lambda z: jnp.abs(jnp.fft.fft(jnp.asarray(MEANS)[z], axis=1)), (Z23,)),
    Case(
        "Cholesky",
        lambda z: jnp.linalg.cholesky(jnp.eye(2) * (1.0 + z[:, None, None])),
        (Z3,),
        (),
        False,
    ),
    Case(
        "triangular solve",
        lambda z: jax.scipy.linalg.solve_triangular(
            jnp.tril(jnp.ones((3, 2, 2))) * (1.0 + z[:, None, None]),
            jnp.ones((3, 2, 1)),
            lower=True,
        ),
        (Z3,),
        (),
        False,
    ),
    Case(
        "triangular solve of columns",
        lambda z: jax.scipy.linalg.solve_triangular(
            jnp.asarray([[2.0, 0.0], [1.0, 0.5]]), jnp.stack([z, z * z + 1.0]), lower=True
        ),
        (Z6,),
    ),
    Case(
        "triangular solve of rows",
        lambda z: jax.lax.linalg.triangular_solve(
            jnp.asarray([[2.0, 0.0], [1.0, 0.5]]), jnp.stack([z, z * z + 1.0]).T, lower=True
        ),
        (Z6,),
    ),
    Case(
        "determinant",
        lambda z: jnp.linalg.slogdet(jnp.eye(2) * (1.0 + z[:, None, None])),
        (Z3,),
        (),
        False,
    ),
    Case(
        "solve", lambda z: jnp.linalg.solve(jnp.eye(3) + z[:, None], jnp.ones(3)), (Z3,), (), False
    ),
    Case("branch", lambda z: lax.cond(z[0] > 1, lambda: z * 2, lambda: z[::-1] + 7), (Z3,)),
    Case("switch", lambda z: lax.switch(z[0], [lambda: z[1], lambda: z[2], lambda: 7]), (Z3,)),
    Case("loop", looped, (Z6,), (), False),
    Case("counted loop", counted, (Z3,), (), False),
    Case("searched", lambda z: jnp.searchsorted(jnp.arange(6) * 0.5, z), (Z6,), (), False),
    Case(
        "interpolated", lambda z: jnp.interp(z * 1.0, jnp.arange(3) * 0.9, MEANS), (Z6,), (), False
    ),
    Case("rolled by variable", lambda z: jnp.roll(jnp.asarray(ROWS), z), (Z0,)),
    Case("histogram", lambda z: jnp.bincount(z, length=3), (Z6,)),
]

CASES = MOVEMENT + SCATTERS + REDUCTIONS
