"""What is computed from a bounded variable, without the rounding of its value near a bound."""

from aliquot.density.exact.evaluate import Notes, exactly, note

__all__ = ["Notes", "exactly", "note"]
