"""Models with the components that can trade places in each, known from how the model is made."""

from tests.symmetry.finding.cases import labels, mixtures, no_mixture, written_apart
from tests.symmetry.finding.cases.case import CASES, Case, described

__all__ = ["CASES", "Case", "described", "labels", "mixtures", "no_mixture", "written_apart"]
