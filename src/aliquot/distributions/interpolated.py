"""A density given by its height at some points, and straight lines between them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.categorical import entry_at
from aliquot.distributions.constraints import Constraint, Interval, ordered_vector
from aliquot.distributions.parameters import as_parameter
from aliquot.distributions.random_numbers import uniform
from aliquot.errors import ShapeError

_TINY = 1e-290


class HeightVector(Constraint):
    """Vectors of non-negative finite numbers, not all of them zero."""

    event_dims = 1
    description = "non-negative and finite, and not zero everywhere along the last axis"

    def check(self, x: Any, xp: Any = np) -> Any:
        return xp.all(xp.isfinite(x) & (x >= 0), axis=-1) & xp.any(x > 0, axis=-1)

    def feasible(self, x: Any, xp: Any = np) -> Any:
        return xp.ones_like(x)


class Interpolated(Distribution):
    r"""A density that is piecewise linear, as estimated from draws or drawn by hand.

    Between neighbouring points the density is the straight line between its heights there, and the
    whole is normalised. The first and the last point are the bounds of the support.

    Parameters
    ----------
    x_points : array or Expression, shape (..., K), increasing
        Where the height is known; two points at least.
    pdf_points : array or Expression, shape (..., K), non-negative
        HeightVector, up to a common factor.

    Raises
    ------
    ParameterError
        Where the points do not increase, a height is negative or all of them are zero.
    ShapeError
        Where there are not as many heights as points, or fewer than two.

    Examples
    --------
    >>> import aliquot as aq
    >>> import numpy as np
    >>> tent = aq.Interpolated.dist(x_points=[0, 1, 4], pdf_points=[0, 3, 0])
    >>> round(float(np.exp(tent.log_prob(2.5))), 6)
    0.25
    """

    constraints = {"x_points": ordered_vector, "pdf_points": HeightVector()}

    def __init__(self, x_points: Any, pdf_points: Any, *, shape: Any = None) -> None:
        given = {"x_points": x_points, "pdf_points": pdf_points}
        read = {
            name: as_parameter(self.family, name, value, self.constraints[name])
            for name, value in given.items()
        }
        counts = {name: np.shape(value)[-1] for name, value in read.items() if np.ndim(value)}
        if len(counts) == 2 and (len(set(counts.values())) > 1 or min(counts.values()) < 2):
            raise ShapeError(
                f"{self.family}: x_points and pdf_points must be equally many along the last axis, "
                f"and at least 2; got {counts['x_points']} and {counts['pdf_points']}"
            )
        super().__init__(read, shape)

    @property
    def support(self) -> Constraint:
        return Interval(self.x_points[..., 0], self.x_points[..., -1], closed=True)

    def _log_prob(self, x: Any) -> Any:
        points, heights = jnp.asarray(self.x_points), jnp.asarray(self.pdf_points)
        inner = points[..., 1:-1]
        if inner.ndim == 1:
            index = jnp.searchsorted(inner, x, side="right")
        else:
            index = jnp.sum(jnp.asarray(x)[..., None] >= inner, axis=-1)
        left, right = entry_at(points, index), entry_at(points, index + 1)
        low, high = entry_at(heights, index), entry_at(heights, index + 1)
        # Not from one end: where the height is zero at the other, digits would be lost near it.
        share = (x - left) / (right - left)
        rest = (right - x) / (right - left)
        height = low * rest + high * share
        most = jnp.max(heights, axis=-1)
        ratio, positive = height / most, height > 0
        # A ratio may be less than any double.
        tiny = ratio < _TINY
        logs = jnp.log(jnp.where(positive & tiny, height, 1.0)) - jnp.log(most)
        log_height = jnp.where(tiny, logs, jnp.log(jnp.where(tiny, 1.0, ratio)))
        whole = points[..., -1] - points[..., 0]
        log_area = jnp.log(jnp.sum(self._areas(), axis=-1)) + jnp.log(whole)
        return jnp.where(positive, log_height, -jnp.inf) - log_area

    def _log_tails(self, x: Any) -> tuple[Any, Any]:
        points = jnp.asarray(self.x_points)
        return self._log_area(points[..., 0], x), self._log_area(x, points[..., -1])

    def _log_between(self, low: Any, high: Any, first: Any, last: Any) -> Any:
        return self._log_area(low, high)

    def _log_area(self, low: Any, high: Any) -> Any:
        """Compute the log of the area between two numbers, from what is in each interval."""
        points = jnp.asarray(self.x_points)
        left, right = points[..., :-1], points[..., 1:]
        start, stop = (jnp.clip(jnp.asarray(x)[..., None], left, right) for x in (low, high))
        first, last, width = self._sides()
        # Twice the height in the middle of the part, and how wide that is.
        rest = ((right - start) + (right - stop)) / width
        share = ((start - left) + (stop - left)) / width
        area = jnp.sum(0.5 * (first * rest + last * share) * (stop - start), axis=-1)
        whole = points[..., -1] - points[..., 0]
        log_area = jnp.log(jnp.where(area > 0, area, 1.0)) - jnp.log(whole)
        log_total = jnp.log(jnp.sum(self._areas(), axis=-1))
        return jnp.where(area > 0, log_area - log_total, -jnp.inf)

    def _sample(self, key: Any, shape: tuple[int, ...]) -> Any:
        first, second = jax.random.split(key)
        points, heights, areas = jnp.asarray(self.x_points), self._scaled_heights(), self._areas()
        # Zero areas stay behind: what is counted is how many sums a number is not less than.
        below = jnp.cumsum(areas, axis=-1)
        inner = below[..., :-1] / below[..., -1:]
        v = jax.random.uniform(first, shape)
        if inner.ndim == 1:
            index = jnp.searchsorted(inner, v, side="right")
        else:
            index = jnp.sum(v[..., None] >= inner, axis=-1)
        left, right = entry_at(points, index), entry_at(points, index + 1)
        low, high = entry_at(heights, index), entry_at(heights, index + 1)
        higher = jnp.maximum(low, high)
        low, high = low / higher, high / higher
        # Within an interval by the inverse of a quadratic, from the end that is nearer.
        u, rest = uniform(second, shape)
        root = jnp.sqrt(rest * low**2 + u * high**2)
        share, other = u * (low + high) / (low + root), rest * (low + high) / (high + root)
        width = right - left
        draws = jnp.where(share < other, left + width * share, right - width * other)
        return jnp.clip(draws, points[..., 0], points[..., -1])

    def _mean(self) -> Any:
        points = jnp.asarray(self.x_points)
        weights, centres = self._trapezoids()
        return points[..., 0] + jnp.sum(weights * (centres - points[..., :1]), axis=-1)

    def _variance(self) -> Any:
        low, high, width = self._sides()
        weights, centres = self._trapezoids()
        both = jnp.where(low + high > 0, low + high, 1.0)
        within = width**2 * (low**2 + 4.0 * low * high + high**2) / (18.0 * both**2)
        away = centres - self._mean()[..., None]
        return jnp.sum(weights * (within + away**2), axis=-1)

    def _scaled_heights(self) -> Any:
        heights = jnp.asarray(self.pdf_points)
        return heights / jnp.max(heights, axis=-1, keepdims=True)

    def _sides(self) -> tuple[Any, Any, Any]:
        """Give the heights at both ends of each interval, and its width."""
        heights = self._scaled_heights()
        return heights[..., :-1], heights[..., 1:], jnp.diff(jnp.asarray(self.x_points), axis=-1)

    def _areas(self) -> Any:
        """Give the area over each interval, in units of the highest point and the whole width."""
        low, high, width = self._sides()
        points = jnp.asarray(self.x_points)
        return 0.5 * (low + high) * (width / (points[..., -1:] - points[..., :1]))

    def _trapezoids(self) -> tuple[Any, Any]:
        """Give the probability of each interval, and the mean in it."""
        low, high, width = self._sides()
        both = jnp.where(low + high > 0, low + high, 1.0)
        share = (low + 2.0 * high) / (3.0 * both)
        areas = self._areas()
        centres = jnp.asarray(self.x_points)[..., :-1] + width * share
        return areas / jnp.sum(areas, axis=-1, keepdims=True), centres
