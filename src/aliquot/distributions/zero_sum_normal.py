"""Normal vectors that sum to zero."""

from __future__ import annotations

from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.arguments import is_whole_number
from aliquot.distributions.array_constraints import ZeroSumArray
from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import Constraint, positive
from aliquot.distributions.parameters import as_parameter, as_shape
from aliquot.errors import ParameterError, ShapeError


class ZeroSumNormal(Distribution):
    r"""Normal numbers less their mean: they sum to zero along one or more axes.

    It is what is left of independent :math:`z_i \sim N(0, \sigma)` in the directions in which the
    sum does not change: :math:`x_i = z_i - \bar z`, whose standard deviation is
    :math:`\sigma \sqrt{1 - 1/n}` and whose entries are alike. The density is with respect to
    orthonormal coordinates of these directions, of which there are one fewer along each axis.

    Parameters
    ----------
    sigma : array or Expression, positive
        Standard deviation of the z (1 by default): one number, or of length one along the axes
        that sum to zero, such as ``sigma[:, None]`` for rows that each have their own.
    n_zerosum_axes : int
        How many of the last axes sum to zero, at least 1.
    shape : int or tuple of int
        Needed where neither dims nor data give it.

    Raises
    ------
    ParameterError
        Where `n_zerosum_axes` is not a whole number of at least 1, or `sigma` varies along such an
        axis.
    ShapeError
        Where no shape is given, or one of fewer axes, or of an axis of fewer than 2 entries.

    References
    ----------
    .. [1] J. J. Egozcue et al. (2003), Isometric logratio transformations for compositional data
       analysis, Mathematical Geology 35(3), for the coordinates.

    Examples
    --------
    >>> import aliquot as aq
    >>> effects = aq.ZeroSumNormal.dist(sigma=2, shape=4)
    >>> effects.variance()
    array([3., 3., 3., 3.])
    >>> bool(abs(effects.sample(random_seed=1).sum()) < 1e-12)
    True
    """

    constraints = {"sigma": positive}

    def __init__(self, sigma: Any = 1.0, *, n_zerosum_axes: int = 1, shape: Any = None) -> None:
        axes = n_zerosum_axes
        if not is_whole_number(axes) or axes < 1:
            raise ParameterError(
                f"{self.family}: n_zerosum_axes must be a whole number, at least 1; got {axes!r}"
            )
        self.event_dims = axes = int(axes)  # type: ignore[misc]
        sigma = as_parameter(self.family, "sigma", sigma, None)
        if any(length != 1 for length in sigma.shape[max(0, sigma.ndim - axes) :]):
            raise ParameterError(
                f"{self.family}: sigma must be of length one along the last "
                f"{'axis' if axes == 1 else f'{axes} axes'}, which sum to zero; its shape is "
                f"{sigma.shape}. For several vectors, each with its own, write sigma[..., None]"
            )
        size = () if shape is None else as_shape(shape)
        if len(size) < axes:
            raise ShapeError(
                f"{self.family}: give a shape or dims of at least {axes} "
                f"{'axis' if axes == 1 else 'axes'}, the last of which sum to zero; got {shape}"
            )
        event = size[len(size) - axes :]
        if min(event) < 2:
            raise ShapeError(
                f"{self.family}: an axis that sums to zero needs at least 2 entries, since one "
                f"alone is always 0; got shape {size}"
            )
        super().__init__({"sigma": sigma}, size, event_shape=event)

    @property
    def support(self) -> Constraint:
        return ZeroSumArray(self.event_dims)

    def _log_prob(self, x: Any) -> Any:
        directions = prod(length - 1 for length in self.event_shape)
        sigma = self._sigma()
        axes = tuple(range(-self.event_dims, 0))
        squares = jnp.sum((x / sigma) ** 2, axis=axes)
        log_scale = jnp.log(sigma.reshape(sigma.shape[: sigma.ndim - self.event_dims]))
        return -0.5 * squares - directions * (log_scale + 0.5 * np.log(2 * np.pi))

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        z = jax.random.normal(key, shape)
        for axis in range(-self.event_dims, 0):
            z = z - jnp.mean(z, axis=axis, keepdims=True)
        return z * self._sigma()

    def _mean(self) -> Any:
        return jnp.zeros(())

    def _variance(self) -> Any:
        return self._sigma() ** 2 * prod(1 - 1 / length for length in self.event_shape)

    def _sigma(self) -> Any:
        """Give sigma with axes of length one for those that sum to zero."""
        sigma = jnp.asarray(self.sigma)
        return sigma.reshape((1,) * max(0, self.event_dims - sigma.ndim) + sigma.shape)

    def _batch_shape_of(self, name: str, value: Any) -> tuple[int, ...]:
        return tuple(value.shape[: max(0, value.ndim - self.event_dims)])
