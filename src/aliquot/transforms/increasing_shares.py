"""Strictly increasing vectors whose gaps are shares of a whole: between two bounds, or simplexes.

Of the shares some are kept wide enough to be seen once they are summed.
"""

from __future__ import annotations

from math import lgamma
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.lax import cumlogsumexp

from aliquot.transforms.base import SMALLEST, Distance, Distances, Transform, known_sd, margin
from aliquot.transforms.increasing import increases, normal_quantiles
from aliquot.transforms.probabilities import simplex


class IncreasingBetween(Transform):
    r"""Vectors that increase strictly between two bounds, from K coordinates.

    The K + 1 gaps, from the lower bound to the first element and so on to the upper bound, are
    shares of the width, with the coordinates of :class:`~aliquot.transforms.Simplex`. y = 0 is
    K numbers equally far from one another and from the bounds.

    Parameters
    ----------
    lower, upper : float, array or Expression
        The bounds :math:`a < b`, broadcast against vectors with a last axis of length one.

    Notes
    -----
    The elements are sums of the gaps, so the log Jacobian is that of the simplex plus
    :math:`K \log(b - a)`. Gaps between elements are kept a few units of rounding wide, and each
    element is computed from the bound that is nearer. Where the bounds are expressions and cross,
    the log Jacobian is -inf.
    """

    name = "increasing_between"
    event_dims = 1
    fields = ("lower", "upper")

    def __init__(self, lower: Any = 0.0, upper: Any = 1.0) -> None:
        self.lower = lower
        self.upper = upper

    def forward(self, x: Any) -> Any:
        x = jnp.asarray(x)
        gaps = [x[..., :1] - self.lower, x[..., 1:] - x[..., :-1], self.upper - x[..., -1:]]
        return coordinates_of_shares(jnp.concatenate(gaps, axis=-1))

    def backward(self, y: Any) -> Any:
        y = jnp.asarray(y)
        width = self._width()
        places = np.arange(y.shape[-1] + 1)  # all gaps but the first and the last are kept wide
        parts = shares(y, places * places[::-1] > 0, self._least(y))
        below = jnp.cumsum(parts[..., :-1], axis=-1)
        above = jnp.flip(jnp.cumsum(jnp.flip(parts[..., 1:], -1), axis=-1), -1)
        from_lower = self.lower + jnp.maximum(width * below, margin(self.lower))
        from_upper = self.upper - jnp.maximum(width * above, margin(self.upper))
        return jnp.where(below <= above, from_lower, from_upper)

    def log_det_jacobian(self, y: Any) -> Any:
        y = jnp.asarray(y)
        known = jnp.broadcast_to(jnp.asarray(self.upper > self.lower), (*y.shape[:-1], 1))[..., 0]
        log_width = jnp.broadcast_to(jnp.log(self._width()), (*y.shape[:-1], 1))[..., 0]
        jacobian = simplex.log_det_jacobian(y) + y.shape[-1] * log_width
        return jnp.where(known, jacobian, -jnp.inf)

    def distances(self, y: Any) -> Distances:
        """Compute the distances from the two bounds: sums of the gaps on each side."""
        parts = simplex.distances(y).lower
        assert parts is not None
        axis, width = parts.log.ndim - 1, self._width()
        below = cumlogsumexp(parts.log[..., :-1], axis=axis)
        above = cumlogsumexp(parts.log[..., 1:], axis=axis, reverse=True)
        log_width = jnp.log(width)
        return Distances(
            Distance.of_log(self.lower, log_width + below),
            Distance.of_log(self.upper, log_width + above),
        )

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean if it is inside and increases strictly, else such values around it.

        These are spread by normal quantiles on the scale of log odds, where `sd` counts as the
        linear approximation has it, kept from 0.01 to 1. A mean outside counts as the middle.
        """
        mean = jnp.asarray(mean, float)
        inside = jnp.isfinite(mean) & (mean > self.lower) & (mean < self.upper)
        good = jnp.all(inside, axis=-1, keepdims=True) & increases(mean)
        part = jnp.clip((jnp.where(inside, mean, self.lower) - self.lower) / self._width(), 0, 1)
        part = jnp.where(inside, jnp.clip(part, 1e-3, 1.0 - 1e-3), 0.5)
        scale = jnp.broadcast_to(known_sd(sd), mean.shape) / (self._width() * part * (1.0 - part))
        scale = jnp.clip(jnp.mean(scale, axis=-1, keepdims=True), 0.01, 1.0)
        middle = jnp.sort(jnp.log(part) - jnp.log1p(-part), axis=-1)
        odds = middle + scale * normal_quantiles(mean.shape[-1])
        return jnp.where(good, mean, self.lower + self._width() * jax.nn.sigmoid(odds))

    def _width(self) -> Any:
        """Compute the width, 1 where the bounds cross."""
        width = jnp.asarray(self.upper - self.lower, float)
        return jnp.where(width > 0, width, 1.0)

    def _least(self, y: Any) -> Any:
        """Compute the least share that a sum of shares, added to a bound, does not lose."""
        k = y.shape[-1]
        lost = jnp.maximum(margin(self.lower), margin(self.upper)) / self._width()
        lost = jnp.maximum(lost, jnp.finfo(float).eps)
        return jnp.minimum(8.0 * (k + 1) * lost, 0.25 / (k + 1))


class IncreasingSimplex(Transform):
    r"""Vectors of K probabilities that increase strictly, from K - 1 coordinates.

    :math:`x_k = \sum_{j \le k} v_j / (K - j + 1)`, where :math:`v` is any simplex, with the
    coordinates of :class:`~aliquot.transforms.Simplex`: its share :math:`v_j` is dealt out to the
    probabilities from the j-th on, equally.

    Notes
    -----
    That map from simplex to ordered simplex is linear, onto and triangular: its determinant is
    :math:`\prod_{j < K} 1 / (K - j + 1) = 1 / K!` on the first K - 1 elements, one K!-th of the
    simplex, as must be. A gap between probabilities is kept a few units of rounding wide.
    """

    name = "increasing_simplex"
    event_dims = 1

    def forward(self, x: Any) -> Any:
        x = jnp.asarray(x)
        gaps = jnp.concatenate([x[..., :1], x[..., 1:] - x[..., :-1]], axis=-1)
        return coordinates_of_shares(gaps * np.arange(x.shape[-1], 0, -1))

    def backward(self, y: Any) -> Any:
        y = jnp.asarray(y)
        k, eps = y.shape[-1] + 1, float(np.finfo(float).eps)
        places = np.arange(k)  # all shares but the first are gaps between probabilities
        dealt = shares(y, places > 0, min(8.0 * k * eps, 0.25 / k)) / np.arange(k, 0, -1)
        return jnp.cumsum(dealt, axis=-1)

    def log_det_jacobian(self, y: Any) -> Any:
        y = jnp.asarray(y)
        return simplex.log_det_jacobian(y) - lgamma(y.shape[-1] + 2)

    def distances(self, y: Any) -> Distances:
        """Compute the distances from 0 and from 1, which only the last probability comes near."""
        parts = simplex.distances(y).lower
        assert parts is not None
        axis, count = parts.log.ndim - 1, np.arange(parts.log.shape[-1], 0, -1)
        logs = cumlogsumexp(parts.log - np.log(count), axis=axis)
        lower = Distance.of_log(0.0, logs)
        # The last lacks, of each share but its own, what was dealt out to the others.
        dealt = parts.log[..., :-1] + np.log1p(-1.0 / count[:-1])
        rest = jax.nn.logsumexp(dealt, axis=-1, keepdims=True)
        last = count == 1
        inner = jnp.where(last, 0.0, lower.size)
        size = jnp.where(last, jnp.maximum(jnp.exp(rest), SMALLEST), 1.0 - inner)
        upper = Distance(1.0, size, jnp.where(last, rest, jnp.log1p(-inner)))
        return Distances(lower, upper)

    def unconstrained_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return simplex.unconstrained_shape(shape)

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean, made to sum to one, if it increases strictly, else such values around it.

        These are the sorted means times exp(r q), made to sum to one: q the standard normal
        quantiles at (i - 1/2) / K, r the mean ratio of `sd` to mean, kept from 0.01 to 1.
        """
        middle = simplex.start(mean, sd)
        good = increases(middle)
        ordered = jnp.sort(middle, axis=-1)
        scale = jnp.broadcast_to(known_sd(sd), middle.shape) / middle
        ratio = jnp.clip(jnp.mean(scale, axis=-1, keepdims=True), 0.01, 1.0)
        logs = jnp.log(ordered) + ratio * normal_quantiles(middle.shape[-1])
        return jnp.where(good, middle, jax.nn.softmax(logs, axis=-1))


def shares(y: Any, kept: np.ndarray, least: Any) -> Any:
    """Compute a simplex along the last axis, some elements of which are `least` or more.

    Each of these is `least`, a few units of rounding, plus what is left of the whole times its part
    of a simplex.
    """
    return jnp.where(kept, least, 0.0) + (1.0 - kept.sum() * least) * simplex.backward(y)


def coordinates_of_shares(parts: Any) -> Any:
    """Compute the coordinates of shares, not finite where a share is not positive.

    What `least` adds is within rounding of the whole, and is not taken off again.
    """
    inside = jnp.all(parts > 0, axis=-1, keepdims=True)
    return jnp.where(inside, simplex.forward(jnp.where(inside, parts, 1.0)), jnp.nan)


increasing_simplex = IncreasingSimplex()
