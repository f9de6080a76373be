"""Functions of ``aq.math`` to the last digits, and the derivatives of those that are our own."""

from __future__ import annotations

import jax
import mpmath as mp
import numpy as np
import pytest

import aliquot as aq
from aliquot import special
from aliquot.precision import float64
from tests.expression.exact_functions import DIGITS, FUNCTIONS, errors
from tests.programs import quick

# Rounding of an argument of an exponential or a sine of some hundred, and JAX's betainc.
TOLERANCE = 1e-11


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_is_exact(name, rng):
    worst = max(errors(name, rng, 40), default=(0.0, ""))
    assert worst[0] < TOLERANCE, worst


@pytest.mark.parametrize("name", special.__all__)
def test_derivative_is_exact(name, rng):
    """By every argument, forwards and backwards."""
    function, own = FUNCTIONS[name], getattr(special, name)
    columns = [draw(rng, 2) for draw in function.arguments]
    by = range(len(columns))
    with float64():
        backwards = quick(jax.vmap(jax.grad(own, tuple(by))))(*columns)
        forwards = quick(jax.vmap(jax.jacfwd(own, tuple(by))))(*columns)
    for i in by:
        np.testing.assert_allclose(forwards[i], backwards[i], rtol=1e-12)
        for got, *point in zip(backwards[i], *columns, strict=True):
            with mp.workdps(DIGITS):
                point = [mp.mpf(float(x)) for x in point]
                exact = mp.diff(function.exact, point, tuple(int(j == i) for j in by))
                size = max(abs(exact), abs(function.exact(*point)), function.least)
                assert abs(mp.mpf(float(got)) - exact) < 1e-9 * size, (point, i)


@pytest.mark.parametrize(
    ("name", "arguments", "value"),
    [
        ("betaln", (8.0, 0.5), float(mp.log(mp.beta(8, 0.5)))),
        ("betaln", (1e16, 1.0), float(-mp.log(1e16))),
        ("betaln", (-0.5, 2.0), float(mp.log(abs(mp.beta(-0.5, 2))))),
        ("beta", (-0.5, 2.0), float(mp.beta(-0.5, 2))),
        ("hyp1f1", (1.0, 2.0, -1e6), 1e-6),
        ("hyp1f1", (-2.0, 3.0, 5.0), float(mp.hyp1f1(-2, 3, 5))),
        ("hyp1f1", (2.0, 2.0, 0.0), 1.0),
        ("hyp2f1", (1.0, 2.0, 4.0, 1.0), float(mp.hyp2f1(1, 2, 4, 1))),
        ("hyp2f1", (1.0, 2.0, 3.0, 1.0), np.inf),
        ("hyp2f1", (1.0, 2.0, 3.0, 2.0), np.nan),
        ("kl_div", (1.0, 1.0 + 2.0**-10), 4.7652694454110404e-07),
        ("kl_div", (0.0, 2.0), 2.0),
        ("kl_div", (2.0, 0.0), np.inf),
        ("kl_div", (-1.0, 2.0), np.inf),
        ("rel_entr", (0.0, 0.0), 0.0),
        ("rel_entr", (1.0, 0.0), np.inf),
        ("rel_entr", (1.0, 1.0 + 2.0**-40), float(-mp.log1p(mp.mpf(2) ** -40))),
        ("erfinv", (1.0,), np.inf),
        ("erfinv", (-1.0,), -np.inf),
        ("erfinv", (0.0,), 0.0),
        ("log_ndtr", (-np.inf,), -np.inf),
        ("log_ndtr", (np.inf,), 0.0),
        ("log_ndtr", (-1e200,), -np.inf),
    ],
)
def test_at_the_ends(name, arguments, value):
    got = getattr(aq.math, name)(*arguments)
    np.testing.assert_allclose(got, value, rtol=1e-13)


@pytest.mark.parametrize("x", [-30.0, -3.0, 0.0, 0.5, 20.0, 999.0, 1001.0, 1e6, 1e12])
def test_slope_of_a_tail_far_out(x):
    """Minus the hazard plus x: where it cancels, by Laplace's continued fraction (DLMF 7.9.1)."""
    with mp.workdps(DIGITS):
        y = mp.mpf(x)
        if x < 30:
            exact = max(y, 0) - mp.npdf(y) / (mp.erfc(y / mp.sqrt(2)) / 2)
        else:
            rest = y
            for k in range(200, 1, -1):
                rest = y + k / rest
            exact = -1 / rest
    with float64():
        slope = jax.grad(special.normal_functions.log_scaled_tail)(x)
    # Of the difference of x and the hazard up to 1,000, ten digits are left.
    np.testing.assert_allclose(slope, float(exact), rtol=1e-9)


def test_every_special_function_is_compared():
    """But for those of complex numbers, and Bernoulli's numbers and Bessel's functions by order."""
    elsewhere = {"bernoulli", "bessel_jn", "loggamma", "sph_harm_y", "wofz"}
    names = {name for name in dir(jax.scipy.special) if not name.startswith("_")}
    assert names == {name.split(",")[0] for name in FUNCTIONS} & names | elsewhere
