"""Exactly which elements of a term depend on which elements of the discrete variables."""

from aliquot.marginal.dependence.analysis import TermAnalysis, analyse
from aliquot.marginal.dependence.references import (
    LIMIT,
    Dependence,
    Mixed,
    Reference,
    reference_count,
)
from aliquot.marginal.dependence.summands import Summand

__all__ = [
    "LIMIT",
    "TermAnalysis",
    "Dependence",
    "Mixed",
    "Summand",
    "Reference",
    "analyse",
    "reference_count",
]
