"""Where a function of one flat vector is highest, by a second-order method compiled once."""

from __future__ import annotations

from aliquot.newton.climb import Climber, converged, ending
from aliquot.newton.curvature import Curvature
from aliquot.newton.saddles import off_saddles
from aliquot.newton.summit import (
    CURVATURE_UP_TO,
    MOVED,
    SAME_HEIGHT,
    UNFINISHED,
    Moves,
    Summit,
    highest,
    promising,
)
from aliquot.newton.trust_region import Climb, Derivatives, Differences, derivatives

__all__ = [
    "CURVATURE_UP_TO",
    "MOVED",
    "SAME_HEIGHT",
    "UNFINISHED",
    "Climb",
    "Climber",
    "Curvature",
    "Derivatives",
    "Moves",
    "Summit",
    "converged",
    "Differences",
    "derivatives",
    "ending",
    "highest",
    "off_saddles",
    "promising",
]
