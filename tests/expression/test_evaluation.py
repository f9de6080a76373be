"""Evaluating expressions: shared parts once, deep chains, functions that return trees."""

from __future__ import annotations

from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aliquot as aq
from aliquot.errors import DTypeError
from aliquot.expression import Evaluation, Leaf, expressions
from aliquot.precision import float64


def scalar(name: str = "x") -> Leaf:
    return Leaf(name, (), np.dtype(float))


def test_a_shared_part_is_computed_once() -> None:
    calls: Counter[str] = Counter()

    def counted(value: jax.Array) -> jax.Array:
        calls["now"] += 1
        return value * 2

    x = scalar()
    part = aq.lift(counted)(x)
    calls.clear()
    values = Evaluation({x: np.float64(3.0)})
    first, second = values([part + 1, part * part])
    assert (float(first), float(second), calls["now"]) == (7.0, 36.0, 1)
    assert float(values(part - 1)) == 5.0
    assert calls["now"] == 1


def test_values_of_expressions_that_are_gone_are_not_taken_for_others() -> None:
    x = scalar()
    values = Evaluation({x: np.float64(1.0)})
    for i in range(200):  # each is freed before the next, and Python reuses their addresses
        assert float(values(x + i)) == 1.0 + i


def test_diamonds_cost_what_they_are_long() -> None:
    x = scalar()
    node = x
    for _ in range(60):  # 2**60 paths
        node = node + node
    with float64():
        assert float(Evaluation({x: np.float64(1.0)})(node)) == 2.0**60


def test_chains_of_5000_operations() -> None:
    x = scalar()
    node = x
    for _ in range(5_000):
        node = node + 1.0
    assert len(node.text) <= 72
    with float64():
        assert float(Evaluation({x: np.float64(0.5)})(node)) == 5_000.5
    del node  # as deep to take apart


def test_lift_keeps_tuples_and_dicts() -> None:
    @aq.lift
    def parts(value: jax.Array, *, scale: float) -> tuple[jax.Array, dict[str, jax.Array]]:
        return value.sum(), {"scaled": scale * value, "positive": value > 0}

    x = Leaf("x", (3,), np.dtype(float))
    total, rest = parts(x, scale=2.0)
    assert (total.shape, rest["scaled"].shape, rest["positive"].dtype) == ((), (3,), np.dtype(bool))
    with float64():
        values = Evaluation({x: np.array([1.0, -2.0, 4.0])})
        result = values((total, rest))
    assert float(result[0]) == 3.0
    np.testing.assert_array_equal(result[1]["scaled"], [2.0, -4.0, 8.0])
    np.testing.assert_array_equal(result[1]["positive"], [True, False, True])
    assert parts.__name__ == "parts"


def test_lift_gives_arrays_for_arrays() -> None:
    assert aq.lift(jnp.exp)(np.zeros(2)).tolist() == [1.0, 1.0]


def test_math_holds_jax_functions() -> None:
    x = Leaf("x", (4,), np.dtype(float))
    assert aq.math.softmax(x).shape == (4,)
    assert aq.math.logsumexp(x).shape == ()
    assert aq.math.where(x > 0, x, 0.0).shape == (4,)
    assert "logsumexp" in dir(aq.math)


def test_expressions_are_found_in_distributions_and_lists() -> None:
    x, y = scalar("x"), scalar("y")
    assert [node.text for node in expressions([aq.Normal.dist(x, y), (x, 1.0)])] == ["x", "y", "x"]


shapes = st.lists(st.integers(1, 3), max_size=3).map(tuple)


@given(shapes, shapes)
def test_broadcasting_is_numpys(first: tuple[int, ...], second: tuple[int, ...]) -> None:
    a, b = Leaf("a", first, np.dtype(float)), Leaf("b", second, np.dtype(float))
    try:
        wanted = np.broadcast_shapes(first, second)
    except ValueError:
        wanted = None
    try:
        result = (a + b).shape
    except aq.ShapeError:
        result = None
    assert result == wanted


@st.composite
def indexing(draw: st.DrawFn) -> tuple[tuple[int, ...], object]:
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple))
    part = st.one_of(
        st.integers(-5, 5),
        st.slices(4),
        st.none(),
        st.just(Ellipsis),
        st.lists(st.integers(-4, 4), min_size=1, max_size=3),
    )
    return shape, tuple(draw(st.lists(part, min_size=1, max_size=3)))


@given(indexing())
def test_indexing_is_numpys(case: tuple[tuple[int, ...], object]) -> None:
    shape, index = case
    array = np.arange(float(np.prod(shape))).reshape(shape)
    x = Leaf("x", shape, np.dtype(float))
    try:
        wanted = array[index]
    except IndexError:
        wanted = None
    try:
        result = x[index]
    except IndexError:
        result = None
    assert (result is None) == (wanted is None)
    if result is not None:
        assert result.shape == wanted.shape
        with float64():
            np.testing.assert_array_equal(Evaluation({x: array})(result), wanted)


def test_texts_read_like_what_was_written() -> None:
    x, y = scalar("x"), Leaf("y", (3,), np.dtype(float))
    assert ((x + 1) * y).text == "(x + 1) * y"
    assert np.exp(-x).text == "exp(-x)"
    assert y[0].text == "y[0]"
    assert y[1:].text == "y[1:]"
    assert np.where(x > 0, y, 0.0).text == "where(x > 0, y, 0)"
    assert repr(y * 2) == "<y * 2: float64[3]>"
    assert (x**2 + x).text == "x ** 2 + x"
    assert ((x + 1) * x - (x - 1)).text == "(x + 1) * x - (x - 1)"
    assert ((-x) ** 2).text == "(-x) ** 2"
    assert (-(x + 1)).text == "-(x + 1)"
    assert ((y + 1)[0]).text == "(y + 1)[0]"
    assert (x + 1).sum().text == "(x + 1).sum()"


def test_each_of_several_results_has_the_dtype_that_was_announced() -> None:
    x = scalar()
    step, _ = aq.lift(lambda x: (jnp.where(x > 0, 1.0, 0.0), x))(x)
    total = step.astype(np.float32) + step  # of JAX's weak type, the second would be the first's
    with float64():
        value = Evaluation({x: np.float64(2.0)})(total)
    assert value.dtype == total.dtype == np.float64


def test_a_constant_is_indexed_by_variables_and_keeps_its_numbers():
    table = np.array([[0.1, 0.8], [0.7, 0.9]])
    made = aq.constant(table)
    table[0, 0] = 5.0  # what the caller does later does not matter
    row = Leaf("row", (3,), np.dtype(np.int64))
    picked = made[row, 1]
    np.testing.assert_array_equal(Evaluation({row: np.array([1, 0, 1])})(picked), [0.9, 0.8, 0.9])
    np.testing.assert_array_equal(Evaluation()(made), [[0.1, 0.8], [0.7, 0.9]])
    assert aq.constant(made) is made
    assert aq.constant([1, 2]).dtype == np.int64
    with pytest.raises(IndexError, match="out of bounds"):
        made[2]
    with pytest.raises(DTypeError, match="numbers"):
        aq.constant(["a", "b"])
