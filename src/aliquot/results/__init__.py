"""Results as an ``xarray.DataTree`` that follows ArviZ's schema."""

from __future__ import annotations

from aliquot.results.attributes import standard_attributes
from aliquot.results.dataset import build_dataset
from aliquot.results.tree import build_tree, groups_of, in_written_order, tree_of

__all__ = [
    "build_dataset",
    "build_tree",
    "groups_of",
    "in_written_order",
    "standard_attributes",
    "tree_of",
]
