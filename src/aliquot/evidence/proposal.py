"""Proposals that look like given draws, and can be drawn from at will."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aliquot.evidence.expectation_maximisation import gaussians
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.gaussians.scale import dense

# More draws than these tell little more of what a proposal should look like.
MOST_POINTS = 4000
# Degrees of freedom that are tried, from the heaviest tails to the lightest.
TAILS = (5.0, 10.0, 30.0, np.inf)
# Heavy tails may cost so many nats a draw: ratios to lighter ones vary more.
CHEAP = 0.03


def fit_proposal(points: np.ndarray, rng: np.random.Generator) -> GaussianMixture:
    """Return a distribution fitted to points (n, d), with the heaviest tails that fit.

    It has their mean and covariance, or is a mixture where they are clearly not elliptical.
    """
    few = np.linspace(0, len(points) - 1, min(len(points), MOST_POINTS)).astype(int)
    points = points[few]
    normal = gaussians(points, rng)
    candidates = [_with_tails(normal, tails) for tails in TAILS]
    heights = np.array([each.log_density(points).mean() for each in candidates])
    return candidates[int(np.argmax(heights >= heights.max() - CHEAP))]


def _with_tails(normal: GaussianMixture, tails: float) -> GaussianMixture:
    """Give the t distributions of the same covariances."""
    if np.isinf(tails):
        return normal
    narrower = (tails - 2.0) / tails
    scales = tuple(dense(scale.covariance() * narrower) for scale in normal.scales)
    return replace(normal, scales=scales, tails=tails)
