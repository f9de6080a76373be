"""Series over time with normal innovations: the first points, and missing entries.

All that a series is made of, its innovations in units of their scale, is linear in its values. So
the missing ones are integrated out at once: their most probable values are those of a least-squares
problem, of which the missing entries are the unknowns.
"""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.location_scale import Normal
from aliquot.distributions.missing_entries import partial_events, whole_events
from aliquot.distributions.mvnormal import MvNormal
from aliquot.distributions.spread import log_diagonal, times
from aliquot.distributions.triangular import WRITTEN_OUT, cholesky, invert_lower
from aliquot.errors import ParameterError

HALF_LOG_TWO_PI = 0.5 * np.log(2 * np.pi)


class GaussianSeries(Distribution):
    """What series share whose first points are from `init_dist`, and whose innovations are normal.

    Time is the first axis of an event. Subclasses write `_innovations` and `_path`.
    """

    entrywise = True
    # How many points at the beginning are from `init_dist`.
    order: ClassVar[int] = 1

    def _innovations(self, x: Any) -> tuple[Any, Any]:
        """Give the innovations of a series in units of their scale, and the logs of scales.

        Of shapes (..., steps, *rest of an event) and (..., steps).
        """
        raise NotImplementedError

    def _path(self, first: Any, noise: Any) -> Any:
        """Make a series of the first points together, (..., size), and standard innovations."""
        raise NotImplementedError

    def _log_prob(self, x: Any) -> Any:
        z, log_scale = self._innovations(x)
        steps = -jnp.sum(log_scale, axis=-1) - 0.5 * jnp.sum(z**2, axis=self._axes)
        return self._log_prob_of_first(x) + steps - prod(self._noise_shape) * HALF_LOG_TWO_PI

    def log_prob_by_time(self, x: Any) -> Any:
        """Compute the log density of each point given those before it, inside a traced function.

        The first points have one density together: it is that of the last of them.
        """
        z, log_scale = self._innovations(x)
        per_step = prod(self._noise_shape[1:])
        squares = jnp.sum(z**2, axis=tuple(range(1 - self.event_dims, 0)))
        each = -log_scale - 0.5 * squares - per_step * HALF_LOG_TWO_PI
        first = self._log_prob_of_first(x)[..., None]
        batch = jnp.broadcast_shapes(first.shape[:-1], each.shape[:-1])
        before = jnp.zeros((*batch, self.order - 1))
        parts = [jnp.broadcast_to(part, (*batch, part.shape[-1])) for part in (first, each)]
        return jnp.concatenate([before, *parts], axis=-1)

    def seen_log_prob(self, x: Any, missing: np.ndarray, checked: bool = True) -> Any:
        """Compute the log density of the entries that were seen, the others integrated out.

        What comes after the last point of which anything was seen says nothing.
        """
        if not partial_events(missing, self.event_dims).any():
            return super().seen_log_prob(x, missing, checked)
        whole = whole_events(missing, self.event_dims)
        inner = tuple(range(1 - self.event_dims, 0))
        seen_at = ~missing.all(axis=inner) if inner else ~missing
        later = np.cumsum(seen_at[..., ::-1], axis=-1)[..., ::-1] == 0
        later[..., : self.order] = False
        gone = missing & ~later.reshape(*later.shape, *(1,) * len(inner))
        gone &= ~whole.reshape(*whole.shape, *(1,) * self.event_dims)
        counted = ~later[..., self.order :]

        def standard(x: Any) -> Any:
            return self._standardised(x, counted)[0]

        x = jnp.where(missing, 0.0, x)  # whatever stands there
        _, log_scale, first = self._standardised(x, counted)
        best = most_probable(standard, x, gone, self.event_dims)
        per_step = prod(self._noise_shape[1:])
        number = counted.sum(axis=-1) * per_step - gone.sum(axis=self._axes)
        if self._normal_start:
            number = number + prod(self.event_shape) - prod(self._noise_shape)
        total = first - log_scale - 0.5 * jnp.sum(best.rest**2, axis=-1)
        total = total - number * HALF_LOG_TWO_PI - log_diagonal(best.factor)
        return jnp.where(whole, 0.0, total)

    def draw_missing(self, key: Any, x: Any, missing: np.ndarray) -> Any:
        """Draw the missing entries given those that were seen: normal about the most probable."""
        if not partial_events(missing, self.event_dims).any():
            return super().draw_missing(key, x, missing)
        first, second = jax.random.split(key)
        wide = whole_events(missing, self.event_dims)
        wide = np.broadcast_to(wide.reshape(*wide.shape, *(1,) * self.event_dims), missing.shape)
        if wide.any():
            x = jnp.where(wide, self.draw(first, missing.shape), x)
        gone = missing & ~wide
        counted = np.ones((*missing.shape[: missing.ndim - self.event_dims], self._steps), bool)
        best = most_probable(lambda x: self._standardised(x, counted)[0], x, gone, self.event_dims)
        z = jax.random.normal(second, best.move.shape)
        move = best.move + times(jnp.swapaxes(best.inverse, -1, -2), z)
        return jnp.where(gone, x + spread_out(move, gone, self.event_dims), x)

    def kept(self, missing: np.ndarray) -> np.ndarray:
        """Say where first points are missing and not normal: what comes next has no closed form."""
        kept = np.zeros_like(missing)
        if not self._normal_start:
            partial = partial_events(missing, self.event_dims)
            at: Any = (..., slice(self.order), *(slice(None),) * (self.event_dims - 1))
            kept[at] = missing[at] & partial.reshape(*partial.shape, *(1,) * self.event_dims)
        return kept

    def improper(self, missing: np.ndarray) -> bool:
        """Say whether a series is missing altogether that starts anywhere."""
        return self.init_dist.improper(whole_events(missing, self.event_dims))

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        first, second = jax.random.split(key)
        batch = shape[: len(shape) - self.event_dims]
        start = self.init_dist.draw(first, (*batch, self._start_size))
        return self._path(start, jax.random.normal(second, (*batch, *self._noise_shape)))

    def _mean(self) -> Any:
        noise = jnp.zeros((*self.batch_shape, *self._noise_shape))
        start = jnp.broadcast_to(self.init_dist._mean(), (*self.batch_shape, self._start_size))
        return self._path(start, noise)

    @property
    def _axes(self) -> tuple[int, ...]:
        return tuple(range(-self.event_dims, 0))

    @property
    def _steps(self) -> int:
        return self.event_shape[0] - self.order

    @property
    def _noise_shape(self) -> tuple[int, ...]:
        return (self._steps, *self.event_shape[1:])

    @property
    def _start_size(self) -> int:
        return self.order * prod(self.event_shape[1:])

    @property
    def _normal_start(self) -> bool:
        return isinstance(self.init_dist, Normal | MvNormal)

    def _first(self, x: Any) -> Any:
        """Give the first points as one vector."""
        head = x[(..., slice(self.order), *(slice(None),) * (self.event_dims - 1))]
        return head.reshape(*head.shape[: head.ndim - self.event_dims], self._start_size)

    def _log_prob_of_first(self, x: Any) -> Any:
        log_prob = self.init_dist.checked_log_prob(self._first(x))
        return log_prob if self.init_dist.event_dims else jnp.sum(log_prob, axis=-1)

    def _standardised(self, x: Any, counted: np.ndarray) -> tuple[Any, Any, Any]:
        """Give standard normal numbers of a series in a row, the log of their scales, and the rest.

        That is the log density of the first points, where these are not normal. Innovations that
        are not counted are zero.
        """
        z, scales = self._innovations(x)
        z = jnp.where(counted.reshape(*counted.shape, *(1,) * (self.event_dims - 1)), z, 0.0)
        z = z.reshape(*z.shape[: z.ndim - self.event_dims], -1)
        log_scale = jnp.sum(jnp.where(counted, scales, 0.0), axis=-1)
        if not self._normal_start:
            return z, log_scale, self._log_prob_of_first(x)
        init, first = self.init_dist, self._first(x)
        if isinstance(init, MvNormal):
            start, start_scale = init.spread().standardised(first - init.mu)
        else:
            start = (first - init.mu) / init.sigma
            start_scale = jnp.sum(jnp.log(jnp.broadcast_to(init.sigma, start.shape)), axis=-1)
        batch = jnp.broadcast_shapes(start.shape[:-1], z.shape[:-1])
        parts = [jnp.broadcast_to(part, (*batch, part.shape[-1])) for part in (start, z)]
        return jnp.concatenate(parts, axis=-1), log_scale + start_scale, 0.0

    def _batch_shape_of(self, name: str, value: Any) -> tuple[int, ...]:
        if name == "init_dist":
            return value.batch_shape if value.event_dims else value.batch_shape[:-1]
        return super()._batch_shape_of(name, value)


class MostProbable(NamedTuple):
    """The missing entries of a Gaussian array given the others, of which there are k or fewer.

    Where fewer are missing, what is left over belongs to none.
    """

    move: Any  # (..., k): how far they are from where they stood
    rest: Any  # (..., n): the standard numbers with them
    factor: Any  # (..., k, k): of their precision, lower
    inverse: Any  # (..., k, k): of the factor


def most_probable(standard: Any, x: Any, gone: np.ndarray, event_dims: int) -> MostProbable:
    """Minimise the sum of squares of what is linear in an array, over the entries that are gone.

    `standard` gives vectors of independent standard numbers, (..., n), of an array.
    """
    index, real = places(gone, event_dims)
    size = prod(gone.shape[gone.ndim - event_dims :])
    at = (np.moveaxis(index, -1, 0)[..., None] == np.arange(size)) & np.moveaxis(real, -1, 0)[
        ..., None
    ]
    now, push = jax.linearize(standard, jnp.broadcast_to(x, gone.shape))
    slopes = jax.vmap(push)(at.astype(float).reshape(len(at), *gone.shape))
    slopes = jnp.moveaxis(slopes, 0, -2)
    if slopes.shape[-2] <= WRITTEN_OUT:
        precision = jnp.sum(slopes[..., :, None, :] * slopes[..., None, :, :], axis=-1)
    else:
        precision = slopes @ jnp.swapaxes(slopes, -1, -2)
    precision = precision + (~real * 1.0)[..., None] * np.eye(real.shape[-1])
    factor = cholesky(precision)
    inverse = invert_lower(factor)
    pull = times(slopes, now)
    move = -times(jnp.swapaxes(inverse, -1, -2), times(inverse, pull))
    rest = now + jnp.sum(move[..., None] * slopes, axis=-2)
    return MostProbable(move, rest, factor, inverse)


def places(gone: np.ndarray, event_dims: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the flat places of the entries that are gone in each event, as many for each, and which.

    Both of shape (..., k); where fewer are gone, places are made up, and not real.
    """
    flat = gone.reshape(*gone.shape[: gone.ndim - event_dims], -1)
    most = max(1, int(flat.sum(axis=-1).max()))
    order = np.argsort(~flat, axis=-1, kind="stable")[..., :most]
    return order, np.take_along_axis(flat, order, axis=-1)


def spread_out(values: Any, gone: np.ndarray, event_dims: int) -> Any:
    """Put values, (..., k), to the entries that are gone, and zeros elsewhere."""
    index, real = places(gone, event_dims)
    size = prod(gone.shape[gone.ndim - event_dims :])
    at = (index[..., None] == np.arange(size)) & real[..., None]
    return jnp.sum(jnp.where(at, values[..., None], 0.0), axis=-2).reshape(gone.shape)


def checked_start(family: str, init_dist: Any, size: int, what: str) -> Distribution:
    """Refuse what is no distribution of the first points, which are so many numbers."""
    good = isinstance(init_dist, Distribution) and not init_dist.discrete
    if good and init_dist.event_dims == 1:
        good = init_dist.event_shape == (size,)
    elif good:
        last = init_dist.batch_shape[-1:]
        good = init_dist.event_dims == 0 and last in ((), (1,), (size,))
    if not good:
        raise ParameterError(
            f"{family}: init_dist must be a continuous distribution of {what}, of shape () or one "
            f"that ends in {size}, made with Normal.dist(0, 1) or MvNormal.dist(...) or the like; "
            f"got {init_dist!r:.80}"
            + (f" of shape {init_dist.shape}" if isinstance(init_dist, Distribution) else "")
        )
    return init_dist
