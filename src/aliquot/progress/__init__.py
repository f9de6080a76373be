"""A live display of sampling and fitting, on a terminal, in a notebook or as plain lines."""

from __future__ import annotations

from aliquot.progress.announce import announce
from aliquot.progress.display import Display
from aliquot.progress.fitting import FitDisplay, fit_progress
from aliquot.progress.sampling import ChainProgress, SamplingDisplay, sampling_progress
from aliquot.progress.surface import Show

__all__ = [
    "ChainProgress",
    "Display",
    "FitDisplay",
    "SamplingDisplay",
    "Show",
    "announce",
    "fit_progress",
    "sampling_progress",
]
