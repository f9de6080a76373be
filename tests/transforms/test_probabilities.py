"""Simplexes: the measure, the geometry and the corners."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import gammaln

from aliquot.transforms import simplex


def test_zero_is_the_uniform_simplex():
    np.testing.assert_allclose(simplex.backward(np.zeros(6)), np.full(7, 1 / 7), rtol=1e-14)


def test_distances_in_y_are_aitchisons(rng):
    x, other = rng.dirichlet(np.ones(4), 2)
    logs = np.log(x) - np.log(other)
    expected = np.linalg.norm(logs - logs.mean())
    given = np.linalg.norm(simplex.forward(x) - simplex.forward(other))
    np.testing.assert_allclose(given, expected, rtol=1e-12)


@pytest.mark.parametrize("alpha", [(1.0, 1.0, 1.0), (0.4, 2.0, 5.0)])
def test_dirichlet_density_integrates_to_one(alpha):
    """The trapezium rule, which converges geometrically for smooth functions that fade out."""
    grid = np.linspace(-90, 90, 1201)
    y = np.stack(np.meshgrid(grid, grid), axis=-1)

    def log_density(y):
        powers = jnp.sum((jnp.asarray(alpha) - 1.0) * jnp.log(simplex.backward(y)), axis=-1)
        return powers + simplex.log_det_jacobian(y)

    constant = gammaln(sum(alpha)) - gammaln(alpha).sum()
    mass = np.exp(constant + jax.jit(log_density)(y)).sum() * (grid[1] - grid[0]) ** 2
    np.testing.assert_allclose(mass, 1.0, rtol=1e-9)


def test_dirichlet_gradient_is_finite_in_the_corners(rng):
    def log_density(y, alpha):
        return jnp.sum((alpha - 1.0) * jnp.log(simplex.backward(y))) + simplex.log_det_jacobian(y)

    points = 700.0 * rng.choice([-1.0, 0.0, 1.0], (50, 4))
    both = jax.jit(jax.vmap(jax.value_and_grad(log_density), (0, None)))
    for alpha in (0.01, 1.0, 1e3):
        values, slopes = both(points, alpha)
        assert np.isfinite(values).all()
        assert np.isfinite(slopes).all()


def test_a_start_on_the_boundary_has_finite_coordinates():
    assert np.isfinite(simplex.forward(np.array([1.0, 0.0, 0.0]))).all()
