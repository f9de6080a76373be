"""Simplexes: vectors of probabilities that sum to one."""

from __future__ import annotations

from math import log, sqrt
from typing import Any

import jax.numpy as jnp
from jax.lax import stop_gradient

from aliquot.errors import ShapeError
from aliquot.transforms.base import SMALLEST, Distance, Distances, Transform


class Simplex(Transform):
    r"""Vectors of K probabilities from K - 1 coordinates: an isometric log-ratio transform.

    :math:`x = \operatorname{softmax}(z)` where :math:`z = V y` and the columns of the (K, K - 1)
    matrix :math:`V` are an orthonormal basis of the vectors that sum to zero. y = 0 is the uniform
    simplex, and distances in y are Aitchison's distances between compositions, the same for every
    pair of components: no component is a special one, as the last is in stick-breaking.

    Notes
    -----
    :math:`V` is the Householder reflection of the last axis onto :math:`1 / \sqrt K`, less its last
    column: with :math:`s = \sum_j y_j`, :math:`z_i = y_i - s / (K + \sqrt K)` for i < K and
    :math:`z_K = -s / \sqrt K`. That is O(K), without a matrix.

    The Jacobian is with respect to Lebesgue measure on the first K - 1 components, the measure of
    the usual Dirichlet density. The map from additive log-ratios :math:`\log(x_i / x_K)` to these
    has determinant :math:`\prod_i x_i`, that from y to the log-ratios :math:`\sqrt K`; hence the
    log Jacobian :math:`\tfrac12 \log K - K \log \sum_i e^{z_i}`, which is concave in y.

    A component below 1e-300 is rounded to that; the logarithms in `distances` are not.

    References
    ----------
    .. [1] J. J. Egozcue, V. Pawlowsky-Glahn, G. Mateu-Figueras and C. Barceló-Vidal, "Isometric
       logratio transformations for compositional data analysis", Mathematical Geology 35(3),
       279-300, 2003.

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.precision import float64
    >>> with float64():
    ...     print(simplex.backward(np.zeros(3)))
    [0.25 0.25 0.25 0.25]
    """

    name = "simplex"
    event_dims = 1

    def forward(self, x: Any) -> Any:
        logs = jnp.log(jnp.maximum(x, SMALLEST))
        return coordinates_of_centred(logs - jnp.mean(logs, axis=-1, keepdims=True))

    def backward(self, y: Any) -> Any:
        _, weights, total = _softmax_parts(y)
        return jnp.maximum(weights / total, SMALLEST)

    def log_det_jacobian(self, y: Any) -> Any:
        largest, weights, total = _softmax_parts(y)
        k = weights.shape[-1]
        return 0.5 * log(k) - k * (largest + jnp.log(total))[..., 0]

    def distances(self, y: Any) -> Distances:
        """Compute the distances from 0 and from 1: what is near 1 lacks the sum of the others."""
        largest, weights, total = _softmax_parts(y)
        z = centred(y)
        lower = jnp.maximum(weights / total, SMALLEST), z - (largest + jnp.log(total))
        return Distances(Distance(0.0, *lower), Distance(1.0, *_rest(z, weights, largest, total)))

    def unconstrained_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Give the shape of x with one coordinate fewer along the last axis: of one, none."""
        if not shape or shape[-1] < 1:
            raise ShapeError(
                "transform simplex needs at least 1 probability along the last axis; got shape "
                f"{shape}"
            )
        return (*shape[:-1], shape[-1] - 1)

    def start(self, mean: Any, sd: Any) -> Any:
        """Give the mean, made to sum to one, and the uniform simplex where it is not positive."""
        del sd
        mean = jnp.asarray(mean, float)
        inside = jnp.all(jnp.isfinite(mean) & (mean > 0), axis=-1, keepdims=True)
        safe = jnp.where(inside, mean, 1.0)
        return safe / jnp.sum(safe, axis=-1, keepdims=True)


def _softmax_parts(y: Any) -> tuple[Any, Any, Any]:
    """Compute the largest z, exp(z - largest) and its sum, with the last axis kept.

    Taken as a constant, the largest cancels in all that is computed from the three.
    """
    z = centred(y)
    largest = stop_gradient(jnp.max(z, axis=-1, keepdims=True))
    weights = jnp.exp(z - largest)
    return largest, weights, jnp.sum(weights, axis=-1, keepdims=True)


def centred(y: Any) -> Any:
    """Compute K numbers that sum to zero from K - 1 orthonormal coordinates of such vectors.

    Of a simplex these are the logarithms of the probabilities, up to a number.
    """
    y = jnp.asarray(y)
    k = y.shape[-1] + 1
    s = jnp.sum(y, axis=-1, keepdims=True)
    return jnp.concatenate([y - s / (k + sqrt(k)), -s / sqrt(k)], axis=-1)


def coordinates_of_centred(z: Any) -> Any:
    """Compute the orthonormal coordinates of numbers that sum to zero."""
    return z[..., :-1] - z[..., -1:] / (sqrt(z.shape[-1]) + 1.0)


def _rest(z: Any, weights: Any, largest: Any, total: Any) -> tuple[Any, Any]:
    """Compute one minus each probability, and its logarithm."""
    heavy = weights > 0.75 * total  # at most one
    others = jnp.where(heavy, -jnp.inf, z)
    next_largest = stop_gradient(jnp.max(others, axis=-1, keepdims=True))
    left = jnp.sum(jnp.exp(others - next_largest), axis=-1, keepdims=True)
    log_rest = next_largest - largest + jnp.log(left) - jnp.log(total)
    light = jnp.where(heavy, 0.0, weights / total)
    size = jnp.where(heavy, jnp.maximum(jnp.exp(log_rest), SMALLEST), 1.0 - light)
    return size, jnp.where(heavy, log_rest, jnp.log1p(-light))


simplex = Simplex()
