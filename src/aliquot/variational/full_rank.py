"""The full-rank Gaussian family: any mean and any covariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.variational.family import Family


@dataclass(frozen=True)
class FullRank(Family):
    """Gaussians with any covariance, ``z = mu + exp(omega) * (noise + R noise)``.

    R is strictly lower triangular, so that ``diag(exp(omega)) (I + R)`` is the Cholesky factor of
    the covariance. Kucukelbir et al. (2017) optimise the factor's entries; here each row is
    relative to its own scale, so that one step size suits coordinates of any scale and the
    diagonal stays positive. The flat parameters are (mu, omega, R by rows), 2 d + d**2 numbers: R
    is stored square, because a packed triangle would need a gather in each iteration, and a
    scatter in its gradient. What lies on or above its diagonal has no effect and no gradient.

    References
    ----------
    Kucukelbir et al. (2017), Automatic differentiation variational inference, section 2.4.

    Examples
    --------
    >>> family = FullRank(2)
    >>> family.covariance(family.init(np.zeros(2), 0.5))
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

    def draw_on_host(self, params: np.ndarray, noise: np.ndarray) -> np.ndarray:
        return np.asarray(params[: self.size] + noise @ self.cholesky(params).T)

    def cholesky(self, params: np.ndarray) -> np.ndarray:
        """The lower Cholesky factor of the covariance, shape (d, d)."""
        d = self.size
        unit = np.eye(d) + np.tril(params[2 * d :].reshape(d, d), -1)
        return np.asarray(np.exp(params[d : 2 * d])[:, None] * unit)

    def std(self, params: np.ndarray) -> np.ndarray:
        return np.asarray(np.linalg.norm(self.cholesky(params), axis=1))

    def covariance(self, params: np.ndarray) -> np.ndarray:
        factor = self.cholesky(params)
        return np.asarray(factor @ factor.T)

    def coordinate(self, index: int) -> int:
        d = self.size
        return index % d if index < 2 * d else (index - 2 * d) // d
