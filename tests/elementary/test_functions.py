"""Elementary functions against 80-bit arithmetic over the whole range of float64."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from aliquot.elementary import PRIMITIVES
from aliquot.precision import float64

LONG = np.longdouble
EXACT = {
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "logistic": lambda x: 1 / (1 + np.exp(-x)),
}
TINY = np.finfo(float).tiny
RNG = np.random.default_rng(1)


def _around(value: float, count: int = 200) -> np.ndarray:
    """Give the neighbours of a number among the floats."""
    bits = np.float64(value).view(np.int64)
    return (bits + np.arange(-count, count + 1)).view(np.float64)


_SIZES = np.exp(RNG.uniform(-708, 709, 60_000))
_SIGNED = _SIZES * RNG.choice([-1.0, 1.0], len(_SIZES))
_HALVES = (np.arange(-1022, 1024) + 0.5) * np.log(2)
ARGUMENTS = {
    "exp": np.concatenate(
        [RNG.uniform(-708.39, 709.78, 60_000), RNG.standard_normal(60_000), _HALVES, _SIGNED]
        + [_around(v) for v in (-708.3964185322641, 709.782712893384, 0.34657359, -0.34657359)]
    ),
    "log": np.concatenate(
        [_SIZES, RNG.uniform(0, 3, 60_000), np.ldexp(1.0, np.arange(-1022, 1024))]
        + [_around(v) for v in (1.0, 2**0.5, 0.5**0.5, 2.0, np.finfo(float).max / 2)]
        + [TINY * (1 + np.arange(9) * 2.0**-52)]
    ),
    "log1p": np.concatenate(
        [_SIZES, -np.exp(RNG.uniform(-708, -1e-3, 60_000)), RNG.uniform(-1, 3, 60_000)]
        + [_around(v) for v in (-0.5, 2**0.5 - 1, 0.5**0.5 - 1, 1.0, 2.0**53)]
    ),
    "logistic": np.concatenate([RNG.uniform(-708, 60, 60_000), 5 * RNG.standard_normal(60_000)]),
}
SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, -1.5, np.inf, -np.inf, np.nan, 1e308, -1e308, 800.0])
UNITS = {"exp": 1.1, "log": 1.0, "log1p": 2.0, "logistic": 2.0}


def _in_a_loop(function, x):
    """Evaluate as the sampler does: inside a loop, with the compiler's second level."""

    def body(k, out):
        return out.at[k].set(function(x))

    def program(x):
        return jax.lax.fori_loop(0, 1, body, jax.numpy.zeros((1, *x.shape)))[0]

    options = {"xla_backend_optimization_level": 2}
    return np.asarray(jax.jit(program, compiler_options=options)(x))


@pytest.mark.parametrize("name", PRIMITIVES)
def test_close_over_the_whole_range(name):
    x = ARGUMENTS[name]
    with float64():
        found = np.asarray(jax.jit(PRIMITIVES[name])(x))
    with np.errstate(all="ignore"):
        exact = EXACT[name](x.astype(LONG))
        rounded = exact.astype(float)
    normal = (np.abs(rounded) >= TINY) & np.isfinite(rounded)
    assert normal.sum() > 0.6 * len(x)
    error = np.abs(found[normal].astype(LONG) - exact[normal])
    assert np.max(error / np.spacing(np.abs(rounded[normal]))) <= UNITS[name]
    # What has no normal value: too small is 0, too large infinite.
    outside = ~normal
    expected = np.where(np.isfinite(rounded), 0.0, rounded)
    np.testing.assert_array_equal(found[outside], expected[outside])


@pytest.mark.parametrize("name", PRIMITIVES)
def test_special_values_are_those_of_numpy(name):
    with np.errstate(all="ignore"):
        expected = EXACT[name](SPECIAL.astype(LONG)).astype(float)
    expected[np.abs(expected) < TINY] = 0.0
    with float64():
        found = np.asarray(jax.jit(PRIMITIVES[name])(SPECIAL))
    np.testing.assert_allclose(found, expected, rtol=4e-16)


@pytest.mark.parametrize("name", PRIMITIVES)
def test_the_same_inside_a_loop(name):
    x = ARGUMENTS[name][::97]
    with float64():
        alone = np.asarray(jax.jit(PRIMITIVES[name])(x))
        looped = _in_a_loop(PRIMITIVES[name], x)
    np.testing.assert_allclose(looped, alone, rtol=4.5e-16)


def test_subnormal_numbers_count_as_zero():
    with float64():
        logs = jax.jit(PRIMITIVES["log"])(np.array([5e-324, TINY / 2]))
        powers = jax.jit(PRIMITIVES["exp"])(np.array([-708.5, -745.0]))
    assert logs.tolist() == [-np.inf, -np.inf]
    assert powers.tolist() == [0.0, 0.0]
