"""NormalMixture against the general mixture, SciPy, finite differences and a known evidence."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from aliquot.distributions.location_scale import Normal
from aliquot.distributions.mixture import Mixture
from aliquot.distributions.normal_mixture import NormalMixture
from aliquot.errors import ShapeError
from aliquot.precision import float64
from tests.distributions.law import log_prob_of
from tests.programs import quick
from tests.seeds import fixed

X = np.concatenate([np.linspace(-6, 6, 41), [-200.0, 80.0, 1e5]])


def log_prob(w, mu, sigma, x):
    """Give the density as a function of its parameters, for gradients."""
    dist = NormalMixture._unflatten((("w", "mu", "sigma"), ()), (w, mu, sigma))
    return dist.checked_log_prob(x)


def random_mixture(size, seed):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(size)), rng.normal(0, 3, size), rng.gamma(3, 0.5, size)


@pytest.mark.parametrize("size", [1, 2, 3, 8, 9, 20])
def test_equals_the_general_mixture(size):
    w, mu, sigma = random_mixture(size, size)
    ours = log_prob_of(NormalMixture(w, mu, sigma), X)
    np.testing.assert_allclose(ours, log_prob_of(Mixture(w, Normal(mu, sigma)), X), rtol=1e-13)
    listed = [Normal(m, s) for m, s in zip(mu, sigma, strict=True)]
    np.testing.assert_allclose(ours, log_prob_of(Mixture(w, listed), X), rtol=1e-13)


@pytest.mark.parametrize("size", [2, 3, 12])
def test_gradients_equal_finite_differences(size):
    w, mu, sigma = random_mixture(size, 10 + size)
    x = X[:41]
    with float64():
        for argument, value in enumerate([w, mu, sigma, x]):
            arguments = [w, mu, sigma, x]

            def total(v, arguments=arguments, argument=argument):
                return jnp.sum(log_prob(*arguments[:argument], v, *arguments[argument + 1 :]))

            gradient, total = quick(jax.grad(total))(value), quick(total)
            step = 1e-5
            differences = [
                (total(value + step * unit) - total(value - step * unit)) / (2 * step)
                for unit in np.eye(value.size)
            ]
            np.testing.assert_allclose(gradient, differences, rtol=1e-6, atol=1e-6)


def test_second_derivatives_equal_those_of_the_plain_formula():
    w, mu, sigma = random_mixture(2, 3)

    def plain(mu):
        each = jnp.log(w) + jax.scipy.stats.norm.logpdf(X[:41, None], mu, sigma)
        return jnp.sum(jax.scipy.special.logsumexp(each, axis=-1))

    with float64():
        ours = quick(jax.hessian(lambda m: jnp.sum(log_prob(w, m, sigma, X[:41]))))(mu)
        np.testing.assert_allclose(ours, quick(jax.hessian(plain))(mu), rtol=1e-9)


@pytest.mark.parametrize("w", [[1.0, 0.0], [0.0, 1.0]])
@pytest.mark.parametrize("x", [-90.0, -1.0, 0.0, 2.0, 90.0])
def test_zero_weight_leaves_the_other_component(w, x):
    mu, sigma = np.array([-1.0, 2.0]), np.array([1.0, 0.5])
    alone = stats.norm(mu[np.argmax(w)], sigma[np.argmax(w)]).logpdf(x)
    assert np.isclose(NormalMixture(w, mu, sigma).log_prob(x), alone, rtol=1e-13)
    with float64():
        by_w, by_mu = map(np.asarray, jax.grad(log_prob, (0, 1))(np.array(w), mu, sigma, x))
    # d log f / d w_k = f_k / f, also at w_k = 0; what is beyond 1e300 is cut there.
    expected = stats.norm(mu, sigma).logpdf(x) - alone
    inside = expected < 600
    np.testing.assert_allclose(by_w[inside], np.exp(expected[inside]), rtol=1e-9)
    assert np.all(by_w[~inside] > 1e200)
    slope = (x - mu) / sigma**2 * np.array(w)
    np.testing.assert_allclose(by_mu, slope, rtol=1e-12)


def test_far_values_are_neither_nan_nor_positive():
    with float64():
        program = quick(jax.value_and_grad(log_prob, (0, 1, 2)))
        for x in [1e150, 1e160, 1e300, -1e300]:
            value, gradient = program(
                jnp.array([0.5, 0.5]), jnp.array([-1.0, 1.0]), jnp.array([1.0, 1.0]), x
            )
            assert value == -np.inf or value < -1e299
            assert not any(np.any(np.isnan(g)) for g in gradient)
        for x in [np.nan, np.inf]:
            assert NormalMixture([0.5, 0.5], [-1.0, 1.0]).log_prob(x) == -np.inf


def test_weights_and_means_by_row():
    rng = np.random.default_rng(5)
    w, mu, x = rng.dirichlet(np.ones(3), 7), rng.normal(size=(7, 3)), rng.normal(size=7)
    dist = NormalMixture(w, mu, 0.8)
    assert dist.shape == (7,)
    each = stats.norm(mu, 0.8).logpdf(x[:, None])
    np.testing.assert_allclose(dist.log_prob(x), special.logsumexp(each, b=w, axis=1), rtol=1e-13)
    with float64():
        np.testing.assert_allclose(dist.component_log_prob(x), each, rtol=1e-13)


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ShapeError, match=r"w \(2,\), mu \(3,\)"):
        NormalMixture([0.5, 0.5], [0.0, 1.0, 2.0])
    with pytest.raises(ShapeError, match="last axis of w must have length 3"):
        NormalMixture([1.0], [0.0, 1.0, 2.0])


def test_precision_in_place_of_scale():
    x = NormalMixture([0.5, 0.5], [0.0, 1.0], tau=4.0).log_prob(X)
    np.testing.assert_allclose(x, NormalMixture([0.5, 0.5], [0.0, 1.0], 0.5).log_prob(X))


@pytest.mark.parametrize("size", [2, 12])
def test_a_component_of_a_tiny_weight_over_its_scale_is_not_lost(size):
    """Far from the others it is all there is, however small."""
    w = np.full(size, 1 / size)
    w[0] = 1e-200
    w[1:] /= w[1:].sum()
    mu, sigma = np.zeros(size), np.full(size, 1.0)
    sigma[0] = 1e150
    x = np.array([-1e150, 0.0, 3e149])
    expected = log_prob_of(Mixture(w, Normal(mu, sigma)), x)
    assert np.all(np.isfinite(expected))
    np.testing.assert_allclose(log_prob_of(NormalMixture(w, mu, sigma), x), expected, rtol=1e-14)


def test_evidence_of_two_close_normals():
    """Log evidence by quadrature of two means with Normal(0, 10) priors: -180.50878."""
    rng = fixed(0)
    z = rng.integers(0, 2, 100)
    data = rng.normal(np.array([-1.0, 1.0])[z], 1.0)
    # The posterior is within 3 of the origin, and smooth: the trapezoid rule converges fast.
    grid = np.linspace(-4.0, 4.0, 161)
    first, second = np.meshgrid(grid, grid, indexing="ij")
    means = np.stack([first, second], axis=-1).reshape(-1, 2)
    with float64():
        likelihood = quick(
            lambda m: jax.lax.map(
                lambda one: jnp.sum(log_prob(jnp.array([0.5, 0.5]), one, jnp.array(1.0), data)),
                m,
                batch_size=512,
            )
        )(jnp.asarray(means))
    prior = np.sum(stats.norm(0, 10).logpdf(means), axis=-1)
    cell = 2 * np.log(grid[1] - grid[0])
    evidence = special.logsumexp(np.asarray(likelihood) + prior) + cell
    assert abs(evidence - -180.50878) < 1e-5
