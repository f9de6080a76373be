"""The highest point of a function, from several starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from aliquot.newton.climb import Climber, converged, ending
from aliquot.newton.saddles import off_saddles
from aliquot.newton.trust_region import Climb, Phase

# With so many nats left to gain a climb has not ended at a top, although no step led on.
UNFINISHED = 1e-3
# Two tops of which the heights differ by less are as high.
SAME_HEIGHT = 0.01
# Moves from the best top that are tried at most, by climbs of so few steps. The highest of them go
# on; and so often it is gone on from there.
MOVED, SHORT, GO_ON, ROUNDS = 60, 8, 5, 3
# Up to so many coordinates the curvature at the top is looked at.
CURVATURE_UP_TO = 100

type Moves = Callable[[np.ndarray, int, np.random.Generator], np.ndarray]


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
    climbs: int  # how many there were
    reached: int  # how many of them ended as high as the best


def highest(
    climber: Climber,
    starts: Iterable[np.ndarray],
    *,
    steps: int,
    moves: Moves | None = None,
    rng: np.random.Generator | None = None,
) -> Summit | None:
    """Climb from each start (d,) and keep the highest point.

    ``None`` where no start has a finite value and gradient. `steps` bounds each climb. From a top
    (d,) `moves` suggest points (n, d), at most so many, that may lead higher; as long as they do,
    it goes on from there.

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
    heights: list[float] = []

    def ended() -> bool:
        return climber.interrupted or (best is not None and best.height == np.inf)

    def climb_from(points: Iterable[np.ndarray]) -> None:
        nonlocal best, evaluations
        for point in points:
            climb = climber.climb(point, steps=steps)
            evaluations += int(climb.evaluations)
            heights.append(float(climb.height))
            best = _better(best, climb)
            if ended():
                break

    climb_from(starts)
    for _ in range(ROUNDS if moves is not None and rng is not None else 0):
        assert moves is not None and rng is not None
        if best is None or ended() or not converged(best):
            break
        points, used = promising(climber, moves(best.position, MOVED, rng))
        evaluations += used
        before = best.height
        climb_from(points)
        if best.height <= before + SAME_HEIGHT:
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
        len(heights),
        sum(height > best.height - SAME_HEIGHT for height in heights),
    )


def promising(climber: Climber, points: np.ndarray) -> tuple[list[np.ndarray], int]:
    """Return where the highest of short climbs from points (n, d) have come to.

    The second number is how many evaluations it took.
    """
    climbs = [*climber.climbs(points, steps=SHORT)]
    used = sum(int(climb.evaluations) for climb in climbs)
    climbs = [climb for climb in climbs if np.isfinite(climb.height)]
    climbs.sort(key=lambda climb: -float(climb.height))
    return [np.asarray(climb.position) for climb in climbs[:GO_ON]], used


def _better(best: Climb | None, climb: Climb) -> Climb | None:
    if climb.height == -np.inf or climb.phase == Phase.IMPOSSIBLE:
        return best
    if best is None:
        return climb
    # Of two that reached the same top, the one that finished there is kept.
    same = abs(climb.height - best.height) < 1e-6 and converged(climb) != converged(best)
    return climb if (converged(climb) if same else climb.height > best.height) else best
