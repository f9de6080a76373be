"""Simulation-based calibration: whether posteriors are where, and as wide as, they should be."""

from aliquot.calibration.calibrate import calibrate
from aliquot.calibration.result import Calibration

__all__ = ["Calibration", "calibrate"]
