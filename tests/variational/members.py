"""Members of the families on the host: their draws from given noise, and their numbers."""

from __future__ import annotations

import numpy as np

from aliquot.variational import VariationalApproximation
from aliquot.variational.gaussians.scale import Dense, Diagonal
from aliquot.variational.stochastic.family import Family


def draws(family: Family, params: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Draws (n, d) of one member from standard normal noise (n, d)."""
    member = family.gaussian(params)
    (scale,) = member.scales
    return member.centers + scale.apply(noise)


def numbers(approximation: VariationalApproximation) -> np.ndarray:
    """All that a Gaussian approximation consists of, as one new vector."""
    (center,), (scale,) = approximation.q.centers, approximation.q.scales
    assert isinstance(scale, Diagonal | Dense)
    root = scale.std if isinstance(scale, Diagonal) else scale.factor
    return np.concatenate([center, root.ravel()])
