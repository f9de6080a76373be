"""What is certain of a parameter by how it is computed, so that it need not be looked at again.

A softmax sums to one, whatever goes into it. The operations that lead to a parameter are followed
one by one, each with what it does to a few properties: signs, axes along which values sum to one,
triangular and increasing values. What no rule is known for has no properties, so that it is looked
at whenever the density is evaluated.
"""

from aliquot.density.certainty import rules_arithmetic, rules_movement  # noqa: F401
from aliquot.density.certainty.certain import certain

__all__ = ["certain"]
