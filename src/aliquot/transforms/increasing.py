"""Strictly increasing vectors: of real numbers, on one side of a bound, between two, simplexes.

Between two bounds, and of a simplex, the gaps are shares of a whole, some of which are kept wide
enough to be seen once they are summed.
"""

from __future__ import annotations

from math import lgamma
from statistics import NormalDist
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.lax import cumlogsumexp

from aliquot.transforms.base import SMALLEST, Distance, Distances, Transform, known_sd, margin
from aliquot.transforms.probabilities import simplex


class Increasing(Transform):
    r"""Vectors that increase strictly along the last axis: :math:`x_i = x_{i-1} + e^{y_i}`.

    The first element is :math:`x_1 = y_1`, and the log Jacobian :math:`\sum_{i > 1} y_i`. A gap
    smaller than rounding resolves at its place is widened to a few units in the last place, so that
    no two elements are ever equal. See "Constraint transforms: ordered vector" in the *Stan
    Reference Manual*.
    """

    name = "increasing"
    event_dims = 1

    def forward(self, x: Any) -> Any:
        x = jnp.asarray(x)
        return jnp.concatenate([x[..., :1], jnp.log(x[..., 1:] - x[..., :-1])], axis=-1)

    def backward(self, y: Any) -> Any:
        y = jnp.asarray(y)
        return running_sum(y[..., :1], jnp.exp(y[..., 1:]))

    def log_det_jacobian(self, y: Any) -> Any:
        return jnp.sum(jnp.asarray(y)[..., 1:], axis=-1)

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean if it increases strictly, else increasing values spread around it.

        These are the sorted means plus `sd` (its mean along the axis) times the standard normal
        quantiles at (i - 1/2) / K.
        """
        mean = jnp.asarray(mean, float)
        good = jnp.all(jnp.isfinite(mean), -1, keepdims=True) & increases(mean)
        middle = jnp.sort(jnp.where(jnp.isfinite(mean), mean, 0.0), axis=-1)
        scale = jnp.mean(jnp.broadcast_to(known_sd(sd), mean.shape), axis=-1, keepdims=True)
        scale = jnp.maximum(scale, 1e-6 * jnp.max(jnp.abs(middle), axis=-1, keepdims=True))
        return jnp.where(good, mean, middle + scale * normal_quantiles(mean.shape[-1]))


def increases(x: Any) -> Any:
    """Say whether vectors increase strictly along the last axis, which is kept."""
    return jnp.all(x[..., 1:] > x[..., :-1], axis=-1, keepdims=True)


def running_sum(first: Any, gaps: Any, offset: Any = 0.0) -> Any:
    """Sum gaps onto a first element along the last axis, each gap wide enough to be seen.

    A gap is lost where it is below the rounding of the sum that it is added to. The sum of
    absolute values bounds that rounding, whatever cancels; `offset` is what the sums are to be
    added to, later.
    """
    reach = jnp.cumsum(jnp.concatenate([jnp.abs(first), gaps], axis=-1), axis=-1)[..., 1:]
    visible = 4.0 * jnp.finfo(reach.dtype).eps * (reach + jnp.abs(offset))
    return jnp.cumsum(jnp.concatenate([first, jnp.maximum(gaps, visible)], axis=-1), axis=-1)


def normal_quantiles(k: int) -> np.ndarray:
    """Compute the standard normal quantiles at (i - 1/2) / k, i = 1, ..., k."""
    normal = NormalDist()
    return np.array([normal.inv_cdf((i + 0.5) / k) for i in range(k)])


increasing = Increasing()


class IncreasingAbove(Transform):
    r"""Vectors that increase strictly from a bound: :math:`x_i = x_{i-1} + e^{y_i}`.

    Before the first element stands the bound, :math:`x_0 = a`. Where it is an array, its last axis
    is of length one, and it broadcasts against the vectors. The log Jacobian is
    :math:`\sum_i y_i`. Gaps saturate as those of `Increasing`, the first as that of `Log`. See
    "Constraint transforms: positive ordered vector" in the *Stan Reference Manual*.
    """

    name = "increasing_above"
    event_dims = 1
    fields = ("lower",)

    def __init__(self, lower: Any = 0.0) -> None:
        self.lower = lower

    def forward(self, x: Any) -> Any:
        x = jnp.asarray(x)
        return jnp.log(jnp.concatenate([x[..., :1] - self.lower, x[..., 1:] - x[..., :-1]], -1))

    def backward(self, y: Any) -> Any:
        gaps = jnp.maximum(jnp.exp(jnp.asarray(y)), margin(self.lower))
        return self.lower + running_sum(gaps[..., :1], gaps[..., 1:], self.lower)

    def log_det_jacobian(self, y: Any) -> Any:
        return jnp.sum(jnp.asarray(y), axis=-1)

    def distances(self, y: Any) -> Distances:
        y = jnp.asarray(y)
        logs = cumlogsumexp(y, axis=y.ndim - 1)
        return Distances(lower=Distance.of_log(self.lower, logs))

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean if it is above the bound and increases, else such values around it.

        With distances from the bound in place of the values, these are the sorted means times
        exp(r q): q the standard normal quantiles at (i - 1/2) / K, r the ratio of `sd` to mean
        along the axis, kept from 0.01 to 1. A mean that is not above the bound counts as `sd`.
        """
        lower = jnp.asarray(self.lower, float)
        mean = jnp.asarray(mean, float)
        inside = jnp.isfinite(mean) & (mean > lower)
        good = jnp.all(inside, axis=-1, keepdims=True) & increases(mean)
        scale = jnp.maximum(jnp.broadcast_to(known_sd(sd), mean.shape), 1e6 * margin(lower))
        distance = jnp.where(inside, jnp.maximum(mean - lower, 1e6 * margin(lower)), scale)
        middle = jnp.sort(distance, axis=-1)
        ratio = jnp.clip(jnp.mean(scale / middle, axis=-1, keepdims=True), 0.01, 1.0)
        moved = lower + middle * jnp.exp(ratio * normal_quantiles(mean.shape[-1]))
        return jnp.where(good, mean, moved)


class IncreasingBelow(Transform):
    """Vectors that increase strictly up to a bound: :math:`x_i = x_{i+1} - e^{y_i}`.

    After the last element stands the bound, :math:`x_{K+1} = b`, of a shape as in
    `IncreasingAbove`, of which this is the mirror image.
    """

    name = "increasing_below"
    event_dims = 1
    fields = ("upper",)

    def __init__(self, upper: Any = 0.0) -> None:
        self.upper = upper

    def forward(self, x: Any) -> Any:
        return jnp.flip(self._mirror().forward(-jnp.flip(jnp.asarray(x), -1)), -1)

    def backward(self, y: Any) -> Any:
        return -jnp.flip(self._mirror().backward(jnp.flip(jnp.asarray(y), -1)), -1)

    def log_det_jacobian(self, y: Any) -> Any:
        return jnp.sum(jnp.asarray(y), axis=-1)

    def distances(self, y: Any) -> Distances:
        y = jnp.asarray(y)
        logs = cumlogsumexp(y, axis=y.ndim - 1, reverse=True)
        return Distances(upper=Distance.of_log(self.upper, logs))

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mirror image of what :class:`IncreasingAbove` gives."""
        mean = jnp.asarray(mean, float)
        sd = jnp.broadcast_to(sd, mean.shape)
        return -jnp.flip(self._mirror().start(-jnp.flip(mean, -1), jnp.flip(sd, -1)), -1)

    def _mirror(self) -> IncreasingAbove:
        return IncreasingAbove(-self.upper)


class IncreasingBetween(Transform):
    r"""Vectors that increase strictly between two bounds, :math:`a < b`, from K coordinates.

    The K + 1 gaps, from the lower bound to the first element and so on to the upper bound, are
    shares of the width, with the coordinates of `Simplex`. y = 0 is K numbers equally far from one
    another and from the bounds, which are of shapes as in `IncreasingAbove`.

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
    coordinates of `Simplex`: its share :math:`v_j` is dealt out to the probabilities from the j-th
    on, equally. That map from simplex to ordered simplex is linear, onto and triangular: its
    determinant is :math:`\prod_{j < K} 1 / (K - j + 1) = 1 / K!` on the first K - 1 elements, one
    K!-th of the simplex, as must be. A gap between probabilities is kept a few units of rounding
    wide.
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
