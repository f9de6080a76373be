"""Which discrete variables can be summed out, how, and how to get them back."""

from aliquot.marginal.evaluated import Evaluated
from aliquot.marginal.plan import Plan
from aliquot.marginal.terms import Term, depends_on
from aliquot.marginal.unknowns import Unknown, find_unknowns

__all__ = ["Evaluated", "Plan", "Term", "Unknown", "depends_on", "find_unknowns"]
