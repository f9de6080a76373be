"""Operators, methods and functions give NumPy's values, and their shape and dtype beforehand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
from scipy import special

import aliquot as aq
from aliquot.expression import Expression
from tests.expression.values import Values, arrays, evaluate, leaf

Case = Callable[[Any], Any]

CASES: dict[str, Case] = {
    # operators, with an expression on either side
    "a + b": lambda x: x.a + x.b,
    "a + 1": lambda x: x.a + 1,
    "1 + a": lambda x: 1 + x.a,
    "array + a": lambda x: np.array([1.0, 2.0, 3.0]) + x.a,
    "list + a": lambda x: [1.0, 2.0, 3.0] + x.a,  # noqa: RUF005
    "a + list": lambda x: x.a + [1.0, 2.0, 3.0],  # noqa: RUF005
    "numpy scalar * a": lambda x: np.float64(2.5) * x.a,
    "a - b": lambda x: x.a - x.b,
    "2 - a": lambda x: 2 - x.a,
    "a * v": lambda x: x.a * x.v,
    "array * a": lambda x: np.arange(3) * x.a,
    "a / b": lambda x: x.a / x.b,
    "1 / b": lambda x: 1 / x.b,
    "n / 2": lambda x: x.n / 2,
    "a // b": lambda x: x.a // x.b,
    "7 // n": lambda x: 7 // (x.n + 10),
    "a % b": lambda x: x.a % x.b,
    "5 % b": lambda x: 5 % x.b,
    "n % 3": lambda x: x.n % 3,
    "a ** 2": lambda x: x.a**2,
    "2 ** a": lambda x: 2**x.a,
    "n ** 2": lambda x: x.n**2,
    "a @ v": lambda x: x.a @ x.v,
    "array @ v": lambda x: np.arange(6.0).reshape(2, 3) @ x.v,
    "a @ array": lambda x: x.a @ np.arange(3.0),
    "-a": lambda x: -x.a,
    "+a": lambda x: +x.a,
    "abs(a)": lambda x: abs(x.a),
    "a < b": lambda x: x.a < x.b,
    "a <= 0.3": lambda x: x.a <= 0.3,
    "0.3 > a": lambda x: 0.3 > x.a,  # noqa: SIM300
    "a >= b": lambda x: x.a >= x.b,
    "n == 0": lambda x: x.n == 0,
    "0 != n": lambda x: 0 != x.n,  # noqa: SIM300
    "m & (a > 0)": lambda x: x.m & (x.a > 0),
    "m | (a > 0)": lambda x: x.m | (x.a > 0),
    "m ^ (a > 0)": lambda x: x.m ^ (x.a > 0),
    "True & m": lambda x: True & x.m,
    "~m": lambda x: ~x.m,
    "n & 1": lambda x: x.n & 1,
    # dtypes meeting
    "integer + float": lambda x: x.n + x.a,
    "integer * integer": lambda x: x.n * x.n,
    "integer * 1.5": lambda x: x.n * 1.5,
    "bool * float": lambda x: x.m * x.a,
    "integer * float32 array": lambda x: x.n * np.array([0.5, 1.5, 2.5], np.float32),
    "integer + int32 array": lambda x: x.n + np.array([1, 2, 3], np.int32),
    "weak choice + int32": lambda x: np.where(x.m, 1, 0) + np.ones(3, np.int32),
    "bool sum": lambda x: x.m.sum(axis=1),
    # methods
    "T": lambda x: x.a.T,
    "sum": lambda x: x.a.sum(),
    "sum axis": lambda x: x.a.sum(axis=0),
    "sum axes": lambda x: x.a.sum(axis=(0, 1)),
    "sum keepdims": lambda x: x.a.sum(axis=1, keepdims=True),
    "prod": lambda x: x.a.prod(axis=1),
    "mean": lambda x: x.a.mean(axis=0),
    "mean of integers": lambda x: x.n.mean(),
    "var": lambda x: x.a.var(axis=1),
    "var ddof": lambda x: x.a.var(axis=1, ddof=1),
    "std": lambda x: x.a.std(),
    "std ddof": lambda x: x.a.std(ddof=1, keepdims=True),
    "min": lambda x: x.a.min(axis=0),
    "max": lambda x: x.a.max(),
    "all": lambda x: x.m.all(axis=0),
    "any": lambda x: x.m.any(),
    "argmax": lambda x: x.a.argmax(axis=1),
    "argmin": lambda x: x.a.argmin(),
    "cumsum": lambda x: x.a.cumsum(axis=1),
    "cumsum flat": lambda x: x.a.cumsum(),
    "cumprod": lambda x: x.v.cumprod(),
    "dot": lambda x: x.a.dot(x.v),
    "dot list": lambda x: x.a.dot([1.0, 2.0, 3.0]),
    "reshape": lambda x: x.a.reshape(3, 2),
    "reshape tuple": lambda x: x.a.reshape((3, -1)),
    "reshape flat": lambda x: x.a.reshape(-1),
    "ravel": lambda x: x.a.ravel(),
    "flatten": lambda x: x.a.flatten(),
    "squeeze": lambda x: x.a[:1].squeeze(),
    "squeeze axis": lambda x: x.a[:1].squeeze(axis=0),
    "transpose": lambda x: x.a.transpose(),
    "transpose axes": lambda x: x.a.transpose(1, 0),
    "transpose tuple": lambda x: x.a.transpose((1, 0)),
    "swapaxes": lambda x: x.a.swapaxes(0, 1),
    "repeat": lambda x: x.a.repeat(2, axis=0),
    "take": lambda x: x.a.take([1, 0], axis=0),
    "take flat": lambda x: x.a.take([5, 0]),
    "take last axis": lambda x: x.a.take([2, 2], axis=-1),
    "clip": lambda x: x.a.clip(-0.5, 1.5),
    "clip below": lambda x: x.a.clip(min=0.0),
    "round": lambda x: x.a.round(),
    "round decimals": lambda x: (x.a * 1.37).round(1),
    "sort": lambda x: np.sort(x.a, axis=0),
    "argsort": lambda x: x.a.argsort(axis=1),
    "astype int": lambda x: x.a.astype(int),
    "astype float": lambda x: x.n.astype(float),
    # NumPy's functions
    "np.exp": lambda x: np.exp(x.a),
    "np.log of scalar": lambda x: np.log(x.s),
    "np.sqrt": lambda x: np.sqrt(np.abs(x.a)),
    "np.square of integers": lambda x: np.square(x.n),
    "np.add": lambda x: np.add(x.a, x.b),
    "np.add.reduce": lambda x: np.add.reduce(x.a),
    "np.maximum": lambda x: np.maximum(x.a, 0.0),
    "np.maximum.reduce axis": lambda x: np.maximum.reduce(x.a, axis=1),
    "np.minimum with list": lambda x: np.minimum(x.a, [0.0, 0.1, 0.2]),
    "np.arctan2": lambda x: np.arctan2(x.a, x.b),
    "np.logaddexp": lambda x: np.logaddexp(x.a, x.b),
    "np.logical_and": lambda x: np.logical_and(x.m, x.a > 0),
    "np.isfinite": lambda x: np.isfinite(x.a),
    "np.sum": lambda x: np.sum(x.a, axis=0),
    "np.mean": lambda x: np.mean(x.a),
    "np.var ddof": lambda x: np.var(x.a, axis=1, ddof=1),
    "np.median": lambda x: np.median(x.a, axis=1),
    "np.prod": lambda x: np.prod(x.v),
    "np.where": lambda x: np.where(x.a > 0, x.a, x.b),
    "np.where numbers": lambda x: np.where(x.m, 1.0, 0.0),
    "np.where lists": lambda x: np.where(x.m, [1.0, 2.0, 3.0], x.a),
    "np.clip": lambda x: np.clip(x.a, -1, 1),
    "np.stack": lambda x: np.stack([x.v, x.p]),
    "np.stack of many": lambda x: np.stack([x.v] * 9 + [x.p]),
    "np.stack axis": lambda x: np.stack([x.v, x.p], axis=1),
    "np.stack with list": lambda x: np.stack([x.v, [1.0, 2.0, 3.0]]),
    "np.concatenate": lambda x: np.concatenate([x.v, np.array([1.0]), x.p]),
    "np.concatenate with list": lambda x: np.concatenate([[1.0, 2.0], x.v]),
    "np.vstack": lambda x: np.vstack([x.v, x.p]),
    "np.split": lambda x: np.split(x.a, [1], axis=1)[1],
    "np.dot": lambda x: np.dot(x.a, x.v),
    "np.dot list": lambda x: np.dot([1.0, 2.0], x.a),
    "np.matmul": lambda x: np.matmul(x.q, x.v),
    "np.outer": lambda x: np.outer(x.v, x.p),
    "np.einsum": lambda x: np.einsum("ij,kj->ik", x.a, x.b),
    "np.tensordot": lambda x: np.tensordot(x.a, x.b, axes=([1], [1])),
    "np.transpose list": lambda x: np.transpose(x.a, [1, 0]),
    "np.moveaxis": lambda x: np.moveaxis(x.a, 0, 1),
    "np.broadcast_to": lambda x: np.broadcast_to(x.v, (2, 3)),
    "np.tile": lambda x: np.tile(x.v, 2),
    "np.diff": lambda x: np.diff(x.a, axis=1),
    "np.cumsum": lambda x: np.cumsum(x.v),
    "np.diag": lambda x: np.diag(x.v),
    "np.trace": lambda x: np.trace(x.q),
    "np.linalg.inv": lambda x: np.linalg.inv(x.q),
    "np.linalg.det": lambda x: np.linalg.det(x.q),
    "np.linalg.norm": lambda x: np.linalg.norm(x.v),
    "np.linalg.cholesky": lambda x: np.linalg.cholesky(x.q),
    "np.linalg.solve": lambda x: np.linalg.solve(x.q, x.v),
    "np.ones_like": lambda x: np.ones_like(x.a),
    "np.full_like": lambda x: np.full_like(x.a, 2.5),
    "np.interp": lambda x: np.interp(x.v, [-1.0, 0.0, 2.0], [0.0, 1.0, 5.0]),
    "np.expand_dims": lambda x: np.expand_dims(x.v, 0),
    "np.isclose": lambda x: np.isclose(x.a, x.b),
    "np.array_equal": lambda x: np.array_equal(x.a, x.b),
    "scipy.special.expit": lambda x: special.expit(x.a),
    "scipy.special.gammaln": lambda x: special.gammaln(x.p),
    # indexing
    "row": lambda x: x.a[1],
    "negative": lambda x: x.a[-1, -2],
    "slice": lambda x: x.a[:, 1:],
    "step": lambda x: x.v[::-1],
    "None": lambda x: x.v[:, None],
    "Ellipsis": lambda x: x.a[..., 0],
    "array": lambda x: x.v[np.array([2, 0, -1])],
    "list index": lambda x: x.v[[2, 0]],
    "tuple of arrays": lambda x: x.a[[0, 1], [2, 1]],
    "array and slice": lambda x: x.a[:, np.array([[0, 1], [2, 2]])],
    "mask": lambda x: x.v[np.array([True, False, True])],
    "variable": lambda x: x.v[x.k],
    "variable and slice": lambda x: x.a[:, x.k],
    "computed": lambda x: x.v[(x.k + 1) % 3],
    "numpy integer": lambda x: x.a[np.int32(1)],
    "nested": lambda x: x.a[0][x.k][1:3],
    "empty slice": lambda x: x.v[3:],
}


@pytest.mark.parametrize("name", CASES)
def test_values_shapes_and_dtypes_are_numpys(name: str) -> None:
    given = Values(leaf)
    wanted = np.asarray(CASES[name](arrays))
    result = CASES[name](given)

    assert isinstance(result, Expression)
    value = np.asarray(evaluate(result, given))
    assert result.shape == wanted.shape == value.shape
    assert result.dtype == wanted.dtype == value.dtype
    np.testing.assert_allclose(value, wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", CASES)
def test_compiled_values_are_the_same(name: str) -> None:
    given = Values(leaf)
    result = CASES[name](given)
    eager = np.asarray(evaluate(result, given))
    with aq.precision.float64():
        shape = jax.eval_shape(lambda: evaluate(result, given))
    assert (shape.shape, shape.dtype) == (eager.shape, eager.dtype)


def test_shape_ndim_and_size_are_known() -> None:
    x = Values(leaf)
    assert (np.shape(x.a), np.ndim(x.a), np.size(x.a), len(x.a)) == ((2, 3), 2, 6, 2)
    assert (x.a.shape, x.a.ndim, x.a.size) == ((2, 3), 2, 6)
    assert np.size(x.a, 1) == 3
    assert [row.shape for row in x.a] == [(3,), (3,)]


def test_pandas_and_xarray_operands_are_arrays() -> None:
    pandas = pytest.importorskip("pandas")
    xarray = pytest.importorskip("xarray")
    x = Values(leaf)
    for other in (pandas.Series([1.0, 2.0, 3.0]), xarray.DataArray([1.0, 2.0, 3.0])):
        result = x.v * other
        np.testing.assert_allclose(evaluate(result, x), arrays.v * [1.0, 2.0, 3.0])


def test_with_nothing_unknown_functions_give_arrays() -> None:
    assert isinstance(aq.math.exp(np.zeros(3)), np.ndarray)
    np.testing.assert_array_equal(aq.math.logsumexp([0.0, 0.0]), np.log(2.0))
