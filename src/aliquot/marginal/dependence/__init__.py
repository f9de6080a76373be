"""Exactly which elements of a term depend on which elements of the discrete variables."""

from aliquot.marginal.dependence.analysis import Analysis, analyse
from aliquot.marginal.dependence.pieces import Piece
from aliquot.marginal.dependence.slots import LIMIT, Dependence, Mixed, Slot, slot_count

__all__ = [
    "LIMIT",
    "Analysis",
    "Dependence",
    "Mixed",
    "Piece",
    "Slot",
    "analyse",
    "slot_count",
]
