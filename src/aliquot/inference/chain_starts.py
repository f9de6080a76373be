"""Where chains start, and with which metric, once it is known where the mass is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from aliquot.inference.exploring import STEPS, STREAM, Explored
from aliquot.inference.initialised import TAILS, TRIED
from aliquot.mcmc.settings import Metric
from aliquot.symmetry import Symmetries
from aliquot.variational.gaussians.scale import dense
from aliquot.variational.heights import log_densities
from aliquot.variational.importance import resampled
from aliquot.variational.modes.search import climber_of

# Modes with at least this share of the mass get a chain where there are enough.
WORTH_A_CHAIN = 0.02


@dataclass(frozen=True, eq=False)
class ChainStarts:
    """A start point for each chain, and what its metric begins with, if that is known."""

    positions: np.ndarray  # (chains, d)
    scales: list[np.ndarray | None]  # (d, d) or (d,), as the metric is


def starts_of(
    explored: Explored,
    density: Any,
    symmetries: Symmetries,
    *,
    chains: int,
    seed: int,
    metric: Metric,
) -> ChainStarts | None:
    """Start chains in modes in proportion to their mass, in different mirror images of them.

    Where a Gaussian at each mode describes the posterior, they start at draws of these, with far
    tails, and the metric begins as their covariance. Elsewhere the points that were weighed are
    drawn from, and nothing is said of the metric. None where no point has a density.
    """
    rng = np.random.default_rng([seed, STREAM, 1])
    if not explored.trusted or not explored.modes:
        return _resampled(explored, density, symmetries, chains, rng)
    which = allotted(explored.shares, chains)
    positions, scales = [], []
    for chain, k in enumerate(which):
        mode = explored.modes[k]
        points, _ = mode.gaussian.with_tails(TAILS).draw(TRIED, rng)
        usable = points[np.isfinite(log_densities(density, points))]
        if not len(usable):
            return None
        moved = _image(density, symmetries, np.stack([usable[0], mode.position]), chain, rng)
        factor: np.ndarray | None = mode.factor
        if not np.allclose(moved[1], mode.position):
            factor = _factor_at(density, moved[1])
        if factor is not None and metric != "adapt_full":
            factor = np.sqrt((factor**2).sum(axis=1))
        positions.append(moved[0])
        scales.append(factor)
    return ChainStarts(np.stack(positions), scales)


def allotted(shares: np.ndarray, chains: int) -> list[int]:
    """Give a mode to each chain: by shares of the mass, each that matters one if there are enough.

    >>> allotted(np.array([0.7, 0.29, 0.01]), 4), allotted(np.array([0.97, 0.03]), 4)
    ([0, 0, 0, 1], [0, 0, 0, 1])
    """
    matter = [k for k in range(len(shares)) if shares[k] >= WORTH_A_CHAIN] or [0]
    matter = matter[:chains]
    counts = dict.fromkeys(matter, 1)
    for _ in range(chains - len(matter)):
        # The one that is furthest behind its share.
        behind = max(matter, key=lambda k: shares[k] / (counts[k] + 0.5))
        counts[behind] += 1
    return [k for k in matter for _ in range(counts[k])]


def _resampled(
    explored: Explored,
    density: Any,
    symmetries: Symmetries,
    chains: int,
    rng: np.random.Generator,
) -> ChainStarts | None:
    counted = np.flatnonzero(explored.weights > 0)
    if len(counted) < chains:
        return None
    weights = explored.weights[counted]
    chosen = np.unique(resampled(weights, chains, rng))
    if len(chosen) < chains:
        # One point outweighs the others: those that come next are as good a place to start.
        order = [i for i in np.argsort(-weights, kind="stable") if i not in chosen]
        chosen = np.append(chosen, order[: chains - len(chosen)])
    points = explored.points[counted[chosen]]
    moved = [
        _image(density, symmetries, point[None], chain, rng)[0]
        for chain, point in enumerate(points)
    ]
    return ChainStarts(np.stack(moved), [None] * chains)


def _image(
    density: Any,
    symmetries: Symmetries,
    points: np.ndarray,
    chain: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Give one mirror image of some points (n, d), another for each chain of a pair.

    So chains meet different ones, and comparing them shows that there are several.
    """
    blocks = symmetries.coupled
    if not blocks or chain == 0:
        return points
    constrained = density.constrain_draws(points)
    values = {s.variable.name: constrained[s.variable.name] for s in density.slots}
    for block in blocks:
        order = np.arange(block.components)
        order = order[::-1] if chain % 2 else rng.permutation(order)
        values |= block.permute(values, np.tile(order, (len(points), 1)))
    moved = np.asarray(density.unconstrain_draws(values))
    usable = np.isfinite(moved).all() and np.isfinite(log_densities(density, moved)).all()
    return moved if usable else points


def _factor_at(density: Any, position: np.ndarray) -> np.ndarray | None:
    climb = climber_of(density, exact=False).climb(position, steps=STEPS, hessian=True)
    hessian = np.asarray(climb.hessian)
    if int(climb.row) < len(hessian) or not np.isfinite(hessian).all():
        return None
    try:
        return dense(np.linalg.inv(-0.5 * (hessian + hessian.T))).factor
    except np.linalg.LinAlgError:
        return None
