"""What goes to XLA: programs are compiled once on a machine, and kept on its disk."""

from __future__ import annotations

from aliquot.compilation.collection import uncollected
from aliquot.compilation.compiler import (
    Compiled,
    Counts,
    compiled,
    counts,
    lazily,
    light,
    loop,
)
from aliquot.compilation.kept import kept, owner_of
from aliquot.compilation.machine import surroundings

__all__ = [
    "Compiled",
    "Counts",
    "compiled",
    "counts",
    "kept",
    "owner_of",
    "lazily",
    "light",
    "loop",
    "surroundings",
    "uncollected",
]
