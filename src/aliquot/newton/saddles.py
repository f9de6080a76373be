"""Away from saddles: what the curvature says where a climb has converged, and on where it rises."""

from __future__ import annotations

import numpy as np

from aliquot.newton.climb import Climber, converged
from aliquot.newton.curvature import Curvature
from aliquot.newton.trust_region import Climb

# So many saddles on the way are left.
ESCAPES = 3


def off_saddles(climber: Climber, climb: Climb, steps: int) -> tuple[Climb, Curvature | None, int]:
    """Climb on from saddles, and return where that leads, its curvature and evaluations it took.

    No curvature where a climb has not converged, or was interrupted, or the Hessian is not finite;
    after too many saddles it is that of one.
    """
    used = 0
    curvature: Curvature | None = None
    for escape in range(ESCAPES + 1):
        if not converged(climb):
            return climb, None, used
        climb = climber.with_hessian(climb)
        whole = 0 < climb.row == len(climb.hessian)
        if not (whole and np.all(np.isfinite(climb.hessian))):
            return climb, None, used
        curvature = Curvature.of(climb.hessian)
        upward = curvature.upward()
        if upward is None or escape == ESCAPES:
            break
        climb = climber.climb(climb.position + upward, steps=steps)
        used += int(climb.evaluations)
    return climb, curvature, used
