"""A live display of sampling and fitting, on a terminal, in a notebook or as plain lines."""

from __future__ import annotations

from aliquot.progress.fitting import fit_progress
from aliquot.progress.output import announce
from aliquot.progress.sampling import sampling_progress

__all__ = ["announce", "fit_progress", "sampling_progress"]
