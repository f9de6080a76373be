"""Lines of a computation that are alike, computed together: one operation on all of them."""

from aliquot.stacking.evaluate import in_stacks, stacked
from aliquot.stacking.live import live
from aliquot.stacking.packing import Layouts, Packing, packed

__all__ = ["Layouts", "Packing", "in_stacks", "live", "packed", "stacked"]
