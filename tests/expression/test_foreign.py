"""Arrays of other libraries as operands, in both orders, and JAX's functions on expressions."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import xarray

import aliquot as aq
from aliquot.expression import Evaluation, unwrapped
from aliquot.precision import float64

B = np.array([0.5, 2.0, 3.0])
A = np.array([1.0, 2.0, -3.0])
K, N = np.array([1, 2, 7]), np.array([3, 2, 1])


class Sub(np.ndarray):
    """A subclass such as libraries of units and of records have."""


ARRAYS: dict[str, Callable[[np.ndarray], Any]] = {
    "Series": pd.Series,
    "Series with an index": lambda a: pd.Series(a, index=["x", "y", "z"]),
    "DataFrame": lambda a: pd.DataFrame(np.stack([a, a + 1])),
    "Index": pd.Index,
    "extension array": pd.array,
    "DataArray": lambda a: xarray.DataArray(a, dims="row"),
    "Variable": lambda a: xarray.Variable("row", a),
    "subclass": lambda a: a.view(Sub),
    "jax": lambda a: jnp.asarray(a),
    "list": lambda a: a.tolist(),
    "tuple": lambda a: tuple(a.tolist()),
    "scalar": lambda a: a[0],
    "jax scalar": lambda a: jnp.asarray(a[0]),
}
ARITHMETIC = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow"]
COMPARISONS = ["lt", "le", "gt", "ge", "eq", "ne"]
BITWISE = ["and_", "or_", "xor"]


def variables() -> tuple[Any, Any]:
    with aq.Model():
        return aq.Normal("b", 0, 1, shape=3), aq.Data("n", N)


def value(result: Any, given: dict[Any, np.ndarray]) -> np.ndarray:
    result = unwrapped(result)
    assert isinstance(result, aq.Expression)
    with float64():
        return np.asarray(Evaluation(given)(result))


@pytest.mark.parametrize("kind", ARRAYS)
@pytest.mark.parametrize("name", [*ARITHMETIC, *COMPARISONS, *BITWISE])
def test_operators_with_arrays_of_other_libraries_in_both_orders(kind: str, name: str) -> None:
    b, n = variables()
    node, known, plain = (n, N, K) if name in BITWISE else (b, B, A)
    other = ARRAYS[kind](plain)
    function = getattr(operator, name)
    numbers = np.asarray(other).astype(plain.dtype)
    for found, expected in (
        (lambda: function(other, node), function(numbers, known)),
        (lambda: function(node, other), function(known, numbers)),
    ):
        result = value(found(), {node: known})
        # JAX's own arrays are of single precision, here and in a user's program.
        np.testing.assert_allclose(result, expected, rtol=1e-6 if "jax" in kind else 1e-14)
        assert result.dtype.kind == expected.dtype.kind


@pytest.mark.parametrize("name", ["add", "multiply", "power", "greater", "logaddexp"])
@pytest.mark.parametrize("kind", [k for k in ARRAYS if "jax" not in k])
def test_numpy_s_functions_with_arrays_of_other_libraries(kind: str, name: str) -> None:
    b, _ = variables()
    other, function = ARRAYS[kind](np.abs(A)), getattr(np, name)
    expected = function(B, np.asarray(other))
    np.testing.assert_allclose(value(function(b, other), {b: B}), expected, rtol=1e-12)
    if kind in ("Index", "DataArray", "Variable"):  # they wrap the result as their own operators do
        return
    expected = function(np.asarray(other), B)
    np.testing.assert_allclose(value(function(other, b), {b: B}), expected, rtol=1e-12)


def test_what_xarray_wraps_can_stand_anywhere_in_a_model() -> None:
    row = xarray.DataArray(A, dims="row", coords={"row": ["a", "b", "c"]})
    with aq.Model() as model:
        b = aq.Normal("b", 0, 1, shape=3)
        aq.Deterministic("product", row * b)
        aq.Normal("y", mu=row * b, sigma=1, observed=A)
        aq.Normal("z", mu=np.exp(row * b) + 1, sigma=1, observed=A)
        aq.Normal("list", mu=[(row * b)[0], b[0]], sigma=1, observed=A[:2])
    tree = aq.sample_prior_predictive(5, model=model, random_seed=1)
    np.testing.assert_allclose(tree.prior["product"], tree.prior["b"].values * A)
    with model:
        aq.Potential("term", -((row - b) ** 2))
    with aq.Model(), pytest.raises(aq.ModelError, match="'b', which belongs to another model"):
        aq.Normal("y", mu=row * b, sigma=1)


def test_masked_arrays_and_matrices() -> None:
    b, _ = variables()
    np.testing.assert_array_equal(value(b * np.ma.array(A), {b: B}), A * B)
    with pytest.raises(aq.DTypeError, match=r"an array with 2 masked entries .* \.filled"):
        b * np.ma.array(A, mask=[0, 1, 1])
    with pytest.raises(TypeError, match=r"of a masked array \.filled"):
        np.ma.array(A) * b
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        matrix = np.matrix(np.eye(3))
    for product in (lambda: matrix * b, lambda: b * matrix):
        with pytest.raises(aq.DTypeError, match=r"np\.asarray\(matrix\), and @"):
            product()


def test_what_pandas_computes_itself_says_to_hand_over_numbers() -> None:
    b, n = variables()
    for ask in (lambda: pd.Series(A) @ b, lambda: pd.Series(A).dot(b), lambda: pd.Series(A)[n]):
        with pytest.raises(TypeError, match=r"of pandas \.to_numpy\(\)"):
            ask()
    with pytest.raises(aq.DTypeError, match="dtype datetime64"):
        pd.Series(pd.date_range("2020", periods=3)) == b  # noqa: B015


def test_an_expression_is_not_changed_in_place() -> None:
    b, _ = variables()
    with pytest.raises(TypeError, match=r"b does not support item assignment: .*\.at\[index\]"):
        b[0] = 1.0
    kept = b
    b += 1.0  # another value under the name, as with numbers
    assert b is not kept


JAX: dict[str, Callable[[Any], Any]] = {
    "exp": jnp.exp,
    "sum": jnp.sum,
    "where": lambda x: jnp.where(x > 0, x, 0),
    "stack": lambda x: jnp.stack([x, x]),
    "dot": lambda x: jnp.dot(jnp.ones(3), x),
    "asarray": jnp.asarray,
    "array of parts": lambda x: jnp.array([x[0], x[1]]),
    "softmax": jax.nn.softmax,
    "expit": jax.scipy.special.expit,
    "solve": lambda x: jnp.linalg.solve(x[:, None] * x, x),
    "set": lambda x: jnp.ones(3).at[0].set(x[0]),
    "index": lambda x: jnp.ones(3)[x],
    "jit": lambda x: jax.jit(lambda y: y + 1)(x),
    "vmap": lambda x: jax.vmap(lambda y: y + 1)(x),
    "grad": lambda x: jax.grad(lambda y: y)(x[0]),
    "scan": lambda x: jax.lax.scan(lambda total, y: (total + y, y), 0.0, x),
}


@pytest.mark.parametrize("name", JAX)
def test_jax_s_functions_on_an_expression_say_what_to_use(name: str) -> None:
    b, _ = variables()
    with pytest.raises(aq.ModelError, match=r"np\.exp.*aq\.math\.exp.*aq\.lift\(f\)"):
        JAX[name](b)
