"""Two modes far apart, and a reference that is wide enough for both."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.tempering.reference import MixtureReference
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.gaussians.scale import Diagonal

# The mass of the mode at -20, and the integral over both.
SHARE = 0.3
LOG_INTEGRAL = 3.0


def two_modes(x: Any, data: Any) -> Any:
    """Unit Gaussians at -20 and 20 in every coordinate."""
    low = -0.5 * jnp.sum((x + 20.0) ** 2) + np.log(SHARE)
    high = -0.5 * jnp.sum((x - 20.0) ** 2) + np.log1p(-SHARE)
    return jnp.logaddexp(low, high) - 0.5 * x.shape[0] * np.log(2 * np.pi) + LOG_INTEGRAL


def wide(size: int, std: float = 30.0) -> MixtureReference:
    return MixtureReference(
        GaussianMixture.of(np.zeros(size), Diagonal(np.full(size, std))), "wide"
    )
