"""Giving the components of each draw their labels back: algorithms on arrays."""

from __future__ import annotations

from aliquot.symmetry.relabelling.assignment import assign
from aliquot.symmetry.relabelling.block import METHODS, Relabelled, relabel_block
from aliquot.symmetry.relabelling.certainty import certainty, gaps
from aliquot.symmetry.relabelling.ecr import ecr
from aliquot.symmetry.relabelling.pivot import pivot
from aliquot.symmetry.relabelling.stephens import stephens

__all__ = [
    "METHODS",
    "Relabelled",
    "assign",
    "certainty",
    "ecr",
    "gaps",
    "pivot",
    "relabel_block",
    "stephens",
]
