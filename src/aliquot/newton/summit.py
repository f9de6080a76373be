"""The highest point of a function, from several starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from aliquot.newton.climb import Climber, converged, ending
from aliquot.newton.saddles import off_saddles
from aliquot.newton.trust_region import Climb, Phase

# With so many nats left to gain a climb has not ended at a top, although no step led on.
UNFINISHED = 1e-3
# Up to so many coordinates the curvature at the top is looked at.
CURVATURE_UP_TO = 100


@dataclass(frozen=True)
class Summit:
    """The highest point found, and how the climb that found it ended."""

    position: np.ndarray  # (d,)
    value: float  # infinite where the function has no bound
    gradient: np.ndarray  # (d,)
    converged: bool  # whether nothing was left to gain
    message: str
    evaluations: int  # of all climbs together
    interrupted: bool  # whether the search ended early


def highest(climber: Climber, starts: Iterable[np.ndarray], *, steps: int) -> Summit | None:
    """Climb from each start (d,) and keep the highest point.

    ``None`` where no start has a finite value and gradient. `steps` bounds each climb.

    >>> from aliquot.newton import derivatives
    >>> def owner(): ...
    >>> bowl = lambda x, data: -0.5 * ((x - 3.0) ** 2).sum()
    >>> climber = Climber(owner, "bowl", derivatives(bowl), (), size=2)
    >>> summit = highest(climber, [np.zeros(2)], steps=100)
    >>> summit.position.round(6), summit.converged
    (array([3., 3.]), True)
    """
    best: Climb | None = None
    evaluations = 0
    for start in starts:
        climb = climber.climb(start, steps=steps)
        evaluations += int(climb.evaluations)
        best = _better(best, climb)
        if climber.interrupted or (best is not None and best.height == np.inf):
            break
    if best is None:
        if climber.interrupted:
            raise KeyboardInterrupt
        return None
    left = 0.0
    if best.position.size <= CURVATURE_UP_TO:
        best, curvature, used = off_saddles(climber, best, steps)
        evaluations += used
        left = 0.0 if curvature is None else curvature.left(best.gradient)
    message = ending(best) if left < UNFINISHED else "where it stopped the density still rises"
    return Summit(
        best.position,
        float(best.height),
        best.gradient,
        converged(best) and left < UNFINISHED and not climber.interrupted,
        "interrupted" if climber.interrupted else message,
        evaluations,
        climber.interrupted,
    )


def _better(best: Climb | None, climb: Climb) -> Climb | None:
    if climb.height == -np.inf or climb.phase == Phase.IMPOSSIBLE:
        return best
    if best is None:
        return climb
    # Of two that reached the same top, the one that finished there is kept.
    same = abs(climb.height - best.height) < 1e-6 and converged(climb) != converged(best)
    return climb if (converged(climb) if same else climb.height > best.height) else best
