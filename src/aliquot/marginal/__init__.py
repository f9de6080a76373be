"""Which discrete variables can be summed out, how, and how to get them back."""

try:
    from aliquot.marginal.marginal import Marginal
    from aliquot.marginal.terms import Term, depends_on
    from aliquot.marginal.unknowns import Unknown, find_unknowns
except ImportError:  # TEMPORARY while the parts land
    from aliquot.marginal.terms import Term, depends_on

    Marginal = None
    Unknown = None

    def find_unknowns(model):
        return [], []


__all__ = ["Marginal", "Term", "Unknown", "depends_on", "find_unknowns"]
