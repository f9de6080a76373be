"""Draws of a posterior as rows: joined over chains, computed with one by one, in chains again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from aliquot.precision import float64

Draws = dict[str, np.ndarray]


def flat(array: Any) -> np.ndarray:
    """Put the chains of an array (chains, draws, *shape) one after another."""
    values = np.asarray(array)
    return values.reshape((values.shape[0] * values.shape[1], *values.shape[2:]))


def in_chains(values: Mapping[str, np.ndarray], chains: int, draws: int) -> Draws:
    """Undo `flat` for all of some arrays."""
    return {name: v.reshape((chains, draws, *v.shape[1:])) for name, v in values.items()}


def free_draws(density: Any, values: Any) -> dict[str, Any]:
    """Choose those of the variables that a density is a function of."""
    return {slot.variable.name: values[slot.variable.name] for slot in density.slots}


def sample_shape(values: Mapping[str, np.ndarray]) -> tuple[int, int]:
    """Give the numbers of chains and draws that arrays (chains, draws, *shape) have."""
    chains, draws = next(iter(values.values())).shape[:2]
    return chains, draws


def spread_evenly(count: int, most: int) -> np.ndarray:
    """Choose so many of `count` places at most, evenly spread, the first and the last among them.

    >>> spread_evenly(10, 3), spread_evenly(2, 3), spread_evenly(0, 3)
    (array([0, 4, 9]), array([0, 1]), array([], dtype=int64))
    """
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))


def random_keys(seed: int, count: int) -> np.ndarray:
    """Make a key of JAX for each draw, as numbers."""
    with float64():
        return np.asarray(jax.random.key_data(jax.random.split(jax.random.key(seed), count)))
