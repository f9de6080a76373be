"""The mean-field Gaussian family: every coordinate independent of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.variational.family import Family


@dataclass(frozen=True)
class MeanField(Family):
    """Gaussians with a diagonal covariance, ``z = mu + exp(omega) * noise``.

    The flat parameters are (mu, omega), 2 d numbers.

    References
    ----------
    Kucukelbir et al. (2017), Automatic differentiation variational inference, section 2.4.

    Examples
    --------
    >>> family = MeanField(2)
    >>> params = family.init(np.array([1.0, -1.0]), 0.5)
    >>> family.mean(params), family.std(params)
    (array([ 1., -1.]), array([0.5, 0.5]))
    """

    name: ClassVar[str] = "mean-field"

    def draw(self, params: jax.Array, noise: jax.Array) -> jax.Array:
        return params[: self.size] + jnp.exp(params[self.size :]) * noise

    def draw_on_host(self, params: np.ndarray, noise: np.ndarray) -> np.ndarray:
        return np.asarray(params[: self.size] + self.std(params) * noise)

    def std(self, params: np.ndarray) -> np.ndarray:
        return np.exp(params[self.size :])

    def covariance(self, params: np.ndarray) -> np.ndarray:
        return np.diag(np.exp(2 * params[self.size :]))
