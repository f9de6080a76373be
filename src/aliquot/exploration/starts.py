"""Points from which climbs find what modes there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from aliquot.exploration.annealing import Stage, annealed
from aliquot.exploration.components import Components
from aliquot.newton import Moves
from aliquot.variational.heights import affordable

# Points of the population, with few data and with many; evaluations that each may take, and what
# these times numbers in the data may come to.
POPULATION, FEWEST, EACH, WORTH = 128, 24, 40, 12_500_000
# How far about a start point some of them are, in unconstrained units: the least and the most.
WIDTHS = (0.1, 10.0)
# Chains whose start points are looked around.
TURNS = 4
# Which parts of the points to climb from are tops of stages, and far apart in the first stage.
TOPS, FIRST = 0.4, 0.3


@dataclass(frozen=True, eq=False)
class ClimbStarts:
    """Points to climb from, what leads on from there, and the population that they are of."""

    points: list[np.ndarray]  # (d,) each; the first is the model's start point
    crowd: np.ndarray  # (n, d): the population at the end; (0, d) where there was none
    moves: Moves | None  # of components, from where climbs have led; None without restarts
    evaluations: int


def points_to_climb_from(
    density: Any, start: Mapping[str, Any] | None, restarts: int, seed: int
) -> ClimbStarts:
    """Give points to climb from: the start point, then as many as `restarts`.

    A population is scattered as far as priors reach, and about points at which the components of a
    mixture are apart, and drawn in by the density. Of it come those that were highest at one stage
    or another, and some that are far from each other, at the first stage and at the last.
    """
    given = start or {}
    first = density.start_with(given) if given else density.start
    nothing = np.empty((0, density.size))
    if not restarts:
        return ClimbStarts([first], nothing, None, 0)
    rng = np.random.default_rng([seed, 11])
    n = affordable(density, POPULATION * EACH, FEWEST * EACH, WORTH) // EACH
    stages, evaluations = annealed(density, _population(density, given, n, rng), rng)
    if not stages:
        return ClimbStarts([first], nothing, Components(density).moved, evaluations)
    points = _tops(stages, max(1, int(TOPS * restarts)))
    points += _far_apart(stages[0], int(FIRST * restarts))
    points += _far_apart(stages[-1], restarts - len(points))
    pool = np.concatenate([stages[0].points, stages[len(stages) // 2].points])
    moves = Components(density, pool).moved
    return ClimbStarts([first, *points], stages[-1].points, moves, evaluations)


def _population(
    density: Any, given: Mapping[str, Any], n: int, rng: np.random.Generator
) -> np.ndarray:
    """Scatter n points, half of them by priors and half by widths that differ."""
    half = n // 2
    by_priors = density.scattered(rng.standard_normal((n - half, density.size)), given)
    low, high = np.log(WIDTHS)
    widths = np.exp(rng.uniform(low, high, (half, density.size)))
    centers = np.stack([density.start_with(given, turn) for turn in range(min(half, TURNS))])
    around = centers[np.arange(half) % len(centers)]
    return np.concatenate([by_priors, around + widths * rng.uniform(-1, 1, widths.shape)])


def _tops(stages: list[Stage], most: int) -> list[np.ndarray]:
    """Give the highest points of the later half of the stages, of some of these evenly spread."""
    later = stages[len(stages) // 2 :]
    chosen = np.unique(np.linspace(0, len(later) - 1, most).round().astype(int))
    return [later[i].top for i in chosen[::-1]]


def _far_apart(stage: Stage, most: int) -> list[np.ndarray]:
    """Give points of a stage, each as far as can be from those before; the first is the highest."""
    spread = np.median(np.abs(stage.points - np.median(stage.points, axis=0)), axis=0)
    units = stage.points / np.where(spread > 0, spread, 1.0)
    away = ((units - units[int(stage.heights.argmax())]) ** 2).sum(axis=1)
    found: list[np.ndarray] = []
    for _ in range(most):
        far = int(away.argmax())
        if away[far] == 0:
            break
        found.append(stage.points[far])
        away = np.minimum(away, ((units - units[far]) ** 2).sum(axis=1))
    return found
