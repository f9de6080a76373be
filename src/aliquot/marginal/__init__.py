"""Which discrete variables can be summed out, how, and how to get them back."""

from aliquot.marginal.marginal import Marginal
from aliquot.marginal.terms import Term, depends_on
from aliquot.marginal.unknowns import Unknown, find_unknowns

__all__ = ["Marginal", "Term", "Unknown", "depends_on", "find_unknowns"]
