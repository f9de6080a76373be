"""Autoregressive series: each point is a linear function of those before it, plus noise."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import positive, real_vector
from aliquot.distributions.gaussian_series import GaussianSeries, checked_start
from aliquot.distributions.location_scale import Normal, scale
from aliquot.distributions.mvnormal import MvNormal
from aliquot.distributions.parameters import as_parameter, as_shape, number_of_steps
from aliquot.errors import ParameterError, ShapeError


class AR(GaussianSeries):
    r"""An autoregressive series of order p.

    :math:`x_t = c + \sum_{i=1}^p \rho_i\, x_{t-i} + \sigma z_t`; the first p points are from
    `init_dist`. Time is the last axis. Whether the series is stationary is for `rho` to
    say: nothing here asks for it.

    Parameters
    ----------
    rho : array or Expression, shape (..., p), or (..., p + 1) with a constant, or ()
        Coefficients, that of the point just before first. With ``constant=True`` the constant c
        stands before them.
    sigma : array or Expression, positive
        Standard deviation of the innovations (1 by default): of the shape of the batch, as many as
        there are series.
    tau : array or Expression, positive
        In place of `sigma`: :math:`\sigma = \tau^{-1/2}`.
    constant : bool
        Whether the first element of `rho` is the constant; without it, c is 0.
    init_dist : Distribution, optional
        Of the first p points, made with ``.dist(...)``: of numbers, or of a vector of length p.
        ``Normal.dist(0, 100)`` by default, which says next to nothing of where a series of about
        unit size begins. A series that has been running for long begins with
        ``Normal.dist(0, sigma / np.sqrt(1 - rho**2))``, where p is 1.
    steps : int, optional
        Number of points after the first p; by default from `shape`.
    shape : int or tuple of int, optional
        Ends in steps + p.

    Raises
    ------
    ParameterError
        Where `init_dist` is not a distribution of p continuous numbers, or `rho` has no
        coefficient.
    ShapeError
        Where the number of steps is not given, or given twice and not the same.

    References
    ----------
    .. [1] J. D. Hamilton (1994), Time Series Analysis, Princeton University Press, section 3.4.

    Examples
    --------
    >>> import aliquot as aq
    >>> start = aq.Normal.dist(0, 1)
    >>> series = aq.AR.dist(rho=[0.5, 0.2], sigma=0.3, init_dist=start, steps=8)
    >>> series.shape
    (10,)
    >>> round(float(series.variance()[2]), 6)  # 0.25 + 0.04 + 0.09
    0.38
    """

    constraints = {"rho": real_vector, "sigma": positive}
    event_dims = 1
    support = real_vector

    def __init__(
        self,
        rho: Any,
        sigma: Any = None,
        tau: Any = None,
        *,
        constant: bool = False,
        init_dist: Any = None,
        steps: int | None = None,
        shape: Any = None,
    ) -> None:
        rho = as_parameter(self.family, "rho", rho, None)
        if rho.ndim == 0:
            rho = rho * np.ones(1)
        self.constant = bool(constant)
        self.order = order = int(rho.shape[-1]) - self.constant  # type: ignore[misc]
        if order < 1:
            raise ParameterError(
                f"{self.family}: rho must have at least one coefficient along its last axis"
                f"{' after the constant' if constant else ''}; its shape is {rho.shape}"
            )
        init_dist = Normal(0.0, 100.0) if init_dist is None else init_dist
        first = f"the first {order} points" if order > 1 else "the first point"
        init_dist = checked_start(self.family, init_dist, order, first)
        said: dict[str, int] = {}
        if steps is not None:
            said["steps"] = as_shape(steps)[0]
        if shape is not None and as_shape(shape):
            said[f"shape, less {order} first,"] = as_shape(shape)[-1] - order
        number = number_of_steps(
            self.family, said, otherwise=f"give steps, or a shape that ends in steps + {order}"
        )
        if number < 0:
            raise ShapeError(
                f"{self.family}: with {order} coefficients a series has at least {order} points; "
                f"got shape {shape}"
            )
        sigma = scale(self.family, sigma, tau=tau)
        super().__init__(
            {"rho": rho, "sigma": sigma, "init_dist": init_dist},
            shape,
            event_shape=(number + order,),
        )

    def _coefficients(self) -> tuple[Any, Any]:
        """Give the constant, (..., 1), and the coefficients, (..., p)."""
        rho = jnp.asarray(self.rho)
        return (rho[..., :1], rho[..., 1:]) if self.constant else (jnp.zeros(1), rho)

    def _innovations(self, x: Any) -> tuple[Any, Any]:
        constant, rho = self._coefficients()
        steps = x.shape[-1] - self.order
        rest = x[..., self.order :] - constant
        for lag in range(1, self.order + 1):
            first = self.order - lag
            rest = rest - rho[..., lag - 1, None] * x[..., first : first + steps]
        sigma = jnp.asarray(self.sigma)[..., None]
        z = rest / sigma
        return z, jnp.broadcast_to(jnp.log(sigma), z.shape)

    def _path(self, first: Any, noise: Any) -> Any:
        constant, rho = self._coefficients()
        return _run(rho, first, constant + jnp.asarray(self.sigma)[..., None] * noise)

    def _variance(self) -> Any:
        # By the responses to each of the first points; that to the last of them is to any shock.
        _, rho = self._coefficients()
        order, total = self.order, self.shape[-1]
        unit = jnp.broadcast_to(jnp.eye(order), (*rho.shape[:-1], order, order))
        none = jnp.zeros((*rho.shape[:-1], order, total - order))
        responses = _run(rho[..., None, :], unit, none)
        shocks = jnp.cumsum(responses[..., -1, order - 1 : total - 1] ** 2, axis=-1)
        grown = jnp.asarray(self.sigma)[..., None] ** 2 * shocks
        start = _covariance(self.init_dist, order)
        along = jnp.moveaxis(responses, -1, -2)  # (..., total, order)
        spread = jnp.sum(
            along[..., :, None] * along[..., None, :] * start[..., None, :, :], (-2, -1)
        )
        zeros = jnp.zeros((*grown.shape[:-1], order))
        return spread + jnp.concatenate([zeros, grown], axis=-1)


def _run(rho: Any, first: Any, shocks: Any) -> Any:
    """Add shocks, (..., steps), one after the other to a series of first points, (..., p)."""
    batch = jnp.broadcast_shapes(rho.shape[:-1], first.shape[:-1], shocks.shape[:-1])
    first = jnp.broadcast_to(first, (*batch, first.shape[-1]))
    shocks = jnp.broadcast_to(shocks, (*batch, shocks.shape[-1]))
    backwards = jnp.flip(rho, axis=-1)

    def step(past: Any, shock: Any) -> tuple[Any, Any]:
        new = jnp.sum(backwards * past, axis=-1) + shock
        return jnp.concatenate([past[..., 1:], new[..., None]], axis=-1), new

    _, rest = jax.lax.scan(step, first, jnp.moveaxis(shocks, -1, 0))
    return jnp.concatenate([first, jnp.moveaxis(rest, 0, -1)], axis=-1)


def _covariance(init_dist: Distribution, order: int) -> Any:
    """Give the covariance of the first points."""
    if isinstance(init_dist, MvNormal):
        return init_dist.spread().covariance()
    if init_dist.event_dims and order > 1:
        raise NotImplementedError(
            f"AR has no closed-form variance with {order} first points from {init_dist.family}"
        )
    variance = jnp.broadcast_to(
        init_dist._variance(), (*jnp.shape(init_dist._variance())[:-1], order)
    )
    return variance[..., None] * jnp.eye(order)
