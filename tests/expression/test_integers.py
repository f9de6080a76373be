"""Integers to negative powers, divided by zero, shifted by negative numbers."""

from __future__ import annotations

import numpy as np
import pytest

import aliquot as aq
from aliquot.errors import DTypeError, ParameterError
from aliquot.expression import Evaluation, Leaf
from aliquot.precision import float64
from tests.expression.values import Values, leaf

x = Values(leaf)


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda g: 2**g, r"2 \*\* g: g holds -1.*2\.0 \*\* g"),
        (lambda g: np.power(2, g), r"g holds -1"),
        (lambda g: aq.math.power(2, g), r"g holds -1"),
        (lambda g: g**g, r"g\.astype\(float\) \*\* g"),
        (lambda g: (g + 3) ** (g - 1), r"g - 1 holds -2"),
        (lambda g: g ** np.array([1, -2]), r"holds -2"),
        (lambda g: g**-1, r"-1 holds -1"),
        (lambda g: 7 // (g + 1), r"7 // \(g \+ 1\): g \+ 1 holds 0"),
        (lambda g: 7 % (g + 1), r"g \+ 1 holds 0"),
        (lambda g: divmod(7, g + 1), r"g \+ 1 holds 0"),
        (lambda g: np.floor_divide(g, 0), r"0 holds 0"),
        (lambda g: np.mod(g, g - 2), r"g - 2 holds 0"),
        (lambda g: np.fmod(7, g + 1), r"g \+ 1 holds 0"),
        (lambda g: np.divmod(7, g + 1), r"g \+ 1 holds 0"),
        (lambda g: 1 << g, r"1 << g: g holds -1"),
        (lambda g: np.right_shift(g, g), r"g holds -1"),
    ],
)
def test_known_numbers_are_refused(write: object, words: str) -> None:
    with aq.Model():
        g = aq.Data("g", [-1, 2])
        with pytest.raises(ParameterError, match=words):
            write(g)  # type: ignore[operator]


@pytest.mark.parametrize(
    "write", [lambda g: 2**g, lambda g: 7 // g, lambda g: 7 % (g + 1), lambda g: g >> g]
)
def test_data_that_are_set_later_are_refused_too(write: object) -> None:
    with aq.Model() as model:
        g = aq.Data("g", [1, 2])
        aq.Normal("obs", write(g) * 1.0, 1, observed=[0.0, 0.0])  # type: ignore[operator]
    with pytest.raises(ParameterError, match="holds"):
        model.set_data({"g": [0, -1]})
    np.testing.assert_array_equal(g.value, [1, 2])
    model.set_data({"g": [3, 1]})


def test_unknown_powers_are_refused_unless_they_cannot_be_negative() -> None:
    with aq.Model():
        z = aq.Categorical("z", [0.2, 0.3, 0.5], shape=4)
        y = aq.Normal("y")
        assert (2**z).dtype == (2 ** (y > 0)).dtype == np.int64
        assert ((2 ** (z + 1)).bounds, (z**2).bounds) == ((2, 8), (0, 4))
        with pytest.raises(ParameterError, match=r"z - 1 may be -1.*2\.0 \*\*"):
            2 ** (z - 1)
        with pytest.raises(ParameterError, match="may be negative"):
            2 ** np.floor(y).astype(int)
        assert (2.0 ** (z - 1)).dtype == np.float64


def test_unknown_divisors_give_what_numpy_gives() -> None:
    n = Leaf("n", (3,), np.dtype(int))
    values = np.array([0, 2, -3])
    quotient, rest = divmod(7, n)
    for result, function in (
        (7 // n, np.floor_divide),
        (7 % n, np.remainder),
        (quotient, np.floor_divide),
        (rest, np.remainder),
        (np.fmod(7, n), np.fmod),
    ):
        with float64(), np.errstate(divide="ignore"):
            np.testing.assert_array_equal(Evaluation({n: values})(result), function(7, values))


def test_floats_divided_by_zero_are_infinite() -> None:
    divided = x.v // np.array([0.0, 0.0, 2.0])
    with float64(), np.errstate(divide="ignore"):
        value = Evaluation({x.v: np.array([1.0, -1.0, 3.0])})(divided)
    np.testing.assert_array_equal(value, [np.inf, -np.inf, 1.0])


def test_a_reciprocal_of_integers_is_refused() -> None:
    with pytest.raises(DTypeError, match=r"reciprocal\(n\).*Write 1 / n"):
        np.reciprocal(x.n)
