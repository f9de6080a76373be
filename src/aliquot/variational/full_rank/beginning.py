"""Where a fit of a whole covariance begins: at a mode with its curvature, if there is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from aliquot.newton import converged
from aliquot.variational.heights import log_densities
from aliquot.variational.modes.search import ModeSearch, climber_of, find_modes
from aliquot.variational.target import Target

# Up to so many coordinates all starts are climbed from; beyond, until one leads to a mode.
ALL_STARTS_UP_TO = 200
# Beyond so many coordinates no Hessian is made.
HESSIAN_UP_TO = 2000


class Beginning(NamedTuple):
    """A point, and what is known of the curvature there."""

    center: np.ndarray  # (d,)
    factor: np.ndarray | None  # (d, d): of the inverse of minus the Hessian, where it is definite
    evaluations: int


def begin(
    density: Target,
    starts: Sequence[np.ndarray],
    seed: int,
    stopped: Callable[[], bool],
    search: ModeSearch | None = None,
) -> Beginning:
    """Return the mode with most mass by Laplace's method, else the highest start.

    Modes are looked for where no `search` from these starts has been made before.
    """
    if search is not None:
        return _of(search) or Beginning(_highest(density, starts), None, 0)
    if density.size > HESSIAN_UP_TO:
        return _top(density, starts, stopped)
    groups = [starts] if density.size <= ALL_STARTS_UP_TO else [[start] for start in starts]
    evaluations = 0
    for group in groups:
        search = find_modes(density, group, seed=seed, stopped=stopped)
        evaluations += search.evaluations
        found = _of(search)
        if found is not None:
            return found._replace(evaluations=evaluations)
        if search.interrupted:
            raise KeyboardInterrupt
    return Beginning(_highest(density, starts), None, evaluations)


def _of(search: ModeSearch) -> Beginning | None:
    if not search.modes:
        return None
    best = max(search.modes, key=lambda mode: mode.log_mass)
    return Beginning(best.position, best.factor, 0)


def _top(density: Target, starts: Sequence[np.ndarray], stopped: Callable[[], bool]) -> Beginning:
    start = _highest(density, starts)
    climber = climber_of(density, rows=0, stopped=stopped)
    climb = climber.climb(start)
    if climber.interrupted:
        raise KeyboardInterrupt
    there = np.array(climb.position) if converged(climb) else start
    return Beginning(there, None, int(climb.evaluations))


def _highest(density: Target, starts: Sequence[np.ndarray]) -> np.ndarray:
    points = np.stack([np.asarray(start, float) for start in starts])
    heights = log_densities(density, points)
    return np.array(points[int(np.argmax(np.where(np.isfinite(heights), heights, -np.inf)))])
