"""Toy densities with known answers, with the interface that a model's density has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tests.seeds import fixed

# By quadrature, for the data of `mixture`: one half of the symmetric posterior.
MIXTURE_LOG_EVIDENCE = -180.50878 - np.log(2)
MIXTURE_MEANS = np.array([-0.88681, 1.13043])

LOG_ROOT_TWO_PI = 0.5 * np.log(2 * np.pi)


@dataclass(eq=False)
class Target:
    """A density by its parts; `traces` counts how often its log density was traced or called."""

    log_density_function: Callable[[Any, Any], Any]
    data: Any
    start: np.ndarray
    labels: list[str]
    constrain: Callable[[np.ndarray], dict[str, np.ndarray]] = lambda flat: {"x": flat}
    traces: int = 0

    @property
    def size(self) -> int:
        return self.start.size

    @property
    def numbers_read(self) -> int:
        return sum(np.size(leaf) for leaf in jax.tree.leaves(self.data))

    def log_density(self, flat: Any, data: Any) -> Any:
        self.traces += 1
        return self.log_density_function(flat, data)

    def constrain_draws(self, flat: np.ndarray) -> dict[str, np.ndarray]:
        return self.constrain(flat)


def labels(size: int) -> list[str]:
    return [f"x[{i}]" for i in range(size)]


def of_height(height: Callable[[Any, Any], Any], size: int) -> Target:
    """A density by its logarithm alone."""
    return Target(height, (), np.zeros(size), labels(size))


def gaussian(mean: np.ndarray, covariance: np.ndarray) -> Target:
    """A normalised Gaussian: the log evidence is 0."""
    size = mean.size
    _, log_det = np.linalg.slogdet(2 * np.pi * covariance)
    data = {"mean": mean, "precision": np.linalg.inv(covariance), "log_det": np.asarray(log_det)}

    def log_density(flat: Any, data: Any) -> Any:
        away = flat - data["mean"]
        return -0.5 * (away[:, None] * data["precision"] * away).sum() - 0.5 * data["log_det"]

    return Target(log_density, data, np.zeros(size), labels(size))


def correlated_gaussian() -> tuple[Target, np.ndarray, np.ndarray]:
    """Three coordinates of different scales, two of them correlated: target, mean, covariance."""
    mean = np.array([1.0, -2.0, 0.5])
    scales = np.array([1.0, 0.1, 2.0])
    correlation = np.array([[1.0, 0.6, 0.0], [0.6, 1.0, -0.3], [0.0, -0.3, 1.0]])
    covariance = correlation * scales * scales[:, None]
    return gaussian(mean, covariance), mean, covariance


def mixture() -> Target:
    """Two Gaussians of unit scale and equal weight, ordered: means (a, a + exp(b))."""
    rng = fixed(0)  # the moments and the evidence below are those of these data
    labels = rng.integers(0, 2, 100)
    data = rng.normal(np.array([-1.0, 1.0])[labels], 1.0)

    def log_density(flat: Any, data: Any) -> Any:
        low, high = flat[0], flat[0] + jnp.exp(flat[1])
        prior = -0.5 * (low**2 + high**2) / 100 - 2 * (LOG_ROOT_TWO_PI + np.log(10.0)) + flat[1]
        either = jnp.logaddexp(-0.5 * (data - low) ** 2, -0.5 * (data - high) ** 2)
        return prior + (either - LOG_ROOT_TWO_PI - np.log(2.0)).sum()

    def constrain(flat: np.ndarray) -> dict[str, np.ndarray]:
        low = flat[..., 0]
        return {"means": np.stack([low, low + np.exp(flat[..., 1])], axis=-1)}

    start = np.array([-1.0, np.log(2.0)])
    return Target(log_density, data, start, ["means_ordered__[0]", "means_ordered__[1]"], constrain)
