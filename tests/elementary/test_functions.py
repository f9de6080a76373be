"""Elementary functions against 80-bit arithmetic over the whole range of float64.

The error functions, which NumPy does not have, against the C library's.
"""

from __future__ import annotations

import math

import jax
import numpy as np
import pytest

from aliquot.compilation import loop
from aliquot.elementary import PRIMITIVES
from aliquot.precision import float64

LONG = np.longdouble
EXACT = {
    "erf": np.vectorize(math.erf, otypes=[LONG]),
    "erfc": np.vectorize(math.erfc, otypes=[LONG]),
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "logistic": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
}
# The largest error in units in the last place.
UNITS = {
    "erf": 4.0,
    "erfc": 9.0,  # 1e-15 of the value is up to nine
    "exp": 1.1,
    "expm1": 2.5,
    "log": 1.0,
    "log1p": 2.0,
    "logistic": 2.5,
    "tanh": 3.0,
}
FLOAT = np.finfo(float)
TINY = FLOAT.tiny
LAST_ERFC = 26.543258454250978
LEAST_EXP, GREATEST_EXP = -708.3964185322641, 709.782712893384
RNG = np.random.default_rng(1)

pytestmark = pytest.mark.skipif(
    np.finfo(LONG).nmant < 63, reason="long double is no longer than double here"
)


def around(*values: float, count: int = 200) -> np.ndarray:
    """Give the neighbours of numbers among the floats."""
    bits = np.array(values).view(np.int64)
    return (bits[:, None] + np.arange(-count, count + 1)).view(np.float64).ravel()


SIZES = np.exp(RNG.uniform(-708, 709, 60_000))
SIGNED = SIZES * RNG.choice([-1.0, 1.0], len(SIZES))
NORMAL = RNG.standard_normal(60_000)
POWERS = np.ldexp(1.0, np.arange(-1022, 1024))
ROOTS = np.sqrt([0.5, 2.0])
# Where the reduced argument jumps from one end of its range to the other.
HALVES = (np.arange(-1022, 1024) + 0.5) * np.log(2)
ARGUMENTS = {
    "erf": [RNG.uniform(-6.5, 6.5, 30_000), SIGNED[:20_000], around(5.95, 2 * TINY)],
    "erfc": [RNG.uniform(-7, 26.54, 30_000), NORMAL[:20_000], around(0.0, LAST_ERFC)],
    "exp": [
        RNG.uniform(-708.39, 709.78, 60_000),
        NORMAL,
        HALVES,
        SIGNED,
        around(LEAST_EXP, GREATEST_EXP, *HALVES[1021:1024]),
    ],
    "expm1": [
        RNG.uniform(-45, 709.78, 60_000),
        NORMAL,
        HALVES,
        SIGNED,
        around(-40.0, GREATEST_EXP, TINY * 2, 2.0**-60, *HALVES[1021:1024]),
    ],
    "log": [
        SIZES,
        RNG.uniform(0, 3, 60_000),
        POWERS,
        np.ldexp(ROOTS[0], np.arange(-1021, 1024)),
        around(1.0, *ROOTS, 2.0, FLOAT.max / 2),
        TINY * (1 + np.arange(9) * 2.0**-52),
    ],
    "log1p": [
        SIZES,
        -np.exp(RNG.uniform(-708, -1e-3, 60_000)),
        RNG.uniform(-1, 3, 60_000),
        around(-0.5, *(ROOTS - 1), 1.0, 2.0**53, 2.0**-60),
        around(FLOAT.max / 2),
    ],
    "logistic": [RNG.uniform(-708, 60, 60_000), 5 * NORMAL, around(0.5, -LEAST_EXP)],
    "tanh": [RNG.uniform(-45, 45, 60_000), NORMAL, SIGNED, HALVES / 2],
}
SPECIAL = [0.0, -0.0, 1.0, -1.0, -1.5, np.inf, -np.inf, np.nan, 1e308, -1e308, FLOAT.max, 800.0]


def computed(name: str, x: np.ndarray) -> np.ndarray:
    with float64():
        return np.asarray(jax.jit(PRIMITIVES[name])(x))


def exactly(name: str, x: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return EXACT[name](np.asarray(x).astype(LONG))


@pytest.mark.parametrize("name", PRIMITIVES)
def test_close_over_the_whole_range(name):
    x = np.concatenate(ARGUMENTS[name])
    found, exact = computed(name, x), exactly(name, x)
    with np.errstate(all="ignore"):
        rounded = exact.astype(float)
    normal = (np.abs(rounded) >= TINY) & np.isfinite(rounded)
    assert normal.sum() > 0.6 * len(x)
    error = np.abs(found[normal].astype(LONG) - exact[normal])
    assert np.max(error / np.spacing(np.abs(rounded[normal]))) <= UNITS[name]
    # What has no normal value: too small is 0, too large infinite.
    expected = np.where(np.isfinite(rounded), 0.0, rounded)
    np.testing.assert_array_equal(found[~normal], expected[~normal])


@pytest.mark.parametrize("name", PRIMITIVES)
def test_special_values_are_those_of_numpy(name):
    # A nan may carry anything in its lowest bits: R's for what is missing does.
    carrying = np.array([0x7FF80000000007A2]).view(float)
    x = np.concatenate([SPECIAL, carrying])
    with np.errstate(all="ignore"):
        expected = exactly(name, x).astype(float)
    expected = np.where(np.abs(expected) < TINY, np.copysign(0.0, expected), expected)
    found = computed(name, x)
    np.testing.assert_allclose(found, expected, rtol=4e-16)
    known = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found[known]), np.signbit(expected[known]))


@pytest.mark.parametrize("name", PRIMITIVES)
def test_the_same_inside_a_loop(name):
    """As the sampler computes: in one native function, with its options."""
    x = np.concatenate(ARGUMENTS[name])[::97]

    def program(x):
        out = jax.numpy.zeros((3, *x.shape))
        return jax.lax.fori_loop(
            0, 3, lambda k, out: out.at[k].set(PRIMITIVES[name](x + 0.0 * k)), out
        )

    with float64():
        looped = jax.jit(program, compiler_options=loop())(x)
    np.testing.assert_allclose(np.asarray(looped)[2], computed(name, x), rtol=4.5e-16)


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("erf", [0.3, -0.3, 0.5 * TINY**0.5]),
        ("exp", [0.5 * np.log(2), -1.5 * np.log(2), 100.5 * np.log(2)]),
        ("expm1", [0.5 * np.log(2), -0.5 * np.log(2), 10.5 * np.log(2)]),
        ("log", [*ROOTS, 1.0, 8 * ROOTS[0]]),
        ("log1p", [*(ROOTS - 1), 2.0**-60, -(2.0**-60)]),
        ("logistic", [0.5 * np.log(2), -0.5 * np.log(2)]),
        ("tanh", [0.25 * np.log(2), -0.25 * np.log(2)]),
    ],
)
def test_increasing_where_the_reduction_jumps(name, points):
    x = np.array(points)[:, None] + np.abs(points)[:, None] * 2.0**-46 * np.arange(-50, 51)
    assert np.all(np.diff(computed(name, x), axis=1) > 0)


def test_subnormal_numbers_count_as_zero():
    logs = computed("log", np.array([5e-324, TINY / 2]))
    powers = computed("exp", np.array([-708.5, -745.0, -746.0]))
    assert logs.tolist() == [-np.inf, -np.inf]
    assert powers.tolist() == [0.0, 0.0, 0.0]


def test_any_shape():
    with float64():
        for shape in [(), (0,), (2, 1, 3)]:
            x = jax.ShapeDtypeStruct(shape, "float64")
            found = {jax.eval_shape(function, x) for function in PRIMITIVES.values()}
            assert found == {x}
