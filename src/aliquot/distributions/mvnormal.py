"""The multivariate normal distribution."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution, partial_events, whole_events
from aliquot.distributions.constraints import (
    lower_cholesky,
    positive_definite,
    real_vector,
)
from aliquot.distributions.parameters import as_parameter, exactly_one
from aliquot.distributions.triangular import (
    WRITTEN_OUT,
    cholesky,
    cholesky_or_off,
    invert_lower,
    rows_times,
    solve_lower,
)
from aliquot.errors import ParameterError, ShapeError


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
        name, matrix = exactly_one(self.family, cov=cov, tau=tau, chol=chol)
        matrix = as_parameter(self.family, name, matrix, None)
        size = square_size(self.family, name, matrix)
        if name == "chol" and not lower:
            matrix = np.swapaxes(matrix, -1, -2)
        mu = as_parameter(self.family, "mu", mu, None)
        if mu.ndim == 0:
            mu = mu * np.ones(size)
        if mu.shape[-1] != size:
            raise ShapeError(
                f"{self.family}: mu has shape {mu.shape} and {name} {matrix.shape}: the "
                f"last axis of mu must have length {size}"
            )
        super().__init__({"mu": mu, name: matrix}, shape, event_shape=(size,))

    def _log_prob(self, x: Any) -> Any:
        y = x - self.mu
        off = 0.0
        if "tau" in self.parameters:
            factor, off = cholesky_or_off(jnp.asarray(self.tau))
            z = rows_times(y, factor)
            sign = 1.0
        else:
            if "cov" in self.parameters:
                factor, off = cholesky_or_off(jnp.asarray(self.cov))
            else:
                factor = jnp.asarray(self.chol)
            z = solve_lower(factor, y)
            sign = -1.0
        diagonal = jnp.diagonal(factor, axis1=-2, axis2=-1)
        log_scale = jnp.sum(jnp.log(diagonal), axis=-1)
        constant = 0.5 * y.shape[-1] * np.log(2 * np.pi)
        return sign * log_scale - 0.5 * jnp.sum(z**2, axis=-1) - constant + off

    def seen_log_prob(self, x: Any, missing: np.ndarray, checked: bool = True) -> Any:
        """Compute the log density of what was seen: normal, with that part of mean and covariance.

        Rows and columns of the covariance that belong to missing entries are put to those of the
        identity, which leaves the factor of the rest, and nothing for the missing ones to add.
        """
        if not partial_events(missing, 1).any():
            return super().seen_log_prob(x, missing, checked)
        seen = ~missing
        y = jnp.where(seen, x - self.mu, 0.0)
        z, log_scale = self._whitened(y, seen)
        constant = 0.5 * np.log(2 * np.pi) * seen.sum(axis=-1)
        terms = -log_scale - 0.5 * jnp.sum(z**2, axis=-1) - constant
        return jnp.where(whole_events(missing, 1), 0.0, terms)

    def draw_missing(self, key: Any, x: Any, missing: np.ndarray) -> Any:
        """Draw the missing entries given those that were seen.

        A draw of everything, moved by the regression on how far what was seen is from it: that is
        conditioning by kriging, see Journel and Huijbregts (1978), Mining Geostatistics.
        """
        drawn = self.draw(key, missing.shape)
        seen = ~missing
        covariance = self._covariance()
        whiten = invert_lower(cholesky(only(covariance, seen)))
        gap = _times(whiten, jnp.where(seen, x - drawn, 0.0))
        shift = _times(covariance, _times(jnp.swapaxes(whiten, -1, -2), gap))
        return jnp.where(missing, drawn + shift, x)

    def _whitened(self, y: Any, seen: np.ndarray) -> tuple[Any, Any]:
        """Give independent standard normals of the entries seen, and the log of their scales."""
        covariance = self._covariance()
        k = y.shape[-1]
        if covariance.ndim == 2 and k > WRITTEN_OUT:
            # One factor for each pattern of missing entries: there are often few of them.
            patterns, which = np.unique(seen.reshape(-1, k), axis=0, return_inverse=True)
            factors = cholesky(only(covariance, patterns))
            factor = factors[which.reshape(seen.shape[:-1])]
        else:
            factor = cholesky(only(covariance, seen))
        z = solve_lower(factor, y)
        return z, jnp.sum(jnp.log(jnp.diagonal(factor, axis1=-2, axis2=-1)), axis=-1)

    def _covariance(self) -> Any:
        if "cov" in self.parameters:
            return jnp.asarray(self.cov)
        factor = self._factor()
        return jnp.sum(factor[..., :, None, :] * factor[..., None, :, :], axis=-1)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        z = jax.random.normal(key, shape)
        return self.mu + _times(self._factor(), z)

    def _mean(self) -> Any:
        return self.mu

    def _variance(self) -> Any:
        if "cov" in self.parameters:
            return jnp.diagonal(jnp.asarray(self.cov), axis1=-2, axis2=-1)
        return jnp.sum(self._factor() ** 2, axis=-1)

    def _factor(self) -> Any:
        """Give a matrix whose product with its transpose is the covariance."""
        if "chol" in self.parameters:
            return jnp.asarray(self.chol)
        if "cov" in self.parameters:
            return cholesky(jnp.asarray(self.cov))
        return jnp.swapaxes(invert_lower(cholesky(jnp.asarray(self.tau))), -1, -2)


def _times(matrix: Any, vector: Any) -> Any:
    return jnp.sum(matrix * vector[..., None, :], axis=-1)


def only(covariance: Any, seen: np.ndarray) -> Any:
    """Put rows and columns of what was not seen to those of the identity."""
    both = seen[..., :, None] & seen[..., None, :]
    return jnp.where(both, covariance, np.eye(seen.shape[-1]))


def square_size(family: str, name: str, matrix: Any) -> int:
    """Give the size of square matrices along the last two axes, or say that they are not."""
    shape = np.shape(matrix)
    if len(shape) < 2:
        raise ParameterError(
            f"{family}: {name} must be a matrix along its last axes; it has shape {shape}"
        )
    if shape[-1] != shape[-2]:
        raise ShapeError(
            f"{family}: {name} must be square along its last axes; its shape is {shape}"
        )
    return shape[-1]
