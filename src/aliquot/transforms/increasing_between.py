"""Strictly increasing vectors of numbers between two bounds, probabilities first of all."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.lax import cumlogsumexp

from aliquot.transforms.base import Transform
from aliquot.transforms.distances import Distance, Distances
from aliquot.transforms.increasing import increases, normal_quantiles
from aliquot.transforms.probabilities import simplex
from aliquot.transforms.saturation import SMALLEST, margin, spread
from aliquot.transforms.shares import coordinates_of_shares, shares


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

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(IncreasingBetween(0.0, 4.0).backward(np.zeros(3)))
    [1. 2. 3.]
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
        parts = shares(y, _between(y), self._least(y))
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

        def side(bound: Any, logs: Any) -> Distance:
            return Distance(bound, jnp.maximum(jnp.exp(logs), SMALLEST), logs)

        below = cumlogsumexp(parts.log[..., :-1], axis=axis)
        above = cumlogsumexp(parts.log[..., 1:], axis=axis, reverse=True)
        log_width = jnp.log(width)
        return Distances(side(self.lower, log_width + below), side(self.upper, log_width + above))

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
        scale = jnp.broadcast_to(spread(sd), mean.shape) / (self._width() * part * (1.0 - part))
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


def _between(y: Any) -> np.ndarray:
    """Say which of the gaps are between elements, not to a bound."""
    kept = np.ones(y.shape[-1] + 1, bool)
    kept[[0, -1]] = False
    return kept
