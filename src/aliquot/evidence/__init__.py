"""The integral of a density, from draws of it or from a distribution that is near it."""

from __future__ import annotations

from aliquot.evidence.importance import importance, weigh
from aliquot.evidence.result import LogEvidence
from aliquot.evidence.stones import Stones, size_by_batches, stepping_stones
from aliquot.evidence.thirds import thirds_of, together
from aliquot.evidence.verdict import of_draws, of_exact, of_ladder, of_proposal

__all__ = [
    "LogEvidence",
    "Stones",
    "size_by_batches",
    "stepping_stones",
    "thirds_of",
    "importance",
    "of_draws",
    "of_exact",
    "of_ladder",
    "of_proposal",
    "together",
    "weigh",
]
