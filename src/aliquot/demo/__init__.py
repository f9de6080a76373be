"""The reference analysis, two close Gaussians fitted four ways, as an article with its pictures."""

from __future__ import annotations

from aliquot.demo.analysis import Analysis, Fit, run_analysis
from aliquot.demo.settings import Settings

__all__ = ["Analysis", "Fit", "Settings", "run_analysis"]
