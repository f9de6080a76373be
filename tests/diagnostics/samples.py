"""Samples of models whose components can trade places, with known faults."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from aliquot.results import build_tree
from aliquot.symmetry import Block, Role, Symmetries

CHAINS, DRAWS = 4, 1000

PAIR = Block((Role(("means",), 0, (0, 1)), Role(("w",), 0, (0, 1))))


def noise(*shape: int, seed: int = 11, chains: int = CHAINS, draws: int = DRAWS) -> np.ndarray:
    """Independent standard normal draws, (chain, draw, *shape)."""
    return np.random.default_rng(seed).normal(size=(chains, draws, *shape))


def apart(*, chains: int = CHAINS, seed: int = 11) -> dict[str, np.ndarray]:
    """Give draws of two well separated components with unequal weights, and of a scale.

    All in one labelling.
    """
    draws = noise(4, seed=seed, chains=chains)
    share = 0.3 + 0.04 * draws[..., 2]
    return {
        "means": np.array([-5.0, 5.0]) + 0.3 * draws[..., :2],
        "w": np.stack([share, 1 - share], axis=-1),
        "tau": np.exp(0.2 * draws[..., 3]),
    }


def exchange(values: dict[str, np.ndarray], which: np.ndarray) -> dict[str, np.ndarray]:
    """Let both components trade places where `which`, (chain, draw), is true."""
    first = np.broadcast_to(np.asarray(which, int), values["tau"].shape)
    return {**values, **PAIR.permute(values, np.stack([first, 1 - first], axis=-1))}


def across(chains: int = CHAINS) -> np.ndarray:
    """Give every other chain as exchanged."""
    return (np.arange(chains) % 2 == 1)[:, None]


def within(period: int = 125) -> np.ndarray:
    """Give every other stretch of each chain as exchanged."""
    return (np.arange(DRAWS) // period % 2 == 1)[None]


def sample(
    values: dict[str, np.ndarray],
    *blocks: Block,
    lp: np.ndarray | None = None,
    affected: tuple[str, ...] = (),
    **attrs: Any,
) -> xr.DataTree:
    """Build a result that says which components can trade places."""
    chains, draws = next(iter(values.values())).shape[:2]
    if lp is None:
        lp = -np.square(noise(3, seed=5, chains=chains, draws=draws)).sum(axis=-1)
    known = {"symmetries": Symmetries(blocks, affected=affected).to_json(), **attrs}
    return build_tree(posterior=values, sample_stats={"lp": lp}, attrs=known)


def mixing_slowly(rho: float, seed: int = 2) -> np.ndarray:
    """Give chains of an autoregression, (chain, draw), that differ because they move slowly."""
    steps = noise(seed=seed)
    values = np.zeros_like(steps)
    values[:, 0] = steps[:, 0]
    for step in range(1, steps.shape[1]):
        values[:, step] = rho * values[:, step - 1] + np.sqrt(1 - rho**2) * steps[:, step]
    return values


def levelled(draws: np.ndarray) -> np.ndarray:
    """Give every half of each chain the same mean and sd: no R-hat finds them apart."""
    halves = draws.reshape(len(draws), 2, -1)
    halves = halves - halves.mean(axis=-1, keepdims=True)
    return np.reshape(halves / halves.std(axis=-1, keepdims=True), draws.shape)
