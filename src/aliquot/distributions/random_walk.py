"""Gaussian random walks.

Steps that nobody saw add up: between two points that were seen, the walk moved by a normal step
whose mean and variance are the sums of those of the steps in between.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import positive, real, real_vector
from aliquot.distributions.location_scale import Normal, normal_log_density
from aliquot.distributions.missing_entries import partial_events, whole_events
from aliquot.distributions.parameters import as_parameter, as_shape, number_of_steps
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
    entrywise = True
    support = real_vector

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
        size = steps_of_walk(self.family, steps, shape, mu=mu, sigma=sigma) + 1
        super().__init__(
            {"mu": mu, "sigma": sigma, "init_dist": init_dist}, shape, event_shape=(size,)
        )

    def _log_prob(self, x: Any) -> Any:
        steps = x[..., 1:] - x[..., :-1]
        each = normal_log_density(steps - self.mu, self.sigma)
        return self.init_dist.checked_log_prob(x[..., 0]) + jnp.sum(each, axis=-1)

    def log_prob_by_time(self, x: Any) -> Any:
        """Compute the log density of each point given those before it, inside a traced function."""
        steps = x[..., 1:] - x[..., :-1]
        each = normal_log_density(steps - self.mu, self.sigma)
        first = self.init_dist.checked_log_prob(x[..., 0])[..., None]
        batch = jnp.broadcast_shapes(first.shape[:-1], each.shape[:-1])
        parts = [jnp.broadcast_to(part, (*batch, part.shape[-1])) for part in (first, each)]
        return jnp.concatenate(parts, axis=-1)

    def seen_log_prob(self, x: Any, missing: np.ndarray, checked: bool = True) -> Any:
        """Compute the log density of the points that were seen: steps nobody saw add up.

        Where the first points are missing, that of the first one seen is a normal one, and so has
        the start to be (`kept`).
        """
        if not partial_events(missing, 1).any():
            return super().seen_log_prob(x, missing, checked)
        before, _ = neighbours(missing)
        at = np.broadcast_to(np.arange(missing.shape[-1]), missing.shape)
        mean = sum_between(self.mu, before, at)
        variance = sum_between(jnp.square(self.sigma), before, at)
        past = jnp.take_along_axis(x, np.maximum(before, 0), axis=-1)
        if (opens := ~missing & (before < 0) & (at > 0)).any():
            start = jnp.asarray(self.init_dist._mean())[..., None]
            past = jnp.where(opens, start, past)
            variance += jnp.where(opens, jnp.asarray(self.init_dist._variance())[..., None], 0.0)
        counted = ~missing & (at > 0)
        scale = jnp.sqrt(jnp.where(counted, variance, 1.0))
        each = normal_log_density(jnp.where(counted, x - past - mean, 0.0), scale)
        first = self.init_dist.checked_log_prob(x[..., 0])
        steps = jnp.sum(jnp.where(counted, each, 0.0), axis=-1)
        return steps + jnp.where(missing[..., 0], 0.0, first)

    def draw_missing(self, key: Any, x: Any, missing: np.ndarray) -> Any:
        """Draw the missing points given those that were seen: bridges, and ends that run free.

        A walk drawn from the start that is known, or from its distribution, moved by how far it is
        off the points that were seen, in proportion to the variance gathered on the way.
        """
        first, second = jax.random.split(key)
        start, start_variance = x[..., 0], jnp.zeros(())
        if missing[..., 0].any():
            drawn = self.init_dist.draw(first, missing.shape[:-1])
            start = jnp.where(missing[..., 0], drawn, start)
        normals = jax.random.normal(second, (*missing.shape[:-1], missing.shape[-1] - 1))
        walk = self._walk(start, self.mu + self.sigma * normals)
        before, after = neighbours(missing)
        at = np.broadcast_to(np.arange(missing.shape[-1]), missing.shape)
        last = missing.shape[-1] - 1
        off = x - walk
        opens = before < 0
        if (opens & missing & (after <= last)).any():
            start_variance = jnp.where(
                opens, jnp.asarray(self.init_dist._variance())[..., None], 0.0
            )
        behind = jnp.where(opens, 0.0, jnp.take_along_axis(off, np.maximum(before, 0), axis=-1))
        ahead = jnp.take_along_axis(off, np.minimum(after, last), axis=-1)
        gone = start_variance + sum_between(jnp.square(self.sigma), before, at)
        whole = gone + sum_between(jnp.square(self.sigma), at, np.minimum(after, last))
        bridge = behind + (ahead - behind) * gone / jnp.where(whole > 0, whole, 1.0)
        return jnp.where(missing, walk + jnp.where(after > last, behind, bridge), x)

    def kept(self, missing: np.ndarray) -> np.ndarray:
        """Say where the first point is missing and not normal: the next one has no closed form."""
        kept = np.zeros_like(missing)
        if not isinstance(self.init_dist, Normal):
            kept[..., 0] = missing[..., 0] & partial_events(missing, 1)
        return kept

    def improper(self, missing: np.ndarray) -> bool:
        """Say whether a walk is missing altogether that starts anywhere."""
        return self.init_dist.improper(whole_events(missing, 1))

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
        start = jnp.asarray(start)[..., None]
        batch = jnp.broadcast_shapes(start.shape[:-1], jnp.shape(steps)[:-1])
        steps = jnp.broadcast_to(steps, (*batch, self.shape[-1] - 1))
        start = jnp.broadcast_to(start, (*batch, 1))
        return jnp.concatenate([start, start + jnp.cumsum(steps, axis=-1)], axis=-1)

    def _batch_shape_of(self, name: str, value: Any) -> tuple[int, ...]:
        return value.batch_shape if isinstance(value, Distribution) else value.shape[:-1]


def steps_of_walk(family: str, steps: Any, shape: Any, **parameters: Any) -> int:
    """Work out how many steps a walk has from all that says it, which must agree."""
    said: dict[str, int] = {}
    if steps is not None:
        said["steps"] = as_shape(steps)[0]
    if shape is not None and as_shape(shape):
        said["shape, less one,"] = as_shape(shape)[-1] - 1
    for name, value in parameters.items():
        if value.ndim and value.shape[-1] != 1:
            said[f"the last axis of {name}"] = value.shape[-1]
    number = number_of_steps(
        family,
        said,
        otherwise="give steps, or a shape that ends in steps + 1",
        advice=". For several walks, each with its own mu or sigma, write sigma[:, None]",
    )
    if number < 0:
        raise ShapeError(f"{family}: a walk has at least one point; got shape {shape}")
    return number


def neighbours(missing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the last point seen before each point, or -1, and the first after it, or the length."""
    points = missing.shape[-1]
    at = np.arange(points)
    last = np.maximum.accumulate(np.where(missing, -1, at), axis=-1)
    first = np.minimum.accumulate(np.where(missing, points, at)[..., ::-1], axis=-1)[..., ::-1]
    before = np.concatenate([np.full_like(last[..., :1], -1), last[..., :-1]], axis=-1)
    after = np.concatenate([first[..., 1:], np.full_like(first[..., :1], points)], axis=-1)
    return before, after


def sum_between(steps: Any, start: np.ndarray, stop: np.ndarray) -> Any:
    """Add up the steps from one point of a walk to another, shape (..., points).

    Points are given by their numbers; a start before the first is taken for the first.
    """
    start = np.maximum(start, 0)
    stop = np.maximum(stop, start)
    if jnp.ndim(steps) == 0 or jnp.shape(steps)[-1] == 1:
        return steps * (stop - start)
    batch = np.broadcast_shapes(jnp.shape(steps)[:-1], start.shape[:-1])
    size = jnp.shape(steps)[-1]

    def pick(values: Any, index: np.ndarray) -> Any:
        values = jnp.broadcast_to(values, (*batch, values.shape[-1]))
        index = np.broadcast_to(index, (*batch, index.shape[-1]))
        return jnp.take_along_axis(values, index, axis=-1)

    zero = jnp.zeros_like(steps[..., :1])
    sums = jnp.concatenate([zero, jnp.cumsum(steps, axis=-1)], axis=-1)
    far = pick(sums, np.minimum(stop, size)) - pick(sums, start)
    # One step by itself is not the difference of two sums, which have been rounded.
    near = pick(steps, np.minimum(start, size - 1))
    return jnp.where(stop - start == 1, near, far)
