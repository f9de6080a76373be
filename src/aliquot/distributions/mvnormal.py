"""The multivariate normal distribution."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import (
    Constraint,
    lower_cholesky,
    positive_definite,
    real_vector,
)
from aliquot.distributions.parameters import as_parameter, exactly_one
from aliquot.distributions.triangular import cholesky, cholesky_or_off, solve_lower
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

    @property
    def support(self) -> Constraint:
        return real_vector

    def _log_prob(self, x: Any) -> Any:
        y = x - self.mu
        off = 0.0
        if "tau" in self.parameters:
            factor, off = cholesky_or_off(jnp.asarray(self.tau))
            z = jnp.sum(factor * y[..., :, None], axis=-2)
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

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        z = jax.random.normal(key, shape)
        return self.mu + jnp.sum(self._factor() * z[..., None, :], axis=-1)

    def _mean(self) -> Any:
        return self.mu

    def _variance(self) -> Any:
        return jnp.sum(self._factor() ** 2, axis=-1)

    def _factor(self) -> Any:
        """Give a matrix whose product with its transpose is the covariance."""
        if "chol" in self.parameters:
            return jnp.asarray(self.chol)
        if "cov" in self.parameters:
            return cholesky(jnp.asarray(self.cov))
        return cholesky(jnp.linalg.inv(self.tau))


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
