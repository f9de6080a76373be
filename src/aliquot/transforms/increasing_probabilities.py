"""Simplexes whose probabilities increase strictly, such as the ordered weights of a mixture."""

from __future__ import annotations

from math import lgamma
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.lax import cumlogsumexp

from aliquot.transforms.base import Transform
from aliquot.transforms.distances import Distance, Distances
from aliquot.transforms.increasing import increases, normal_quantiles
from aliquot.transforms.probabilities import simplex
from aliquot.transforms.saturation import SMALLEST, spread
from aliquot.transforms.shares import coordinates_of_shares, shares


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

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(increasing_simplex.backward(np.zeros(1)))
    [0.25 0.75]
    """

    name = "increasing_simplex"
    event_dims = 1

    def forward(self, x: Any) -> Any:
        x = jnp.asarray(x)
        gaps = jnp.concatenate([x[..., :1], x[..., 1:] - x[..., :-1]], axis=-1)
        return coordinates_of_shares(gaps * np.arange(x.shape[-1], 0, -1))

    def backward(self, y: Any) -> Any:
        y = jnp.asarray(y)
        dealt = shares(y, _gaps(y), _least(y)) / np.arange(y.shape[-1] + 1, 0, -1)
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
        size = jnp.maximum(jnp.exp(logs), SMALLEST)
        # The last lacks, of each share but its own, what was dealt out to the others.
        dealt = parts.log[..., :-1] + np.log1p(-1.0 / count[:-1])
        rest = jax.nn.logsumexp(dealt, axis=-1, keepdims=True)
        last = count == 1
        inner = jnp.where(last, 0.0, size)
        return Distances(
            Distance(0.0, size, logs),
            Distance(
                1.0,
                jnp.where(last, jnp.maximum(jnp.exp(rest), SMALLEST), 1.0 - inner),
                jnp.where(last, rest, jnp.log1p(-inner)),
            ),
        )

    def unconstrained_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Give the shape of x with one coordinate fewer along the last axis.

        Raises
        ------
        ShapeError
            Where there is no last axis, or it is shorter than 2.
        """
        return simplex.unconstrained_shape(shape)

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean, made to sum to one, if it increases strictly, else such values around it.

        These are the sorted means times exp(r q), made to sum to one: q the standard normal
        quantiles at (i - 1/2) / K, r the mean ratio of `sd` to mean, kept from 0.01 to 1.
        """
        middle = simplex.start(mean, sd)
        good = increases(middle)
        ordered = jnp.sort(middle, axis=-1)
        scale = jnp.broadcast_to(spread(sd), middle.shape) / middle
        ratio = jnp.clip(jnp.mean(scale, axis=-1, keepdims=True), 0.01, 1.0)
        logs = jnp.log(ordered) + ratio * normal_quantiles(middle.shape[-1])
        return jnp.where(good, middle, jax.nn.softmax(logs, axis=-1))


def _gaps(y: Any) -> np.ndarray:
    """Say which shares are gaps between probabilities: all but the first."""
    return np.arange(y.shape[-1] + 1) > 0


def _least(y: Any) -> float:
    k = y.shape[-1] + 1
    return min(8.0 * k * float(np.finfo(float).eps), 0.25 / k)


increasing_simplex = IncreasingSimplex()
