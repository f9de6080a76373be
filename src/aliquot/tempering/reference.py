"""Where a ladder begins: a normalised density that can be drawn from exactly."""

from __future__ import annotations

from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.gaussians.scale import Diagonal

# With more coordinates than this a member of a mixture keeps its standard deviations alone: a
# matrix for each would be most of what a step costs.
MOST_DENSE = 512


class LadderReference(Protocol):
    """A normalised density of a flat vector that can be drawn from."""

    @property
    def name(self) -> str: ...  # of what it is, in a user's words

    @property
    def data(self) -> Any: ...  # a pytree of arrays, passed to the function

    @property
    def log_density(self) -> Any: ...  # a pure function (flat (d,), data) -> scalar

    def draw(self, count: int, stream: tuple[int, ...]) -> np.ndarray:
        """Draw (count, d) independently; a function of the stream's non-negative numbers."""
        ...


class MixtureReference:
    """A mixture of Gaussians or of t distributions.

    >>> q = GaussianMixture.of(np.zeros(2), Diagonal(np.array([1.0, 2.0])))
    >>> MixtureReference(q, "a Gaussian").draw(3, (1,)).shape
    (3, 2)
    """

    def __init__(self, q: GaussianMixture, name: str) -> None:
        if q.size > MOST_DENSE:
            scales = tuple(Diagonal(np.sqrt(scale.variance())) for scale in q.scales)
            q = GaussianMixture(q.weights, q.centers, scales, q.tails)
        self.q = q
        self.name = name
        # Of each member a linear map to standard noise, (M, d) where all of them are diagonal.
        if all(isinstance(scale, Diagonal) for scale in q.scales):
            inverse = np.stack([1.0 / np.sqrt(scale.variance()) for scale in q.scales])
        else:
            inverse = np.stack([scale.solve(np.eye(q.size)) for scale in q.scales])
        # The height of each at its centre.
        heights = [
            float(member.log_density(center[None])[0]) + np.log(weight)
            for member, center, weight in zip(_members(q), q.centers, q.weights, strict=True)
        ]
        self.data: Any = (q.centers, inverse, np.array(heights), np.float64(min(q.tails, 1e300)))
        self.log_density = _log_t if np.isfinite(q.tails) else _log_gaussian

    def draw(self, count: int, stream: tuple[int, ...]) -> np.ndarray:
        """Draw (count, d) independently; a function of the stream's non-negative numbers."""
        return self.q.draw(count, np.random.default_rng(stream))[0]


def _members(q: GaussianMixture) -> list[GaussianMixture]:
    one = np.ones(1)
    return [
        GaussianMixture(one, center[None], (scale,), q.tails)
        for center, scale in zip(q.centers, q.scales, strict=True)
    ]


def _squares(flat: Array, centers: Array, inverse: Array) -> Array:
    """Give the squared length of the noise of each member, (M,)."""
    away = flat - centers
    noise = away * inverse if inverse.ndim == 2 else jnp.sum(away[:, :, None] * inverse, axis=1)
    return jnp.sum(noise**2, axis=1)


def _log_gaussian(flat: Array, data: Any) -> Array:
    centers, inverse, heights, _ = data
    return jax.nn.logsumexp(heights - 0.5 * _squares(flat, centers, inverse))


def _log_t(flat: Array, data: Any) -> Array:
    centers, inverse, heights, tails = data
    power = 0.5 * (tails + flat.shape[0])
    return jax.nn.logsumexp(heights - power * jnp.log1p(_squares(flat, centers, inverse) / tails))
