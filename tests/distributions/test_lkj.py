"""The LKJ density by quadrature, against its simulation, and its parts."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats

from aliquot.distributions.lkj import (
    LKJCholeskyCov,
    correlation_and_scales,
    lkj_cholesky_draw,
    lkj_log_constant,
)
from aliquot.distributions.location_scale import HalfNormal, Normal
from aliquot.errors import ParameterError
from aliquot.precision import float64
from tests.distributions.law import log_prob_of
from tests.programs import quick


@pytest.mark.parametrize("eta", [0.7, 1.0, 2.5])
def test_constant_of_two_rows_by_quadrature(eta):
    # weight="alg" takes the singularity that there is at the ends for eta < 1.
    whole, _ = integrate.quad(lambda r: 1.0, -1, 1, weight="alg", wvar=(eta - 1, eta - 1))
    with float64():
        assert np.isclose(lkj_log_constant(eta, 2), np.log(whole), rtol=1e-10)


def test_constant_of_three_rows_is_the_volume_of_correlation_matrices():
    """For eta = 1 it is pi**2 / 2, and for eta = 2 an integral by quadrature."""
    with float64():
        assert np.isclose(lkj_log_constant(1.0, 3), np.log(np.pi**2 / 2), rtol=1e-12)
        ours = float(lkj_log_constant(2.0, 3))

    def determinant(c, b, a):
        return 1 + 2 * a * b * c - a * a - b * b - c * c

    def ends(b, a, sign):
        return a * b + sign * np.sqrt((1 - a * a) * (1 - b * b))

    # c integrates in closed form, the rest by Gauss-Legendre in the angles.
    angle, weight = np.polynomial.legendre.leggauss(60)
    angle, weight = angle * np.pi / 2, weight * np.pi / 2
    total = 0.0
    for t, wt in zip(angle, weight, strict=True):
        for s, ws in zip(angle, weight, strict=True):
            a, b = np.sin(t), np.sin(s)
            low, high = ends(b, a, -1), ends(b, a, 1)
            middle = determinant((low + high) / 2, b, a)
            total += wt * ws * np.cos(t) * np.cos(s) * 2 / 3 * (high - low) * middle
    assert np.isclose(ours, np.log(total), rtol=1e-10)


def test_density_of_two_rows_integrates_to_one():
    """Over the three entries of the factor, with half-normal standard deviations."""
    dist = LKJCholeskyCov(eta=1.7, n=2, sd_dist=HalfNormal([1.0, 0.5]))
    scales = np.linspace(0, 6, 241)[1:]
    angle, weight = np.polynomial.legendre.leggauss(40)
    angle, weight = angle * np.pi / 2, weight * np.pi / 2
    # Second row in polar coordinates: dL21 dL22 = r dr dt, which is smooth.
    l11, r, t = np.meshgrid(scales, scales, angle, indexing="ij")
    chol = np.zeros((*l11.shape, 2, 2))
    chol[..., 0, 0], chol[..., 1, 0], chol[..., 1, 1] = l11, r * np.sin(t), r * np.cos(t)
    density = np.exp(log_prob_of(dist, chol)) * r
    simpson = integrate.simpson
    # The density over r and l11 has a finite limit at 0: extrapolate it there.
    over_angle = density @ weight
    over = [np.concatenate([[3 * v[0] - 3 * v[1] + v[2]], v]) for v in over_angle.T]
    first = simpson(np.stack(over, axis=1), dx=scales[0], axis=0)
    first = np.concatenate([[3 * first[0] - 3 * first[1] + first[2]], first])
    assert np.isclose(simpson(first, dx=scales[0]), 1.0, atol=1e-6)


def test_density_equals_that_of_correlations_and_scales():
    """By the Jacobian of (scales, correlations) -> factor, from autodiff, for three rows."""
    dist = LKJCholeskyCov(eta=2.5, n=3, sd_dist=HalfNormal(1.5))
    sds, r = np.array([0.7, 2.0, 1.1]), np.array([0.3, -0.4, 0.5])
    lower = np.tril_indices(3)

    def factor(flat):
        s, (a, b, c) = flat[:3], flat[3:]
        corr = jnp.array([[1.0, a, b], [a, 1.0, c], [b, c, 1.0]])
        return jnp.linalg.cholesky(corr * s[:, None] * s)

    with float64():
        flat = jnp.asarray(np.concatenate([sds, r]))
        chol = np.asarray(factor(flat))
        jacobian = np.asarray(quick(jax.jacobian(lambda f: factor(f)[lower]))(flat))
        parts = correlation_and_scales(chol)
        constant = float(lkj_log_constant(2.5, 3))
        np.testing.assert_allclose(parts.scales, sds, rtol=1e-12)
        np.testing.assert_allclose(parts.correlation[np.tril_indices(3, -1)], r, rtol=1e-12)
        corr = np.asarray(parts.correlation)
    expected = 1.5 * np.log(np.linalg.det(corr)) - constant
    expected += stats.halfnorm(0, 1.5).logpdf(sds).sum() - np.linalg.slogdet(jacobian)[1]
    np.testing.assert_allclose(log_prob_of(dist, chol), expected, rtol=1e-12)


@pytest.mark.parametrize("eta", [0.8, 3.0])
def test_draws_have_the_moments_of_the_density(eta):
    """E[det R] follows from the ratio of constants at eta + 1 and eta."""
    n, count = 3, 40_000
    with float64():
        draw = quick(lambda key: lkj_cholesky_draw(key, eta, (count, n, n)))
        chol = np.asarray(draw(jax.random.key(1)))
        expected = np.exp(float(lkj_log_constant(eta + 1, n) - lkj_log_constant(eta, n)))
    np.testing.assert_allclose(np.sum(chol**2, axis=-1), 1.0, rtol=1e-12)
    determinant = np.prod(np.diagonal(chol, axis1=1, axis2=2), axis=1) ** 2
    assert abs(determinant.mean() - expected) < 4.5 * determinant.std() / np.sqrt(count)
    correlations = chol @ np.swapaxes(chol, 1, 2)
    shape = eta - 1 + n / 2
    for i, j in [(1, 0), (2, 0), (2, 1)]:
        uniform = stats.beta(shape, shape).cdf((correlations[:, i, j] + 1) / 2)
        assert stats.kstest(uniform, "uniform").pvalue > 1e-5


def test_gradient_equals_finite_differences():
    dist = LKJCholeskyCov(eta=1.5, n=3, sd_dist=HalfNormal([1.0, 2.0, 3.0]))
    chol = np.linalg.cholesky([[2.0, 0.6, -0.3], [0.6, 1.0, 0.2], [-0.3, 0.2, 0.5]])
    step = 1e-6
    with float64():
        gradient = np.asarray(quick(jax.grad(dist.checked_log_prob))(chol))
    for i, j in zip(*np.tril_indices(3), strict=True):
        unit = np.zeros((3, 3))
        unit[i, j] = step
        slope = (dist.log_prob(chol + unit) - dist.log_prob(chol - unit)) / (2 * step)
        assert np.isclose(gradient[i, j], slope, rtol=1e-6, atol=1e-6)


def test_batches():
    dist = LKJCholeskyCov(eta=np.array([1.0, 2.0]), n=3, sd_dist=HalfNormal(np.ones((2, 3))))
    assert dist.shape == (2, 3, 3)
    draws = dist.sample(5, random_seed=0)
    assert draws.shape == (5, 2, 3, 3)
    one = LKJCholeskyCov(eta=2.0, n=3, sd_dist=HalfNormal(1.0))
    np.testing.assert_allclose(
        log_prob_of(dist, draws)[:, 1], log_prob_of(one, draws[:, 1]), rtol=1e-12
    )
    with float64():
        assert np.all(np.isfinite(log_prob_of(dist, np.asarray(dist.start()))))


def test_scales_that_are_not_are_refused():
    with pytest.raises(ParameterError, match="positive numbers; Normal"):
        LKJCholeskyCov(1.0, 2, Normal(0.0, 1.0))
    with pytest.raises(ParameterError, match=r"sd_dist must be a distribution.*2\.0"):
        LKJCholeskyCov(1.0, 2, 2.0)
    with pytest.raises(ParameterError, match=r"ends in n = 2; its shape is \(3,\)"):
        LKJCholeskyCov(1.0, 2, HalfNormal([1.0, 1.0, 1.0]))
    with pytest.raises(ParameterError, match=r"n must be a whole number.*2\.5"):
        LKJCholeskyCov(1.0, 2.5, HalfNormal(1.0))
