"""Where climbs begin that are to find all modes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from aliquot.variational.heights import affordable, log_densities

# How far around a start point is looked at, in unconstrained units: the least and the most.
WIDTHS = (0.1, 10.0)
# Points that are looked at for each start, and the highest of all, between which it is looked for
# valleys; with very many data fewer.
TRIED, HIGHEST = 200, 200
# A valley is as many nats below both its sides, at one of so many points between them.
VALLEY, BETWEEN = 1.0, 4


def spread_starts(
    density: Any, start: Mapping[str, Any] | None, restarts: int, seed: int
) -> list[np.ndarray]:
    """Give points (d,) to climb from: the start point, then as many as `restarts`.

    They are chosen from many around points at which the components of a mixture are apart. How far
    around differs from coordinate to coordinate: climbs from too near all end in one mode, and
    those from far off in modes where components have left the data. Those come first that are high
    and have a valley between them; then, where fewer do, the highest of some of the others each.
    """
    given = start or {}
    first = density.start_with(given) if given else density.start
    if not restarts:
        return [first]
    rng = np.random.default_rng([seed, 11])
    each = affordable(density, TRIED * restarts, restarts) // restarts
    low, high = np.log(WIDTHS)
    groups = []
    for number in range(restarts):
        widths = np.exp(rng.uniform(low, high, (each, density.size)))
        widths[0] = 0.0
        jitter = widths * rng.uniform(-1, 1, widths.shape)
        groups.append(density.start_with(given, number) + jitter)
    points = np.concatenate(groups)
    heights = log_densities(density, points)
    heights = np.where(np.isfinite(heights), heights, -np.inf)
    chosen = _apart(density, points, heights, restarts)
    best = [number * each + int(h.argmax()) for number, h in enumerate(np.split(heights, restarts))]
    chosen += [index for index in best if index not in chosen]
    return [first, *points[chosen[:restarts]]]


def _apart(density: Any, points: np.ndarray, heights: np.ndarray, most: int) -> list[int]:
    """Choose high ones of some points (n, d) that have a valley between any two."""
    count = affordable(density, HIGHEST * BETWEEN * most, BETWEEN * most) // (BETWEEN * most)
    left = np.argsort(-heights, kind="stable")[:count]
    left = left[np.isfinite(heights[left])]
    shares = np.arange(1, BETWEEN + 1)[:, None, None] / (BETWEEN + 1)
    chosen: list[int] = []
    while len(left) and len(chosen) < most:
        top, left = int(left[0]), left[1:]
        chosen.append(top)
        if not len(left):
            break
        ways = points[top] + shares * (points[left] - points[top])
        between = log_densities(density, ways.reshape(-1, points.shape[1])).reshape(BETWEEN, -1)
        lowest = np.where(np.isfinite(between), between, -np.inf).min(axis=0)
        left = left[lowest < heights[left] - VALLEY]
    return chosen
