"""What is computed of booleans and short integers is float64 and int64, to the last digit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

import aliquot as aq
from aliquot.expression import Evaluation, Leaf
from aliquot.precision import float64

M = np.array([True, False, True])
X = np.array([0.3, -1.2, 2.5])

CASES: dict[str, Callable[[Any, Any], Any]] = {
    "mean": lambda m, x: (x > 0).mean(),
    "mean along": lambda m, x: np.mean(m, axis=0, keepdims=True),
    "std": lambda m, x: (x > 0).std(),
    "var": lambda m, x: m.var(ddof=1),
    "average": lambda m, x: np.average(m),
    "average, weights": lambda m, x: np.average(x, weights=m),
    "average of, weights": lambda m, x: np.average(m, weights=x > 0),
    "median": lambda m, x: np.median(m),
    "mean where": lambda m, x: np.mean(m, where=m),
    "divide": lambda m, x: m / 3,
    "divide by itself": lambda m, x: m / (m | True),
    "exp": lambda m, x: aq_or_np(np.exp, x > 0),
    "sqrt": lambda m, x: aq_or_np(np.sqrt, m),
    "expit": lambda m, x: aq_or_np(special.expit, m),
    "digitize": lambda m, x: np.digitize(x, [0.0, 1.0]) * 2**40,
    "searchsorted": lambda m, x: np.searchsorted([0.0, 1.0], x) * 2**40,
    "argmax": lambda m, x: x.argmax() * 2**40,
    "argsort": lambda m, x: np.argsort(x) * 2**40,
    "count": lambda m, x: np.count_nonzero(x > 0) * 2**40,
    "sum": lambda m, x: m.sum() * 2**40,
    "cumsum": lambda m, x: m.cumsum() * 2**40,
    "bit count": lambda m, x: np.bitwise_count(x.astype(int)) * np.int64(2**40),
    "interp": lambda m, x: np.interp(m, [0, 1], [0.1, 0.3]),
}


def aq_or_np(function: Any, x: Any) -> Any:
    # NumPy computes functions of booleans in half precision.
    return function(x.astype(float)) if isinstance(x, np.ndarray) else function(x)


@pytest.mark.parametrize("name", CASES)
def test_double_precision(name: str) -> None:
    m, x = Leaf("m", (3,), np.dtype(bool)), Leaf("x", (3,), np.dtype(float))
    result = CASES[name](m, x)
    with float64():
        value = np.asarray(Evaluation({m: M, x: X})(result))
    wanted = np.asarray(CASES[name](M, X))
    assert result.dtype == value.dtype == wanted.dtype
    np.testing.assert_allclose(value, wanted, rtol=1e-14)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "uint8", "uint32", "float32"])
def test_arrays_of_short_numbers_are_computed_with_in_full(dtype: str) -> None:
    m = Leaf("m", (3,), np.dtype(bool))
    short = np.array([100, 101, 102], dtype)
    wide = short.astype(np.float64 if dtype == "float32" else np.int64)
    for write in (
        lambda a: m * a,
        lambda a: np.where(m, a, 0) * a * a * a * a,
        lambda a: aq.math.where(m, a, 3 * m * a),
        lambda a: aq.constant(a) * a,
    ):
        result = write(short)
        assert result.dtype == wide.dtype
        with float64():
            np.testing.assert_array_equal(
                Evaluation({m: M})(result), Evaluation({m: M})(write(wide))
            )


def test_without_expressions_too() -> None:
    assert aq.math.mean(M).dtype == aq.math.exp(M).dtype == np.float64
    assert float(aq.math.mean(M)) == 2 / 3
    assert aq.math.digitize(X, [0.0, 1.0]).dtype == np.int64


def test_what_a_lifted_function_gives_goes_on_in_full() -> None:
    m = Leaf("m", (3,), np.dtype(bool))
    count = aq.lift(lambda m: jnp.sum(m, dtype=jnp.int32))(m)
    share = aq.lift(lambda m: jnp.mean(m))(m)
    assert (count.dtype, share.dtype) == (np.int64, np.float64)
    with float64():
        assert int(Evaluation({m: M})(count * 2**40)) == 2**41
    # JAX's own functions get numbers.
    with float64():
        assert float(Evaluation({m: M})(aq.lift(jnp.mean)(m))) == 2 / 3


def test_lifted_functions_may_name_their_arguments_as_they_like() -> None:
    x = Leaf("x", (3,), np.dtype(float))

    def function(x: Any, *, text: float, check: float, rule: float, narrow: float) -> Any:
        return x * text + check - rule * narrow

    result = aq.lift(function)(x, text=2.0, check=3.0, rule=1.0, narrow=4.0)
    np.testing.assert_allclose(Evaluation({x: X})(result), X * 2 - 1)


def test_precision_that_is_asked_for_is_given() -> None:
    x = Leaf("x", (3,), np.dtype(float))
    assert x.astype(np.float32).dtype == np.float32
    assert (x.astype(np.float32) * 2).dtype == np.float32
    assert x.sum(dtype=np.float32).dtype == np.sum(x, dtype=np.float32).dtype == np.float32
