"""The multivariate normal in its three parametrisations, small (written out) and large."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from aliquot.distributions.mvnormal import MvNormal
from aliquot.distributions.triangular import WRITTEN_OUT, cholesky, solve_lower
from aliquot.errors import ParameterError, ShapeError
from aliquot.expression import Leaf
from aliquot.precision import float64
from tests.distributions.law import log_prob_of
from tests.programs import quick

SIZES = pytest.mark.parametrize("size", [1, 2, WRITTEN_OUT, WRITTEN_OUT + 1])


def random_normal(size, batch=()):
    rng = np.random.default_rng(size)
    half = rng.normal(size=(*batch, size, size + 3))
    return rng.normal(size=(*batch, size)), half @ np.swapaxes(half, -1, -2), rng


@SIZES
def test_three_parametrisations_equal_scipy(size):
    mu, cov, rng = random_normal(size)
    x = rng.normal(0, 3, (5, size))
    expected = stats.multivariate_normal(mu, cov).logpdf(x)
    chol = np.linalg.cholesky(cov)
    for matrix in (
        {"cov": cov},
        {"tau": np.linalg.inv(cov)},
        {"chol": chol},
        {"chol": chol.T, "lower": False},
    ):
        dist = MvNormal(mu, **matrix)
        np.testing.assert_allclose(log_prob_of(dist, x), expected, rtol=1e-9)
        np.testing.assert_allclose(dist.variance(), np.diag(cov), rtol=1e-9)


@SIZES
def test_gradients_equal_those_of_jax(size):
    mu, cov, rng = random_normal(size)
    x = rng.normal(0, 3, (5, size))

    def ours(mu, cov):
        dist = MvNormal._unflatten((("mu", "cov"), ()), (mu, cov))
        return jnp.sum(dist.checked_log_prob(x))

    def theirs(mu, cov):
        return jnp.sum(jax.scipy.stats.multivariate_normal.logpdf(x, mu, cov))

    def symmetric(gradient):
        return np.asarray(gradient + gradient.T)

    with float64():
        by_mu, by_cov = quick(jax.grad(ours, (0, 1)))(mu, cov)
        mu_expected, cov_expected = quick(jax.grad(theirs, (0, 1)))(mu, cov)
        np.testing.assert_allclose(by_mu, mu_expected, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(symmetric(by_cov), symmetric(cov_expected), rtol=1e-7, atol=1e-9)


@SIZES
def test_batches(size):
    mu, cov, rng = random_normal(size, (4,))
    dist = MvNormal(mu, cov)
    assert dist.shape == (4, size)
    x = rng.normal(0, 3, (4, size))
    each = [stats.multivariate_normal(m, c).logpdf(v) for m, c, v in zip(mu, cov, x, strict=True)]
    np.testing.assert_allclose(log_prob_of(dist, x), each, rtol=1e-9)
    draws = dist.sample(3, random_seed=0)
    assert draws.shape == (3, 4, size)
    assert log_prob_of(dist, draws).shape == (3, 4)


@SIZES
def test_written_out_algebra_equals_lapack(size):
    _, cov, _ = random_normal(size)
    with float64():
        factor = np.asarray(cholesky(jnp.asarray(cov)))
        z = np.asarray(solve_lower(jnp.asarray(factor), jnp.asarray(np.ones((2, size)))))
        np.testing.assert_allclose(factor, np.linalg.cholesky(cov), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(factor @ z.T, np.ones((size, 2)), rtol=1e-9)
        assert np.all(np.isnan(np.diagonal(cholesky(-jnp.asarray(cov)))))


def test_small_density_has_no_custom_call():
    """LAPACK's calls would keep a sampler's loop from becoming one function on CPU."""
    mu, cov, _ = random_normal(3)

    def density(mu, cov):
        return MvNormal._unflatten((("mu", "cov"), ()), (mu, cov))._log_prob(jnp.zeros((9, 3)))

    with float64():
        gradient = jax.grad(lambda *a: jnp.sum(density(*a)), (0, 1))
        text = jax.jit(gradient).lower(mu, cov).compile().as_text()
    assert "custom-call" not in text


def test_scalar_mean_is_that_of_all():
    np.testing.assert_array_equal(MvNormal(2, np.eye(3)).mean(), np.full(3, 2.0))
    mu = Leaf("mu", (), np.dtype(float))
    assert MvNormal(mu, np.eye(3)).mu.shape == (3,)


def test_matrices_that_are_not_are_named():
    with pytest.raises(ShapeError, match=r"mu has shape \(2,\) and cov \(3, 3\)"):
        MvNormal([0.0, 0.0], np.eye(3))
    with pytest.raises(ShapeError, match=r"cov must be square.*\(2, 3\)"):
        MvNormal([0.0, 0.0], np.ones((2, 3)))
    with pytest.raises(ParameterError, match=r"cov must be a matrix.*\(2,\)"):
        MvNormal([0.0, 0.0], [1.0, 1.0])
    with pytest.raises(ParameterError, match=r"cov or tau or chol.*none"):
        MvNormal([0.0, 0.0])
    with pytest.raises(ParameterError, match="got cov and chol"):
        MvNormal([0.0, 0.0], np.eye(2), chol=np.eye(2))
    with pytest.raises(ParameterError, match="positive-definite"):
        MvNormal([0.0, 0.0], [[1.0, 2.0], [2.0, 1.0]])
