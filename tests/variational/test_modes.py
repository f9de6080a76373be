"""Modes, their Gaussians and their weights against closed forms and quadrature."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from aliquot.errors import FitError
from aliquot.variational.modes.laplace import mixture_of
from aliquot.variational.modes.search import find_modes, folded
from tests.variational.targets import correlated_gaussian, of_height


def starts(size: int, width: float = 3.0, count: int = 8) -> list[np.ndarray]:
    return [*np.random.default_rng(1).uniform(-width, width, (count, size))]


def test_of_a_gaussian_it_is_exact() -> None:
    target, mean, covariance = correlated_gaussian()
    search = find_modes(target, starts(mean.size))
    assert len(search.modes) == 1
    assert not search.failures
    gaussian = search.modes[0].gaussian
    np.testing.assert_allclose(gaussian.mean, mean, atol=1e-5)
    np.testing.assert_allclose(gaussian.covariance, covariance, rtol=1e-6, atol=1e-9)


def test_its_mass_is_that_of_the_integral() -> None:
    def height(x: Any, data: Any) -> Any:
        return 7.0 - 0.5 * (x[0] ** 2 / 4 + (x[1] - x[0]) ** 2 / 9)

    search = find_modes(of_height(height, 2), starts(2))
    assert search.modes[0].log_mass == pytest.approx(7 + np.log(2 * np.pi * 2 * 3), abs=1e-9)


def two_bumps(x: Any, data: Any) -> Any:
    """Of the weights .8 and .2, and unequal widths, along the first coordinate."""
    wide = jnp.log(0.8) - 0.5 * ((x[0] + 6) / 2) ** 2 - jnp.log(2.0)
    narrow = jnp.log(0.2) - 0.5 * ((x[0] - 6) / 0.5) ** 2 - jnp.log(0.5)
    return jnp.logaddexp(wide, narrow) - 0.5 * x[1] ** 2


@pytest.mark.parametrize("seed", range(3))
def test_modes_are_weighted_by_their_mass(seed: int) -> None:
    target = of_height(two_bumps, 2)
    search = find_modes(target, starts(2, 8.0, 12))
    assert len(search.modes) == 2
    rng = np.random.default_rng(seed)
    q = mixture_of(target, search.modes, rng)
    order = np.argsort(q.centers[:, 0])
    # Of 2,000 draws, each of which is right to begin with.
    np.testing.assert_allclose(q.weights[order], [0.8, 0.2], atol=5 * 0.4 / np.sqrt(2000))
    np.testing.assert_allclose(q.mean[0], 0.8 * -6 + 0.2 * 6, atol=12 * 5 * 0.4 / np.sqrt(2000))


def test_a_mode_without_mass_is_left_out() -> None:
    def height(x: Any, data: Any) -> Any:
        return jnp.logaddexp(-0.5 * (x[0] + 6) ** 2, -50 - 0.5 * (x[0] - 6) ** 2)

    target = of_height(height, 1)
    search = find_modes(target, starts(1, 8.0, 12))
    assert len(search.modes) == 2
    q = mixture_of(target, search.modes, np.random.default_rng(0))
    assert q.centers[:, 0].round(3).tolist() == [-6.0]


def test_a_skewed_mode_is_not_believed_to_be_what_laplace_says() -> None:
    """A Gamma(1.2) has more mass than its mode's curvature says; its weight is that of the mass."""

    def height(x: Any, data: Any) -> Any:
        left = 1.2 * (x[0] + 20) - jnp.exp(x[0] + 20)  # log of a gamma variable
        right = -0.5 * (x[0] - 20) ** 2
        return jnp.logaddexp(left, right)

    target = of_height(height, 1)
    search = find_modes(target, [np.array([-20.0]), np.array([20.0])])
    q = mixture_of(target, search.modes, np.random.default_rng(3))
    from scipy.special import gamma

    masses = np.array([gamma(1.2), np.sqrt(2 * np.pi)])
    order = np.argsort(q.centers[:, 0])
    np.testing.assert_allclose(q.weights[order], masses / masses.sum(), atol=0.05)


def test_mirror_images_are_one_mode() -> None:
    def height(x: Any, data: Any) -> Any:
        return jnp.logaddexp(-0.5 * ((x - 4) ** 2).sum(), -0.5 * ((x + 4) ** 2).sum())

    target = of_height(height, 2)
    search = find_modes(target, starts(2, 6.0, 12))
    assert len(search.modes) == 2
    best = search.modes[0].position

    def fold(points: np.ndarray) -> np.ndarray:
        return np.where((points @ best > 0)[:, None], points, -points)

    assert len(folded(search, target, fold)) == 1


# What has none -----------------------------------------------------------------------------------


def test_a_flat_direction_is_named() -> None:
    target = of_height(lambda x, data: -0.5 * (x[0] + x[1]) ** 2 - 0.5 * x[2] ** 2, 3)
    search = find_modes(target, starts(3))
    assert not search.modes
    message = str(search.failures[0])
    assert "not definite" in message
    assert "x[0]" in message
    assert "x[1]" in message
    assert "x[2]" not in message


def test_a_coordinate_that_nothing_depends_on_is_named() -> None:
    search = find_modes(of_height(lambda x, data: -0.5 * x[0] ** 2, 2), starts(2))
    assert "flat along x[1]" in str(search.failures[0])


def test_a_saddle_is_left() -> None:
    def height(x: Any, data: Any) -> Any:
        return x[0] ** 2 - x[0] ** 4 - x[1] ** 2

    search = find_modes(of_height(height, 2), [np.zeros(2)])
    assert abs(search.modes[0].position[0]) == pytest.approx(np.sqrt(0.5), abs=1e-5)


def test_what_runs_off_is_named() -> None:
    search = find_modes(of_height(lambda x, data: x[1] - x[0] ** 2, 2), starts(2))
    assert not search.modes
    assert "ran off" in str(search.failures[0])
    assert "x[1]" in str(search.failures[0])


def test_no_start_with_a_density_is_nothing() -> None:
    search = find_modes(of_height(lambda x, data: x[0] * jnp.nan, 1), starts(1))
    assert not search.modes
    assert not search.failures


def test_too_many_coordinates_are_refused() -> None:
    with pytest.raises(FitError, match="matrix of 5,000 rows"):
        find_modes(of_height(lambda x, data: -(x**2).sum(), 5000), [np.zeros(5000)])


def test_an_interrupt_keeps_the_modes_so_far() -> None:
    asked: list[None] = []

    def stopped() -> bool:
        asked.append(None)
        return len(asked) > 2

    search = find_modes(of_height(two_bumps, 2), starts(2, 8.0), stopped=stopped)
    assert search.interrupted
