"""The full-rank Gaussian family: any mean and any covariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np


@dataclass(frozen=True)
class FullRank:
    """Gaussians with any covariance, ``z = mu + exp(omega) * (noise + R noise)``.

    R is strictly lower triangular, so that ``diag(exp(omega)) (I + R)`` is the Cholesky factor of
    the covariance. Kucukelbir et al. (2017) optimise the factor's entries; here each row is
    relative to its own scale, so that one step size suits coordinates of any scale and the
    diagonal stays positive. The flat parameters are (mu, omega, R by rows), 2 d + d**2 numbers: R
    is stored square, because a packed triangle would need a gather in each iteration, and a
    scatter in its gradient. What lies on or above its diagonal has no effect and no gradient.

    Parameters
    ----------
    size
        d, the number of coordinates.

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

    size: int
    name: ClassVar[str] = "full-rank"

    def init(self, start: np.ndarray, scale: float) -> np.ndarray:
        """Parameters of the member centred at ``start`` (d,) with standard deviations ``scale``."""
        d = self.size
        return np.concatenate([start, np.full(d, np.log(scale)), np.zeros(d * d)])

    def draw(self, params: jax.Array, noise: jax.Array) -> jax.Array:
        """One draw (d,) from standard normal noise (d,)."""
        d = self.size
        strictly_lower = np.tri(d, k=-1)
        rows = params[2 * d :].reshape(d, d) * strictly_lower
        # A product and a sum, not `@`: a matrix product may become a call that keeps XLA from
        # compiling the loop to one function.
        return params[:d] + jnp.exp(params[d : 2 * d]) * (noise + (rows * noise).sum(axis=-1))

    def draw_on_host(self, params: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Draws (n, d) from noise (n, d), in NumPy."""
        return np.asarray(params[: self.size] + noise @ self.cholesky(params).T)

    def log_det(self, params: Any) -> Any:
        """Sum of the log diagonal of the Cholesky factor."""
        return params[self.size : 2 * self.size].sum()

    def cholesky(self, params: np.ndarray) -> np.ndarray:
        """The lower Cholesky factor of the covariance, shape (d, d)."""
        d = self.size
        unit = np.eye(d) + np.tril(params[2 * d :].reshape(d, d), -1)
        return np.asarray(np.exp(params[d : 2 * d])[:, None] * unit)

    def mean(self, params: np.ndarray) -> np.ndarray:
        """Mean of each coordinate, shape (d,)."""
        return params[: self.size].copy()

    def std(self, params: np.ndarray) -> np.ndarray:
        """Standard deviation of each coordinate, shape (d,)."""
        return np.asarray(np.linalg.norm(self.cholesky(params), axis=1))

    def covariance(self, params: np.ndarray) -> np.ndarray:
        """Covariance of z, shape (d, d)."""
        factor = self.cholesky(params)
        return np.asarray(factor @ factor.T)

    def coordinate(self, index: int) -> int:
        """The coordinate of z that parameter ``index`` belongs to."""
        d = self.size
        return index % d if index < 2 * d else (index - 2 * d) // d
