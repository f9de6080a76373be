"""Fits that have run off: a density that rises without end has no posterior to stand for."""

from __future__ import annotations

import numpy as np

from aliquot.errors import FitError
from aliquot.newton.climb import BEYOND
from aliquot.variational.failure import listed
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.heights import Gradients

# No posterior is this wide on the unconstrained scale.
WIDEST = 1e30
# By so many nats the density rises over a standard deviation of what has run off.
RISING = 0.1


def refuse_runaway(gradients: Gradients, q: GaussianMixture) -> None:
    """Raise a FitError that names the coordinates in which a fit is far out and would go on."""
    _, slopes = gradients(q.centers)
    away = np.zeros(q.size, bool)
    for center, scale, slope in zip(q.centers, q.scales, slopes, strict=True):
        with np.errstate(over="ignore", invalid="ignore"):
            std = np.sqrt(scale.variance())
            settled = slope * np.sign(center) * std <= RISING
        away |= ~(std <= WIDEST) | ((np.abs(center) > BEYOND) & ~settled)
    if away.any():
        names = listed([gradients.labels[int(i)] for i in np.flatnonzero(away)])
        raise FitError(
            f"the fit runs off in {names}: the density rises there without end, or does not fall. "
            "The posterior is improper, or its maximum is where numbers end. Give these variables "
            "proper priors, or fix one of those that can make up for each other"
        )
