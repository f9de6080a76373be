"""Simulation-based calibration: whether a model's posteriors are as wide and where they should be."""

from aliquot.calibration.calibrate import calibrate
from aliquot.calibration.result import Calibration

__all__ = ["Calibration", "calibrate"]
