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
    found: dict[str, Any] = {}
    volumes = [log_volume(x) for x in later]
    if None not in volumes:
        masses = np.median(lp[:, draws // 2 :], axis=1) + np.asarray(volumes, float)
        found["below"] = float(expected - masses.max())
    if len(explored.modes) > 1:
        step = -(-draws // MOST)
        some = positions[:, ::step]
        flat = explored.folding.folded(some.reshape(-1, d))
        heights = np.stack([mode.gaussian.log_density(flat) for mode in explored.modes])
        nearest = heights.argmax(axis=0).reshape(chains, -1)
        found["visited"] = [float((nearest == k).mean()) for k in range(len(explored.modes))]
        found["crossings"] = int((np.diff(nearest, axis=1) != 0).sum())
    return found


def log_volume(draws: np.ndarray) -> float | None:
    """Estimate half the log determinant of the covariance of autocorrelated draws, (draws, d).

    That of a sample covariance is too small by about d**2 / (4 n). The expectation for n
    independent draws is known (Wishart); n is here what the first autocorrelations of squares,
    along the axes of the covariance, leave of their number. The result is None where that is less
    than twice the coordinates.
    """
    count, d = draws.shape
    centered = draws - draws.mean(axis=0)
    lengths, axes = np.linalg.eigh(centered.T @ centered / (count - 1))
    if lengths[0] <= 0.0:
        return None
    squares = (centered @ axes) ** 2 / lengths - 1.0  # it is these that are averaged
    together = np.mean(squares[1:] * squares[:-1], axis=0) / np.mean(squares**2, axis=0)
    correlation = float(np.mean(together))
    left = (1 - correlation) / (1 + correlation)
    degrees = count * min(left, 1.0) - 1
    if degrees < 2 * d:
        return None
    half = 0.5 * (degrees - np.arange(d))
    digamma = np.log(half) - 0.5 / half - 1 / (12 * half**2)
    bias = float(np.sum(digamma - np.log(0.5 * degrees)))
    return 0.5 * (float(np.sum(np.log(lengths))) - bias)
