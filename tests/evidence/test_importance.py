"""Importance sampling of densities whose integrals are known."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.evidence.importance import importance, weigh
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.gaussians.scale import Diagonal
from tests.evidence.honest import honest
from tests.variational.targets import of_height

PROPOSAL = GaussianMixture.of(np.array([0.3, -0.2]), Diagonal(np.array([1.3, 1.2]))).with_tails(
    10.0
)


def everywhere(points: np.ndarray) -> np.ndarray:
    return np.ones(len(points), bool)


def half(points: np.ndarray) -> np.ndarray:
    return points[:, 0] > 0


def height(x: Any, data: Any) -> Any:
    """Of which the integral is 2 pi."""
    return -0.5 * (x**2).sum()


def test_errors_are_honest_on_the_whole_and_on_a_half(rng: np.random.Generator) -> None:
    target = of_height(height, 2)
    for inside, exact in ((everywhere, np.log(2 * np.pi)), (half, np.log(np.pi))):
        deviations = []
        for _ in range(80):
            found = importance(weigh(target, PROPOSAL, 500, rng, inside)[1]).estimate
            deviations.append((found.value - exact) / found.mcse)
        honest(deviations)


def test_a_proposal_with_light_tails_is_found_out(rng: np.random.Generator) -> None:
    narrow = GaussianMixture.of(np.zeros(2), Diagonal(np.array([0.3, 0.3])))
    assert importance(weigh(of_height(height, 2), narrow, 4000, rng, everywhere)[1]).pareto_k > 0.7
    assert (
        importance(weigh(of_height(height, 2), PROPOSAL, 4000, rng, everywhere)[1]).pareto_k < 0.5
    )


def test_what_is_no_number_has_no_density(rng: np.random.Generator) -> None:
    def broken(x: Any, data: Any) -> Any:
        return jnp.where(x[0] > 0, height(x, data), jnp.nan)

    _, one = weigh(of_height(broken, 2), PROPOSAL, 500, np.random.default_rng(3), everywhere)
    _, other = weigh(of_height(height, 2), PROPOSAL, 500, np.random.default_rng(3), half)
    np.testing.assert_allclose(one, other)
    assert np.isneginf(one).any()
