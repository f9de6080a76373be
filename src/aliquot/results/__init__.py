"""Results as an ``xarray.DataTree`` that follows ArviZ's schema."""

from __future__ import annotations

from aliquot.results.tree import build_tree

__all__ = ["build_tree"]
