"""Where chains have been, among the modes that exploring found."""

from __future__ import annotations

from typing import Any

import numpy as np

from aliquot.inference.exploring import Explored
from aliquot.mcmc.result import ChainDraws

# Draws of a chain that are looked at.
MOST = 1000
FEWEST = 20


def among_modes(explored: Explored, run: ChainDraws) -> dict[str, Any]:
    """Say which share of the draws is in each mode, how often chains crossed, and what they missed.

    ``below`` is by how many nats the mass about every chain is less than that about the best mode,
    as if draws of both were normal; negative where it is more.
    """
    kept = slice(run.tune, int(run.completed.min()))
    positions, lp = run.positions[:, kept], run.stats["lp"][:, kept]
    chains, draws, d = positions.shape
    if draws < FEWEST or not explored.modes:
        return {}
    best = max(explored.modes, key=lambda mode: mode.log_mass)
    expected = best.height - 0.5 * d + float(np.log(np.diag(best.factor)).sum())
    later = positions[:, draws // 2 :]
    if d == 1 or draws > 4 * d:
        volumes = [0.5 * np.linalg.slogdet(np.atleast_2d(np.cov(x.T)))[1] for x in later]
        masses = np.median(lp[:, draws // 2 :], axis=1) + volumes
        found: dict[str, Any] = {"below": float(expected - masses.max())}
    else:
        found = {}
    if len(explored.modes) > 1:
        step = -(-draws // MOST)
        some = positions[:, ::step]
        flat = explored.folding.folded(some.reshape(-1, d))
        heights = np.stack([mode.gaussian.log_density(flat) for mode in explored.modes])
        nearest = heights.argmax(axis=0).reshape(chains, -1)
        found["visited"] = [float((nearest == k).mean()) for k in range(len(explored.modes))]
        found["crossings"] = int((np.diff(nearest, axis=1) != 0).sum())
    return found
