"""Families of Gaussian approximations that can be fitted by reparameterised gradients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import numpy as np


@dataclass(frozen=True)
class Family(ABC):
    """Gaussians q(z) on R^d, each the image of standard normal noise under an affine map.

    All the parameters of one member are one flat vector, so that the optimiser's state is a few
    vectors whatever the family. It begins with the means mu (d,) and with omega (d,), the logarithm
    of the diagonal of the map's triangular factor. Equal families share compiled programs.

    Parameters
    ----------
    size
        d, the number of coordinates of z.
    """

    size: int
    name: ClassVar[str]
    """What people call it, such as ``"mean-field"``."""

    def init(self, start: np.ndarray, scale: float) -> np.ndarray:
        """Parameters of a member centred at ``start`` (d,), each standard deviation ``scale``."""
        return np.concatenate([start, np.full(self.size, np.log(scale))])

    @abstractmethod
    def draw(self, params: jax.Array, noise: jax.Array) -> jax.Array:
        """One draw z (d,) from standard normal noise (d,), differentiable in ``params``."""

    @abstractmethod
    def draw_on_host(self, params: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Draws (n, d) from noise (n, d), the same map as `draw`, in NumPy."""

    def log_det(self, params: Any) -> Any:
        """Log determinant of the map's Jacobian; for JAX and NumPy arrays alike."""
        return params[self.size : 2 * self.size].sum()

    def mean(self, params: np.ndarray) -> np.ndarray:
        """Mean of z, shape (d,)."""
        return params[: self.size].copy()

    @abstractmethod
    def std(self, params: np.ndarray) -> np.ndarray:
        """Standard deviation of each coordinate, shape (d,)."""

    @abstractmethod
    def covariance(self, params: np.ndarray) -> np.ndarray:
        """Covariance of z, shape (d, d)."""

    def coordinate(self, index: int) -> int:
        """The coordinate of z that parameter ``index`` belongs to."""
        return index % self.size


def noise_log_density(noise: Any) -> Any:
    """Log density of standard normal noise along the last axis, for JAX and NumPy arrays.

    With the map's log determinant this gives ``log q(z) = noise_log_density - log_det``, without
    solving for the noise.
    """
    return -0.5 * (noise * noise).sum(axis=-1) - 0.5 * noise.shape[-1] * np.log(2 * np.pi)


def entropy(family: Family, params: Any) -> Any:
    """Entropy of a member in nats: that of the noise plus the log determinant of its map.

    Examples
    --------
    >>> from aliquot.variational.mean_field import MeanField
    >>> family = MeanField(1)
    >>> float(entropy(family, family.init(np.zeros(1), 1.0)).round(4))
    1.4189
    """
    return family.log_det(params) + 0.5 * family.size * (1 + np.log(2 * np.pi))
