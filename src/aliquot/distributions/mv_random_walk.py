"""Gaussian random walks of vectors, whose steps are correlated."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.distributions.array_constraints import real_matrix
from aliquot.distributions.constraints import (
    lower_cholesky,
    positive_definite,
    real_vector,
)
from aliquot.distributions.gaussian_series import GaussianSeries, checked_start
from aliquot.distributions.location_scale import Normal
from aliquot.distributions.parameters import as_shape, number_of_steps
from aliquot.distributions.spread import Spread, location_and_matrix, times
from aliquot.errors import ShapeError


class MvGaussianRandomWalk(GaussianSeries):
    r"""A walk of vectors with independent multivariate normal steps.

    :math:`x_0 \sim` `init_dist`, :math:`x_t = x_{t-1} + \epsilon_t` with
    :math:`\epsilon_t \sim N(\mu, \Sigma)`. The axes of a value are time, of one point more than
    there are steps, and the entries of a vector.

    Parameters
    ----------
    mu : array or Expression, shape (..., k) or ()
        Mean of a step (0 by default).
    cov : array or Expression, shape (..., k, k)
        Covariance matrix of a step.
    tau : array or Expression, shape (..., k, k)
        Its inverse, in place of `cov`.
    chol : array or Expression, shape (..., k, k)
        Its Cholesky factor, in place of `cov`. The cheapest of the three.
    lower : bool
        Whether `chol` is the lower factor (the default) or the upper one, its transpose.
    init_dist : Distribution, optional
        Of the first vector, made with ``.dist(...)``: of vectors, such as ``MvNormal.dist``, or of
        numbers, each entry by itself. ``Normal.dist(0, 10)`` by default, that is a covariance of
        100 times the identity.
    steps : int, optional
        Number of steps; by default from `shape`.
    shape : tuple of int, optional
        Ends in (steps + 1, k).

    Raises
    ------
    ParameterError
        Where not exactly one of `cov`, `tau` and `chol` is given, a known one is not what it should
        be, or `init_dist` is not a distribution of such vectors.
    ShapeError
        Where the matrix is not square or its size is not that of `mu`, and where the number of
        steps is not given, or given twice and not the same.

    Examples
    --------
    >>> import aliquot as aq
    >>> start = aq.Normal.dist(0, 1)
    >>> walk = aq.MvGaussianRandomWalk.dist(cov=[[1, 0.5], [0.5, 2]], init_dist=start, steps=9)
    >>> walk.shape
    (10, 2)
    >>> walk.variance()[-1]
    array([10., 19.])
    """

    constraints = {
        "mu": real_vector,
        "cov": positive_definite,
        "tau": positive_definite,
        "chol": lower_cholesky,
    }
    event_dims = 2
    support = real_matrix

    def __init__(
        self,
        mu: Any = 0.0,
        cov: Any = None,
        *,
        tau: Any = None,
        chol: Any = None,
        lower: bool = True,
        init_dist: Any = None,
        steps: int | None = None,
        shape: Any = None,
    ) -> None:
        given = location_and_matrix(self.family, mu, lower, cov=cov, tau=tau, chol=chol)
        init_dist = Normal(0.0, 10.0) if init_dist is None else init_dist
        init_dist = checked_start(
            self.family, init_dist, given.size, f"vectors of {given.size} entries"
        )
        said: dict[str, int] = {}
        if steps is not None:
            said["steps"] = as_shape(steps)[0]
        if shape is not None and len(as_shape(shape)) > 1:
            said["shape, less one,"] = as_shape(shape)[-2] - 1
        number = number_of_steps(
            self.family,
            said,
            otherwise=f"give steps, or a shape that ends in (steps + 1, {given.size})",
        )
        if number < 0:
            raise ShapeError(f"{self.family}: a walk has at least one point; got shape {shape}")
        parameters = {"mu": given.mu, given.name: given.matrix, "init_dist": init_dist}
        super().__init__(parameters, shape, event_shape=(number + 1, given.size))

    def spread(self) -> Spread:
        """Give the matrix of a step, inside a traced function."""
        kind = next(name for name in self.parameters if name not in ("mu", "init_dist"))
        return Spread(kind, jnp.asarray(self.parameters[kind]))

    def _for_steps(self) -> Spread:
        """Give the matrix with an axis of time, where there are several."""
        kind, matrix = self.spread()
        return Spread(kind, matrix if matrix.ndim == 2 else matrix[..., None, :, :])

    def _innovations(self, x: Any) -> tuple[Any, Any]:
        steps = x[..., 1:, :] - x[..., :-1, :] - jnp.asarray(self.mu)[..., None, :]
        z, log_scale = self._for_steps().standardised(steps)
        return z, jnp.broadcast_to(log_scale, z.shape[:-1])

    def _path(self, first: Any, noise: Any) -> Any:
        steps = jnp.asarray(self.mu)[..., None, :] + times(self._for_steps().factor(), noise)
        return _walk(first, steps)

    def _variance(self) -> Any:
        steps = self.spread().variance()[..., None, :]
        shape = (*steps.shape[:-2], self._steps, steps.shape[-1])
        return _walk(self.init_dist._variance(), jnp.broadcast_to(steps, shape))


def _walk(first: Any, steps: Any) -> Any:
    """Add steps, (..., steps, k), one after the other to a first vector, (..., k)."""
    batch = np.broadcast_shapes(jnp.shape(first)[:-1], steps.shape[:-2])
    first = jnp.broadcast_to(first, (*batch, steps.shape[-1]))[..., None, :]
    steps = jnp.broadcast_to(steps, (*batch, *steps.shape[-2:]))
    return jnp.concatenate([first, first + jnp.cumsum(steps, axis=-2)], axis=-2)
