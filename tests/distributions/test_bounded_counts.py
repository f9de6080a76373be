"""Counts with a largest value that varies, is far in a tail, or is not known."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import aliquot as aq
from aliquot.distributions.counts import Geometric, Poisson
from aliquot.distributions.zero_inflated import ZeroInflatedPoisson
from aliquot.errors import DTypeError, ParameterError
from aliquot.precision import float64
from tests.distributions.law import log_prob_of
from tests.programs import quick


def test_each_element_has_its_own_largest_value() -> None:
    upper, mu = np.array([0, 3, 8]), np.array([[2.0], [5.0]])
    counts = Poisson(mu, upper=upper)
    assert counts.shape == (2, 3)
    x = np.array([0, 2, 7])
    expected = stats.poisson(mu).logpmf(x) - stats.poisson(mu).logcdf(upper)
    np.testing.assert_allclose(log_prob_of(counts, x), expected, rtol=1e-12, atol=1e-12)
    assert (log_prob_of(counts, upper + 1) == -np.inf).all()
    draws = counts.sample(500, random_seed=1)
    assert (draws.max(axis=(0, 1)) == upper).all()
    assert (draws[..., 0] == 0).all()


def test_bounds_are_those_of_the_support() -> None:
    support = Geometric(0.3, upper=[2, 4]).support
    assert support.constant()
    assert support.lower == 1
    np.testing.assert_array_equal(support.upper, [2, 4])
    assert Poisson(2.0).support.upper is None


def test_far_in_the_tail() -> None:
    """The normalising sum is far below the smallest number, but what is computed is not."""
    log_prob = Poisson(2e3, upper=2).log_prob(np.arange(3))
    weights = np.array([1.0, 2e3, 2e6])
    np.testing.assert_allclose(np.exp(log_prob), weights / weights.sum(), rtol=1e-11)


@pytest.mark.parametrize(
    ("make", "at"),
    [
        (lambda v: Poisson._unflatten((("mu", "upper"), (("largest", 3),)), (v, 3)), 0.0),
        (lambda v: Geometric._unflatten((("p", "upper"), (("largest", 3),)), (v, 3)), 1.0),
        (lambda v: Geometric._unflatten((("p", "upper"), (("largest", 3),)), (v, 3)), 0.0),
        (
            lambda v: ZeroInflatedPoisson._unflatten(
                (("psi", "mu", "upper"), (("largest", 3),)), (v, 2.0, 3)
            ),
            0.0,
        ),
    ],
)
def test_no_nan_where_a_parameter_is_at_its_edge(make, at) -> None:
    def total(v):
        each = make(v).checked_log_prob(jnp.arange(5))
        return jnp.sum(jnp.where(jnp.isfinite(each), each, 0.0)), each

    with float64():
        (_, each), slope = quick(jax.value_and_grad(total, has_aux=True))(jnp.asarray(at))
    assert not np.isnan(each).any()
    assert np.isfinite(slope)


def test_a_largest_value_that_is_not_known_is_refused() -> None:
    with aq.Model():
        mu = aq.HalfNormal("mu")
        with pytest.raises(ParameterError, match=r"n: Poisson: upper must be a whole .* mu"):
            aq.Poisson("n", 3, upper=mu)
        n = aq.Poisson("n", mu, upper=30)
        assert repr(n.distribution) == "Poisson(mu=mu, upper=30)"
        with pytest.raises(aq.SupportError, match=r"m: data of Poisson .* from 0 to 3; got 4"):
            aq.Poisson("m", mu, upper=3, observed=[1, 4])
    with pytest.raises(DTypeError, match="upper must be numbers; got 'ten'"):
        Poisson(2.0, upper="ten")
