"""Draws of a mixture whose labels are known, and have been mixed up."""

from __future__ import annotations

from itertools import permutations
from typing import NamedTuple

import numpy as np
from scipy import stats


class Sample(NamedTuple):
    """Draws as a sampler would give them, and how they were mixed up.

    Attributes
    ----------
    means, w : numpy.ndarray, shape (draws, K)
    probabilities : numpy.ndarray, shape (draws, rows, K)
    mixed : numpy.ndarray of int, shape (draws, K)
        Component k of a draw is the true component ``mixed[m, k]``.
    """

    means: np.ndarray
    w: np.ndarray
    probabilities: np.ndarray
    mixed: np.ndarray


def sample(
    components: int, apart: float, *, draws: int = 60, rows: int = 40, seed: int = 1
) -> Sample:
    """Draw means around true ones that lie `apart` from each other, then mix up the labels."""
    rng = np.random.default_rng(seed)
    true = apart * np.arange(components)
    means = true + 0.3 * rng.standard_normal((draws, components))
    w = rng.dirichlet(np.full(components, 30.0), draws)
    y = true[np.arange(rows) % components] + rng.standard_normal(rows)
    joint = w[:, None] * stats.norm(means[:, None], 1).pdf(y[None, :, None])
    p = joint / joint.sum(axis=-1, keepdims=True)
    mixed = rng.permuted(np.tile(np.arange(components), (draws, 1)), axis=1)
    return Sample(
        np.take_along_axis(means, mixed, 1),
        np.take_along_axis(w, mixed, 1),
        np.take_along_axis(p, mixed[:, None], 2),
        mixed,
    )


def everything(components: int) -> np.ndarray:
    """List all permutations, shape (K!, K)."""
    return np.array(list(permutations(range(components))))


def all_costs(costs: np.ndarray) -> np.ndarray:
    """Compute what every permutation costs, one by one, shape (draws, K!)."""
    components = costs.shape[1]
    listed = everything(components)
    return np.stack(
        [sum(costs[:, k, order[k]] for k in range(components)) for order in listed], axis=1
    )
