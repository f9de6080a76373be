"""float64 elementary functions that compile to fast vector code on a CPU."""

from aliquot.elementary.table import PRIMITIVES

__all__ = ["PRIMITIVES"]
