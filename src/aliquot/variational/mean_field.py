"""The mean-field Gaussian family: every coordinate independent of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np


@dataclass(frozen=True)
class MeanField:
    """Gaussians with a diagonal covariance, ``z = mu + exp(omega) * noise``.

    The flat parameters are (mu, omega), 2 d numbers.

    Parameters
    ----------
    size
        d, the number of coordinates.

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

    size: int
    name: ClassVar[str] = "mean-field"

    def init(self, start: np.ndarray, scale: float) -> np.ndarray:
        """Parameters of the member centred at ``start`` (d,) with standard deviations ``scale``."""
        return np.concatenate([start, np.full(self.size, np.log(scale))])

    def draw(self, params: jax.Array, noise: jax.Array) -> jax.Array:
        """One draw (d,) from standard normal noise (d,)."""
        return params[: self.size] + jnp.exp(params[self.size :]) * noise

    def draw_on_host(self, params: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Draws (n, d) from noise (n, d), in NumPy."""
        return np.asarray(params[: self.size] + np.exp(params[self.size :]) * noise)

    def log_det(self, params: Any) -> Any:
        """Sum of the log standard deviations."""
        return params[self.size :].sum()

    def mean(self, params: np.ndarray) -> np.ndarray:
        """Mean of each coordinate, shape (d,)."""
        return params[: self.size].copy()

    def std(self, params: np.ndarray) -> np.ndarray:
        """Standard deviation of each coordinate, shape (d,)."""
        return np.exp(params[self.size :])

    def covariance(self, params: np.ndarray) -> np.ndarray:
        """The diagonal covariance, shape (d, d)."""
        return np.diag(np.exp(2 * params[self.size :]))

    def coordinate(self, index: int) -> int:
        """The coordinate of z that parameter ``index`` belongs to."""
        return index % self.size
