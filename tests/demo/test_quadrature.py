"""The quadrature against known values, brute force and symmetry."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from aliquot.demo.quadrature import exact_posterior, log_joint
from tests.seeds import fixed


def simulate(n, low, high, seed=0):
    rng = fixed(seed)  # what is said of them below is true of these data
    z = rng.integers(0, 2, n)
    return rng.normal(np.array([low, high])[z], 1.0)


def test_classic_posterior():
    exact = exact_posterior(simulate(100, -1.0, 1.0))
    np.testing.assert_allclose(exact.ordered.mean, [-0.88681, 1.13043], atol=6e-6)
    np.testing.assert_allclose(exact.ordered.sd, [0.18511, 0.17405], atol=6e-6)
    assert exact.ordered.correlation == pytest.approx(0.1376, abs=6e-5)
    assert exact.log_evidence == pytest.approx(-180.50878, abs=6e-6)


def test_log_joint_is_that_of_the_model():
    data = simulate(20, -1.0, 2.0)
    m1, m2 = np.array([-0.7, 3.0]), np.array([1.4, 3.0])
    likelihood = 0.5 * norm.pdf(data[:, None], m1) + 0.5 * norm.pdf(data[:, None], m2)
    expected = np.log(likelihood).sum(axis=0) + norm.logpdf(m1, 0, 10) + norm.logpdf(m2, 0, 10)
    np.testing.assert_allclose(log_joint(m1, m2, data), expected, rtol=1e-12)


# Few data leave a long ridge, where one mean is wherever its prior allows; close means meet on the
# diagonal; distant ones have a narrow posterior far from the origin.
@pytest.mark.parametrize(
    ("n", "low", "high", "reach"),
    [(10, -0.75, 0.75, (-70, 70)), (100, -0.05, 0.05, (-3, 3)), (50, -20.0, 20.0, (-22, 22))],
)
def test_against_a_plain_grid(n, low, high, reach):
    data = simulate(n, low, high)
    points = np.linspace(*reach, 1601)
    first, second = np.meshgrid(points, points)
    terms = log_joint(first, second, data)
    weights = np.exp(terms - terms.max())
    log_evidence = terms.max() + np.log(weights.sum() * (points[1] - points[0]) ** 2)
    weights /= weights.sum()
    exact = exact_posterior(data)
    # The rule on an even grid is exact to rounding for a smooth density, here for all but the
    # sorted means, whose kink on the diagonal costs the square of the spacing.
    assert exact.log_evidence == pytest.approx(log_evidence, abs=1e-6)
    assert exact.unordered.mean[0] == pytest.approx((weights * first).sum(), abs=1e-6)
    variance = (weights * (first - exact.unordered.mean[0]) ** 2).sum()
    assert exact.unordered.sd[0] == pytest.approx(np.sqrt(variance), rel=1e-6)
    kink = (points[1] - points[0]) ** 2
    lower = (weights * np.minimum(first, second)).sum()
    assert exact.ordered.mean[0] == pytest.approx(lower, abs=max(kink, 1e-6))


def test_moments_of_both_halves_agree():
    exact = exact_posterior(simulate(100, -0.75, 0.75))
    (low, high), (sd_low, sd_high) = exact.ordered.mean, exact.ordered.sd
    centre = (low + high) / 2
    variance = (sd_low**2 + sd_high**2) / 2 + (high - low) ** 2 / 4
    assert exact.unordered.mean == pytest.approx([centre, centre])
    assert exact.unordered.sd == pytest.approx(np.sqrt([variance, variance]))
    covariance = exact.ordered.correlation * sd_low * sd_high - (high - low) ** 2 / 4
    assert exact.unordered.correlation == pytest.approx(covariance / variance)
