"""Label switching: which components can trade places, and what can be done about it."""

from __future__ import annotations

from aliquot.symmetry.block import Block, numbered, trading
from aliquot.symmetry.role import Role, listed
from aliquot.symmetry.symmetries import ATTRIBUTE, Broken, Symmetries, block_names, signs_of

__all__ = [
    "ATTRIBUTE",
    "Block",
    "Broken",
    "Role",
    "Symmetries",
    "block_names",
    "listed",
    "numbered",
    "signs_of",
    "trading",
]
