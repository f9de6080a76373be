"""Integrals from draws of densities that can be drawn from exactly."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from aliquot.diagnostics.statistics import effective_size
from aliquot.evidence import of_draws, thirds_of, together
from aliquot.evidence.thirds import Together
from aliquot.variational.heights import log_densities
from tests.evidence.honest import honest
from tests.variational.targets import gaussian, of_height


def worth(draws: np.ndarray) -> float:
    return float(effective_size(draws[None])[0])


def everywhere(points: np.ndarray) -> np.ndarray:
    return np.ones(len(points), bool)


def integrated(
    target: Any, draws: np.ndarray, rng: np.random.Generator, inside: Any = everywhere
) -> Together:
    """From draws (chains, draws, d)."""
    heights = log_densities(target, draws.reshape(-1, draws.shape[-1])).reshape(draws.shape[:2])
    return together(thirds_of(target, draws, heights, worth, rng, inside))


def test_errors_are_honest_where_coordinates_are_many_and_draws_few(
    rng: np.random.Generator,
) -> None:
    """What a proposal has of the draws that it was fitted to is most of the error here."""
    target, deviations = gaussian(np.zeros(25), np.eye(25)), []
    for _ in range(60):
        found = integrated(target, rng.normal(size=(4, 120, 25)), rng).bridge
        deviations.append(found.value / found.mcse)
    honest(deviations)


def test_a_curved_density(rng: np.random.Generator) -> None:
    """A banana, which a mixture describes, of integral 1."""

    def height(x: Any, data: Any) -> Any:
        bend = x[1] - x[0] ** 2
        return -0.5 * x[0] ** 2 - 0.5 * (bend / 0.3) ** 2 - jnp.log(2 * jnp.pi * 0.3)

    first = rng.normal(size=(4, 900))
    draws = np.stack([first, first**2 + 0.3 * rng.normal(size=first.shape)], axis=-1)
    found = integrated(of_height(height, 2), draws, rng)
    assert abs(found.bridge.value) < 4.5 * found.bridge.mcse < 0.15
    assert of_draws(found, 1, 1.0).good


@pytest.mark.parametrize("apart", [0.7, 4.0])
def test_one_half_of_a_symmetric_density(apart: float, rng: np.random.Generator) -> None:
    """Two modes that are mirror images, clearly apart or not: draws of one half tell all."""
    axis = np.array([apart, 0.0, 0.0])

    def height(x: Any, data: Any) -> Any:
        both = jnp.logaddexp(-0.5 * ((x - data) ** 2).sum(), -0.5 * ((x + data) ** 2).sum())
        return both - jnp.log(2.0) - 1.5 * jnp.log(2 * jnp.pi)

    target = of_height(height, 3)
    target.data = axis
    draws = axis + rng.normal(size=(4, 600, 3))
    draws *= np.where(draws[..., :1] < 0, -1.0, 1.0)
    found = integrated(target, draws, rng, lambda points: points[:, 0] > 0)
    assert abs(found.bridge.value + np.log(2)) < 4.5 * found.bridge.mcse < 0.1
    assert of_draws(found, 2, 1.0).good


def test_draws_of_another_density_are_found_out(rng: np.random.Generator) -> None:
    """They are a standard deviation off, and a proposal that fits them reaches the density."""
    found = integrated(gaussian(np.zeros(2), np.eye(2)), 0.7 + rng.normal(size=(4, 900, 2)), rng)
    verdict = of_draws(found, 1, 1.0)
    assert not verdict.good and "Are the draws those of this model" in verdict.message


def test_chains_on_their_way_are_found_out(rng: np.random.Generator) -> None:
    """Each third is somewhere else."""
    draws = rng.normal(size=(4, 900, 2)) + np.repeat([3.0, 1.0, 0.0], 300)[:, None]
    verdict = of_draws(integrated(gaussian(np.zeros(2), np.eye(2)), draws, rng), 1, 1.0)
    assert not verdict.good and "three thirds" in verdict.message
