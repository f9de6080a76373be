"""Laplace's approximation: a Gaussian at each mode, weighted by the mass that it stands for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.modes.search import Mode
from aliquot.variational.modes.weights import weighed
from aliquot.variational.target import Target

# Modes whose mass by Laplace's method is this much smaller in nats are not looked at more closely:
# it may be wrong, but not by as much.
HOPELESS = 30.0


def mixture_of(
    density: Target,
    modes: Sequence[Mode],
    rng: np.random.Generator,
    inside: Callable[[np.ndarray], np.ndarray] | None = None,
) -> GaussianMixture:
    """Return the Gaussians at some modes, none a mirror image of another, side by side.

    Of points (n, d), `inside` says which are in the cell of one mirror mode. The highest mode comes
    first while it has mass.
    """
    log_masses = np.array([mode.log_mass for mode in modes])
    near = np.flatnonzero(log_masses >= log_masses.max() - HOPELESS)
    mixture = GaussianMixture.joined([modes[int(k)].gaussian for k in near], log_masses[near])
    return weighed(density, mixture, rng, inside)
