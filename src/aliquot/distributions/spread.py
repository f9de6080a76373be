"""A covariance, its inverse or its factor: what is computed from whichever of them was given."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

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


class LocationAndMatrix(NamedTuple):
    """The location and the matrix of a multivariate family, as they were given."""

    mu: Any  # (..., k)
    name: str  # of the matrix
    matrix: Any  # (..., k, k), a factor being the lower one
    size: int  # k


def location_and_matrix(family: str, mu: Any, lower: bool, **choices: Any) -> LocationAndMatrix:
    """Read the one matrix that was given, and a location of its size, or say what does not fit."""
    name, matrix = exactly_one(family, **choices)
    matrix = as_parameter(family, name, matrix, None)
    size = square_size(family, name, matrix)
    if name == "chol" and not lower:
        matrix = np.swapaxes(matrix, -1, -2)
    mu = as_parameter(family, "mu", mu, None)
    if mu.ndim == 0:
        mu = mu * np.ones(size)
    if mu.shape[-1] != size:
        raise ShapeError(
            f"{family}: mu has shape {mu.shape} and {name} {matrix.shape}: the "
            f"last axis of mu must have length {size}"
        )
    return LocationAndMatrix(mu, name, matrix, size)


class Spread(NamedTuple):
    """A matrix inside a traced function, (..., k, k), by what it is."""

    kind: str  # "cov", "tau" or "chol"
    matrix: Any

    def standardised(self, y: Any) -> tuple[Any, Any]:
        """Give independent numbers of variance one, and the log of their scales.

        That is ``inf`` where the matrix is not positive definite.
        """
        off = 0.0
        if self.kind == "tau":
            factor, off = cholesky_or_off(self.matrix)
            z, sign = rows_times(y, factor), -1.0
        else:
            factor = self.matrix
            if self.kind == "cov":
                factor, off = cholesky_or_off(factor)
            z, sign = solve_lower(factor, y), 1.0
        return z, sign * log_diagonal(factor) - off

    def standardised_where(self, y: Any, seen: np.ndarray) -> tuple[Any, Any]:
        """Do the same for the entries that were seen, by their part of the covariance.

        Rows and columns that belong to the others are put to those of the identity, which leaves
        the factor of the rest, and nothing for the others to add where `y` is zero.
        """
        covariance = self.covariance()
        k = y.shape[-1]
        if covariance.ndim == 2 and k > WRITTEN_OUT:
            # One factor for each pattern of missing entries: there are often few of them.
            patterns, which = np.unique(seen.reshape(-1, k), axis=0, return_inverse=True)
            factors = cholesky(_only(covariance, patterns))
            factor = factors[which.reshape(seen.shape[:-1])]
        else:
            factor = cholesky(_only(covariance, seen))
        return solve_lower(factor, y), log_diagonal(factor)

    def regressed(self, gap: Any, seen: np.ndarray) -> Any:
        """Give what is expected of all entries by how far those that were seen are off theirs."""
        covariance = self.covariance()
        whiten = invert_lower(cholesky(_only(covariance, seen)))
        white = times(whiten, jnp.where(seen, gap, 0.0))
        return times(covariance, times(jnp.swapaxes(whiten, -1, -2), white))

    def covariance(self) -> Any:
        """Give the covariance matrix."""
        if self.kind == "cov":
            return self.matrix
        factor = self.factor()
        return jnp.sum(factor[..., :, None, :] * factor[..., None, :, :], axis=-1)

    def variance(self) -> Any:
        """Give its diagonal."""
        if self.kind == "cov":
            return jnp.diagonal(self.matrix, axis1=-2, axis2=-1)
        return jnp.sum(self.factor() ** 2, axis=-1)

    def factor(self) -> Any:
        """Give a matrix whose product with its transpose is the covariance."""
        if self.kind == "chol":
            return self.matrix
        if self.kind == "cov":
            return cholesky(self.matrix)
        return jnp.swapaxes(invert_lower(cholesky(self.matrix)), -1, -2)


def times(matrix: Any, vector: Any) -> Any:
    """Multiply matrices (..., k, k) and vectors (..., k)."""
    return jnp.sum(matrix * vector[..., None, :], axis=-1)


def log_diagonal(factor: Any) -> Any:
    """Compute the log determinant of triangular matrices."""
    return jnp.sum(jnp.log(jnp.diagonal(factor, axis1=-2, axis2=-1)), axis=-1)


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


def _only(covariance: Any, seen: np.ndarray) -> Any:
    """Put rows and columns of what was not seen to those of the identity."""
    both = seen[..., :, None] & seen[..., None, :]
    return jnp.where(both, covariance, np.eye(seen.shape[-1]))
