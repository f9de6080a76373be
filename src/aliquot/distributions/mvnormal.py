"""The multivariate normal distribution."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import (
    lower_cholesky,
    positive_definite,
    real_vector,
)
from aliquot.distributions.missing_entries import partial_events, whole_events
from aliquot.distributions.spread import Spread, location_and_matrix, times


class MvNormal(Distribution):
    r"""The multivariate normal distribution.

    Parameters
    ----------
    mu : array or Expression, shape (..., k) or ()
        Mean.
    cov : array or Expression, shape (..., k, k)
        Covariance matrix: symmetric and positive definite.
    tau : array or Expression, shape (..., k, k)
        Precision matrix, in place of `cov`: its inverse.
    chol : array or Expression, shape (..., k, k)
        Cholesky factor of the covariance, in place of `cov`. The cheapest of the three.
    lower : bool
        Whether `chol` is the lower factor, :math:`L` of :math:`L L^T` (the default), or the
        upper one, its transpose.
    shape : int or tuple of int, optional
        Ends in k.

    Raises
    ------
    ParameterError
        Where not exactly one of `cov`, `tau` and `chol` is given, or a known one is not a
        covariance, precision or factor.
    ShapeError
        Where the matrix is not square or its size is not that of `mu`.

    Examples
    --------
    >>> import aliquot as aq
    >>> x = aq.MvNormal.dist(mu=[0, 0], cov=[[1, 0.5], [0.5, 1]])
    >>> round(float(x.log_prob([0.0, 0.0])), 6)
    -1.694036
    """

    constraints = {
        "mu": real_vector,
        "cov": positive_definite,
        "tau": positive_definite,
        "chol": lower_cholesky,
    }
    event_dims = 1
    entrywise = True
    support = real_vector

    def __init__(
        self,
        mu: Any = 0.0,
        cov: Any = None,
        *,
        tau: Any = None,
        chol: Any = None,
        lower: bool = True,
        shape: Any = None,
    ) -> None:
        given = location_and_matrix(self.family, mu, lower, cov=cov, tau=tau, chol=chol)
        parameters = {"mu": given.mu, given.name: given.matrix}
        super().__init__(parameters, shape, event_shape=(given.size,))

    def spread(self) -> Spread:
        """Give the matrix, inside a traced function."""
        kind = next(name for name in self.parameters if name != "mu")
        return Spread(kind, jnp.asarray(self.parameters[kind]))

    def _log_prob(self, x: Any) -> Any:
        z, log_scale = self.spread().standardised(x - self.mu)
        constant = 0.5 * z.shape[-1] * np.log(2 * np.pi)
        return -log_scale - 0.5 * jnp.sum(z**2, axis=-1) - constant

    def seen_log_prob(self, x: Any, missing: np.ndarray, checked: bool = True) -> Any:
        """Compute the log density of what was seen: normal, with that part of mean and covariance.

        See `Spread.standardised_where`.
        """
        if not partial_events(missing, 1).any():
            return super().seen_log_prob(x, missing, checked)
        seen = ~missing
        y = jnp.where(seen, x - self.mu, 0.0)
        z, log_scale = self.spread().standardised_where(y, seen)
        constant = 0.5 * np.log(2 * np.pi) * seen.sum(axis=-1)
        terms = -log_scale - 0.5 * jnp.sum(z**2, axis=-1) - constant
        return jnp.where(whole_events(missing, 1), 0.0, terms)

    def draw_missing(self, key: Any, x: Any, missing: np.ndarray) -> Any:
        """Draw the missing entries given those that were seen.

        A draw of everything, moved by the regression on how far what was seen is from it: that is
        conditioning by kriging, see Journel and Huijbregts (1978), Mining Geostatistics.
        """
        drawn = self.draw(key, missing.shape)
        return jnp.where(missing, drawn + self.spread().regressed(x - drawn, ~missing), x)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        z = jax.random.normal(key, shape)
        return self.mu + times(self.spread().factor(), z)

    def _mean(self) -> Any:
        return self.mu

    def _variance(self) -> Any:
        return self.spread().variance()
