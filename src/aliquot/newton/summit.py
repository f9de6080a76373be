"""The highest point of a function, from several starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from aliquot.newton.climb import Climber, converged, ending
from aliquot.newton.curvature import Curvature
from aliquot.newton.trust_region import Climb, Phase

ESCAPES = 3
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

    >>> def owner(): ...
    >>> bowl = lambda x, data: -0.5 * ((x - 3.0) ** 2).sum()
    >>> climber = Climber(owner, "bowl", bowl, (), size=2)
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
    for _ in range(ESCAPES):
        curvature = None if climber.interrupted else _curvature(climber, best)
        if curvature is None:
            break
        left = curvature.left(best.gradient)
        upward = curvature.upward()
        if upward is None:
            break
        climb = climber.climb(best.position + upward, steps=steps)
        evaluations += int(climb.evaluations)
        if _better(best, climb) is best:
            break
        best = climb
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


def _curvature(climber: Climber, top: Climb) -> Curvature | None:
    """Return what the Hessian says of a point where a climb has converged, where that is cheap."""
    if not converged(top) or top.position.size > CURVATURE_UP_TO:
        return None
    hessian = climber.with_hessian(top).hessian
    return Curvature.of(hessian) if hessian.size and np.all(np.isfinite(hessian)) else None
