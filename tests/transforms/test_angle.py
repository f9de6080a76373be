"""Angles: the turns of y share the density of one angle."""

import jax
import numpy as np

from aliquot.transforms import circular


def test_weights_of_all_turns_sum_to_one():
    angles = np.linspace(-np.pi, np.pi, 9)
    turns = 2 * np.pi * np.arange(-200, 201)
    weights = np.exp(circular.log_det_jacobian(angles[:, None] + turns))
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-12)


def test_density_of_y_is_proper_and_gives_the_angle_its_own():
    """A von Mises angle, on the line: total mass 1, and the right mean resultant length."""
    from scipy.special import i0, i1

    kappa, mu = 3.0, 2.9
    y = np.linspace(-600, 600, 400_001)
    x = np.asarray(circular.backward(y))
    mass = np.exp(kappa * np.cos(x - mu) + circular.log_det_jacobian(y)) / (2 * np.pi * i0(kappa))
    np.testing.assert_allclose(np.trapezoid(mass, y), 1.0, rtol=1e-9)
    resultant = np.trapezoid(mass * np.cos(x - mu), y)
    np.testing.assert_allclose(resultant, i1(kappa) / i0(kappa), rtol=1e-9)


def test_y_turns_with_slope_one_across_the_seam():
    points = np.array([0.0, 3.0, np.pi + 0.1, 3 * np.pi - 1e-9, -5.0, 100.0])
    angles = np.asarray(circular.backward(points))
    np.testing.assert_allclose(np.exp(1j * angles), np.exp(1j * points), atol=1e-12)
    np.testing.assert_allclose(jax.jit(jax.vmap(jax.grad(circular.backward)))(points), 1.0)


def test_next_float_after_pi_is_still_an_angle():
    edge = np.nextafter(np.pi, 4)
    assert np.abs(circular.backward(np.array([edge, -edge, 3 * np.pi]))).max() <= np.pi


def test_weight_hardly_tilts_turn_zero():
    slope = jax.jit(jax.vmap(jax.grad(circular.log_det_jacobian)))(np.linspace(-np.pi, np.pi, 11))
    assert np.abs(slope).max() < 0.01
