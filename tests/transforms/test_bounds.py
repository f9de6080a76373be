"""Choosing by the bounds of an interval, and bounds that are expressions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aliquot import transforms as tr
from aliquot.errors import ParameterError
from aliquot.expression import Leaf

EXPRESSION = Leaf("theta", (), np.dtype(float)) + 1.0


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        (None, None, tr.Identity),
        (-np.inf, np.inf, tr.Identity),
        (0, None, tr.Log),
        (2.0, np.inf, tr.Log),
        ([1.0, 2.0], np.full(2, np.inf), tr.Log),
        (None, 0, tr.UpperLog),
        (-np.inf, 3, tr.UpperLog),
        (0, 1, tr.LogOdds),
        (0, 2, tr.Logit),
        ([0.0, 0.0], [1.0, 2.0], tr.Logit),
        (EXPRESSION, None, tr.Log),
        (None, EXPRESSION, tr.UpperLog),
        (0, EXPRESSION, tr.Logit),
    ],
)
def test_bounds_choose_the_transform(lower, upper, expected):
    assert type(tr.interval(lower, upper)) is expected
    assert type(tr.Interval(lower, upper)) is expected


def test_common_bounds_share_an_instance():
    assert tr.interval(0, np.inf) is tr.log
    assert tr.interval(0.0, 1.0) is tr.logodds
    assert tr.interval() is tr.identity


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [
        (1, 1, "lower must be less than upper; got lower=1, upper=1"),
        ([0, 5], [1, 4], "lower must be less than upper"),
        ([0, 1], [2, 3, 4], "shapes of lower \\(2,\\) and upper \\(3,\\)"),
        (np.nan, 1, "lower is NaN"),
        ([0, -np.inf], None, "lower must be finite everywhere or -inf everywhere.*two variables"),
        (0, [1, np.inf], "upper must be finite everywhere or inf everywhere"),
        (np.inf, None, "lower must be finite everywhere"),
        ("zero", None, "lower must be a number.*got 'zero'"),
    ],
)
def test_bounds_that_make_no_sense_are_refused(lower, upper, words):
    with pytest.raises(ParameterError, match=words):
        tr.interval(lower, upper)


def test_expressions_are_leaves_that_are_filled_in():
    unfilled = tr.interval(0.0, EXPRESSION)
    assert jax.tree.leaves(unfilled)[1] is EXPRESSION
    filled = jax.tree.map(lambda leaf: 3.0 if leaf is EXPRESSION else leaf, unfilled)
    assert float(filled.backward(0.0)) == 1.5


def test_gradients_with_respect_to_bounds():
    """x = a + (b - a) s(y): dx/da = 1 - s, dx/db = s, and d log J/db = 1/(b - a)."""
    y = 0.7
    s = 1 / (1 + np.exp(-y))
    slopes = jax.jit(jax.grad(lambda a, b: tr.interval(a, b).backward(y), (0, 1)))(-1.0, 3.0)
    np.testing.assert_allclose(slopes, (1 - s, s), rtol=1e-13)
    slope = jax.jit(jax.grad(lambda b: tr.interval(-1.0, b).log_det_jacobian(y)))(3.0)
    np.testing.assert_allclose(slope, 0.25, rtol=1e-13)


def test_derivatives_at_zero_are_those_of_the_logistic_function():
    """y = 0, where the two halves of the formula meet, is the usual start point."""

    @jax.jit
    def derivatives(y):
        found = []
        for function in (tr.logodds.backward, tr.logodds.log_det_jacobian):
            first = jax.grad(function)
            found += [first(y), jax.grad(first)(y)]
        return found

    np.testing.assert_allclose(derivatives(0.0), [0.25, 0.0, 0.0, -0.5], atol=1e-15)


def test_bounds_that_cross_have_density_zero_and_no_nan():
    value, slope = jax.value_and_grad(lambda b: tr.Logit(0.0, b).log_det_jacobian(0.3))(-1.0)
    assert value == -jnp.inf
    assert slope == 0.0


def test_precision_is_full_at_a_bound_of_zero():
    np.testing.assert_allclose(tr.logodds.backward(-600.0), np.exp(-600.0), rtol=1e-12)
    np.testing.assert_allclose(tr.Logit(-1.0, 0.0).backward(600.0), -np.exp(-600.0), rtol=1e-12)
