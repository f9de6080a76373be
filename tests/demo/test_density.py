"""Densities for the pictures: mass one, the right place, and the exact one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from aliquot.demo import Analysis, Settings
from aliquot.demo.density import (
    exact_joint,
    exact_marginals,
    joint_density,
    scale_within_mode,
)
from aliquot.demo.quadrature import exact_posterior
from aliquot.reporting.densities import line_density


def test_exact_joint_has_mass_one_and_knows_the_ordering(analysis):
    for ordered in (False, True):
        points, density = exact_joint(analysis, ordered=ordered)
        # 4.6 standard deviations each way, and a step of the grid on the diagonal.
        assert density.sum() * (points[1] - points[0]) ** 2 == pytest.approx(1, abs=0.01)
    assert (density[points[:, None] > points] == 0).all()


def test_marginals_are_equal_without_an_ordering(analysis):
    points, (first, second) = exact_marginals(analysis, ordered=False)
    np.testing.assert_allclose(first, second)
    points, (first, second) = exact_marginals(analysis, ordered=True)
    assert points @ first < points @ second


def test_line_density_of_two_narrow_modes(rng):
    draws = np.concatenate([rng.normal(-2, 0.1, 20_000), rng.normal(2, 0.1, 20_000)])
    points = np.linspace(-3, 3, 601)
    density = line_density(draws, points, 0.1)
    exact = 0.5 * norm.pdf(points, -2, 0.1) + 0.5 * norm.pdf(points, 2, 0.1)
    assert density.sum() * 0.01 == pytest.approx(1, abs=1e-3)
    # The standard error at the peak is 1.5%, the smoothing 1%.
    assert abs(density - exact).max() < 0.1 * exact.max()


def test_joint_density_has_mass_one(rng):
    points = np.linspace(-4, 4, 81)
    density = joint_density(rng.normal(size=(5_000, 2)), points)
    assert density.sum() * 0.01 == pytest.approx(1, abs=0.01)
    assert np.unravel_index(density.argmax(), density.shape) == pytest.approx((40, 40), abs=6)


def test_spread_within_a_mode(rng):
    draws = rng.normal([-2.0, 2.0], 0.1, (5_000, 2))
    mirrored = np.concatenate([draws, draws[:, ::-1]])
    assert scale_within_mode(mirrored) == pytest.approx(scale_within_mode(draws))
    assert scale_within_mode(draws) == pytest.approx(0.1, rel=0.05)


def test_distant_modes_are_resolved():
    settings = Settings(n=200, means=(-20.0, 20.0))
    data, labels = settings.simulate()
    analysis = Analysis(settings, data, labels, exact_posterior(data))
    for ordered in (False, True):
        points, density = exact_joint(analysis, ordered=ordered)
        assert density.sum() * (points[1] - points[0]) ** 2 == pytest.approx(1, abs=0.01)
