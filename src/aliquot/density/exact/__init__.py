"""What is computed from a bounded variable, without the rounding of its value near a bound."""

from aliquot.density.exact.evaluate import Notes, exactly, note
from aliquot.density.exact.live import live

__all__ = ["Notes", "exactly", "live", "note"]
