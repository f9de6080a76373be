"""Where a function of one flat vector is highest, by a second-order method compiled once."""

from __future__ import annotations

from aliquot.newton.climb import Climber, converged, ending
from aliquot.newton.curvature import Curvature
from aliquot.newton.summit import CURVATURE_UP_TO, Summit, highest
from aliquot.newton.trust_region import Climb

__all__ = [
    "CURVATURE_UP_TO",
    "Climb",
    "Climber",
    "Curvature",
    "Summit",
    "converged",
    "ending",
    "highest",
]
