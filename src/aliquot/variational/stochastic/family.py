"""Families of Gaussian approximations that can be fitted by reparameterised gradients.

Kucukelbir et al. (2017), Automatic differentiation variational inference, section 2.4.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.gaussians.scale import Dense, Diagonal


@dataclass(frozen=True)
class Family(ABC):
    """Gaussians q(z) on R^d, each the image of standard normal noise under an affine map.

    All the parameters of one member are one flat vector, so that the optimiser's state is a few
    vectors whatever the family. It begins with the means mu (d,) and with omega (d,), the logarithm
    of the diagonal of the map's triangular factor. Equal families share compiled programs.
    """

    size: int  # d, the number of coordinates of z
    name: ClassVar[str]  # what people call it, such as ``"mean-field"``

    def init(self, start: np.ndarray, scale: float) -> np.ndarray:
        """Parameters of a member centred at ``start`` (d,), each standard deviation ``scale``."""
        return np.concatenate([start, np.full(self.size, np.log(scale))])

    @abstractmethod
    def draw(self, params: jax.Array, noise: jax.Array) -> jax.Array:
        """One draw z (d,) from standard normal noise (d,), differentiable in ``params``."""

    @abstractmethod
    def gaussian(self, params: np.ndarray) -> GaussianMixture:
        """The member as a distribution on the host."""

    def log_det(self, params: Any) -> Any:
        """Log determinant of the map's Jacobian; for JAX and NumPy arrays alike."""
        return params[self.size : 2 * self.size].sum()

    def coordinate(self, index: int) -> int:
        """The coordinate of z that parameter ``index`` belongs to."""
        return index % self.size


@dataclass(frozen=True)
class MeanField(Family):
    """Gaussians with a diagonal covariance, ``z = mu + exp(omega) * noise``.

    The flat parameters are (mu, omega), 2 d numbers.

    >>> family = MeanField(2)
    >>> params = family.init(np.array([1.0, -1.0]), 0.5)
    >>> family.gaussian(params).mean, family.gaussian(params).std
    (array([ 1., -1.]), array([0.5, 0.5]))
    """

    name: ClassVar[str] = "mean-field"

    def draw(self, params: jax.Array, noise: jax.Array) -> jax.Array:
        return params[: self.size] + jnp.exp(params[self.size :]) * noise

    def gaussian(self, params: np.ndarray) -> GaussianMixture:
        return GaussianMixture.of(params[: self.size].copy(), Diagonal(np.exp(params[self.size :])))


@dataclass(frozen=True)
class FullRank(Family):
    """Gaussians with any covariance, ``z = mu + exp(omega) * (noise + R noise)``.

    R is strictly lower triangular, so that ``diag(exp(omega)) (I + R)`` is the Cholesky factor of
    the covariance. Kucukelbir et al. (2017) optimise the factor's entries; here each row is
    relative to its own scale, so that one step size suits coordinates of any scale and the
    diagonal stays positive. The flat parameters are (mu, omega, R by rows), 2 d + d**2 numbers: R
    is stored square, because a packed triangle would need a gather in each iteration, and a
    scatter in its gradient. What lies on or above its diagonal has no effect and no gradient.

    >>> family = FullRank(2)
    >>> family.gaussian(family.init(np.zeros(2), 0.5)).covariance
    array([[0.25, 0.  ],
           [0.  , 0.25]])
    """

    name: ClassVar[str] = "full-rank"

    def init(self, start: np.ndarray, scale: float) -> np.ndarray:
        return np.concatenate([super().init(start, scale), np.zeros(self.size**2)])

    def draw(self, params: jax.Array, noise: jax.Array) -> jax.Array:
        d = self.size
        strictly_lower = np.tri(d, k=-1)
        rows = params[2 * d :].reshape(d, d) * strictly_lower
        # A product and a sum, not `@`: a matrix product may become a call that keeps XLA from
        # compiling the loop to one function.
        return params[:d] + jnp.exp(params[d : 2 * d]) * (noise + (rows * noise).sum(axis=-1))

    def gaussian(self, params: np.ndarray) -> GaussianMixture:
        d = self.size
        unit = np.eye(d) + np.tril(params[2 * d :].reshape(d, d), -1)
        return GaussianMixture.of(
            params[:d].copy(), Dense(np.exp(params[d : 2 * d])[:, None] * unit)
        )

    def coordinate(self, index: int) -> int:
        d = self.size
        return index % d if index < 2 * d else (index - 2 * d) // d


def noise_log_density(noise: Any) -> Any:
    """Log density of standard normal noise along the last axis, for JAX and NumPy arrays.

    With the map's log determinant this gives ``log q(z) = noise_log_density - log_det``, without
    solving for the noise.
    """
    return -0.5 * (noise * noise).sum(axis=-1) - 0.5 * noise.shape[-1] * np.log(2 * np.pi)


def entropy(family: Family, params: Any) -> Any:
    """Entropy of a member in nats: that of the noise plus the log determinant of its map.

    >>> family = MeanField(1)
    >>> float(entropy(family, family.init(np.zeros(1), 1.0)).round(4))
    1.4189
    """
    return family.log_det(params) + 0.5 * family.size * (1 + np.log(2 * np.pi))
