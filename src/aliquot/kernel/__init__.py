"""What the compiled programs evaluate: a density's value and gradient, rewritten for the CPU."""

from aliquot.kernel.rewrite import rewritten

__all__ = ["rewritten"]
