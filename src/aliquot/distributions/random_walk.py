"""Gaussian random walks."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.stats as jstats

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import Constraint, positive, real, real_vector
from aliquot.distributions.normal import Normal
from aliquot.distributions.parameters import as_parameter, as_shape
from aliquot.errors import ParameterError, ShapeError


class GaussianRandomWalk(Distribution):
    r"""A walk with independent normal steps.

    :math:`x_0 \sim` `init_dist`, :math:`x_t = x_{t-1} + \mu_t + \sigma_t z_t`. Time is the last
    axis: it has one point more than there are steps.

    Parameters
    ----------
    mu : array or Expression, shape () or (..., steps) or (..., 1)
        Mean of each step.
    sigma : array or Expression, positive, shapes as for `mu`
        Standard deviation of each step. For several walks, each with its own, write
        ``sigma[:, None]``.
    init_dist : Distribution, optional
        Of the first point, made with ``.dist(...)``; ``Normal.dist(0, 100)`` by default.
    steps : int, optional
        Number of steps; by default from `shape`, else from the last axis of `mu` and `sigma`.
    shape : int or tuple of int, optional
        Ends in steps + 1.

    Raises
    ------
    ParameterError
        Where `init_dist` is not a distribution of continuous numbers.
    ShapeError
        Where the number of steps is not given, or given twice and not the same.

    Examples
    --------
    >>> import aliquot as aq
    >>> walk = aq.GaussianRandomWalk.dist(sigma=0.5, init_dist=aq.Normal.dist(0, 1), steps=9)
    >>> walk.shape
    (10,)
    >>> float(walk.variance()[-1])
    3.25
    """

    constraints = {"mu": real, "sigma": positive}
    event_dims = 1

    def __init__(
        self,
        mu: Any = 0.0,
        sigma: Any = 1.0,
        *,
        init_dist: Any = None,
        steps: int | None = None,
        shape: Any = None,
    ) -> None:
        init_dist = Normal(0.0, 100.0) if init_dist is None else init_dist
        if (
            not isinstance(init_dist, Distribution)
            or init_dist.discrete
            or init_dist.event_dims > 0
        ):
            raise ParameterError(
                f"{self.family}: init_dist must be a continuous distribution of numbers, made with "
                f"Normal.dist(0, 1) or the like; got {init_dist!r}"
            )
        mu = as_parameter(self.family, "mu", mu, None)
        sigma = as_parameter(self.family, "sigma", sigma, None)
        size = number_of_steps(self.family, steps, shape, mu=mu, sigma=sigma) + 1
        super().__init__(
            {"mu": mu, "sigma": sigma, "init_dist": init_dist}, shape, event_shape=(size,)
        )

    @property
    def support(self) -> Constraint:
        return real_vector

    def _log_prob(self, x: Any) -> Any:
        steps = x[..., 1:] - x[..., :-1]
        each = jstats.norm.logpdf(steps, self.mu, self.sigma)
        return self.init_dist.checked_log_prob(x[..., 0]) + jnp.sum(each, axis=-1)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        first, second = jax.random.split(key)
        start = self.init_dist.draw(first, shape[:-1])
        normals = jax.random.normal(second, (*shape[:-1], shape[-1] - 1))
        return self._walk(start, self.mu + self.sigma * normals)

    def _mean(self) -> Any:
        return self._walk(self.init_dist._mean(), self.mu)

    def _variance(self) -> Any:
        return self._walk(self.init_dist._variance(), self.sigma**2)

    def _walk(self, start: Any, steps: Any) -> Any:
        """Add up steps from a start."""
        start = jnp.asarray(start)[..., None]
        batch = jnp.broadcast_shapes(start.shape[:-1], jnp.shape(steps)[:-1])
        steps = jnp.broadcast_to(steps, (*batch, self.shape[-1] - 1))
        start = jnp.broadcast_to(start, (*batch, 1))
        return jnp.concatenate([start, start + jnp.cumsum(steps, axis=-1)], axis=-1)

    def _batch_shape_of(self, name: str, value: Any) -> tuple[int, ...]:
        return value.batch_shape if isinstance(value, Distribution) else value.shape[:-1]


def number_of_steps(family: str, steps: Any, shape: Any, **parameters: Any) -> int:
    """Work out how many steps a walk has from all that says it, which must agree."""
    said: dict[str, int] = {}
    if steps is not None:
        said["steps"] = as_shape(steps)[0]
    if shape is not None and as_shape(shape):
        said["shape, less one,"] = as_shape(shape)[-1] - 1
    for name, value in parameters.items():
        if value.ndim and value.shape[-1] != 1:
            said[f"the last axis of {name}"] = value.shape[-1]
    if not said:
        raise ShapeError(f"{family}: give steps, or a shape that ends in steps + 1")
    if len(set(said.values())) > 1:
        raise ShapeError(
            f"{family}: the number of steps is not the same everywhere: "
            + ", ".join(f"{what} says {number}" for what, number in said.items())
            + ". For several walks, each with its own mu or sigma, write sigma[:, None]"
        )
    (number,) = set(said.values())
    if number < 0:
        raise ShapeError(f"{family}: a walk has at least one point; got shape {shape}")
    return number
