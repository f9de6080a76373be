"""Convergence as records that a program can read and warnings that say what to do."""

from __future__ import annotations

from aliquot.diagnostics.check import check
from aliquot.diagnostics.diagnosis import Diagnosis
from aliquot.diagnostics.record import Record

__all__ = ["Diagnosis", "Record", "check"]
