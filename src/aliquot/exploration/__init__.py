"""Where the mass of a posterior may be: points to climb from, before anything is drawn."""

from __future__ import annotations

from aliquot.exploration.components import Components
from aliquot.exploration.starts import ClimbStarts, points_to_climb_from

__all__ = ["Components", "ClimbStarts", "points_to_climb_from"]
